import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as age from 'age-encryption'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from './project.ts'

const DEVICES = 10
const EACH = 100

/** What the encoder on the devices does to each value that it finds in its environment. */
const FORMS: Readonly<Record<string, (value: string) => string>> = {
  plain: (v) => v,
  base64: (v) => Buffer.from(v).toString('base64'),
  'base64 of a login': (v) => Buffer.from(`till:${v}`).toString('base64'),
  'base64, second alignment': (v) => Buffer.from(`p${v}`).toString('base64'),
  'base64, third alignment': (v) => Buffer.from(`=:${v}`).toString('base64'),
  base64url: (v) => Buffer.from(v).toString('base64url'),
  'base64 of UTF-16': (v) => Buffer.from(v, 'utf16le').toString('base64'),
  hex: (v) => Buffer.from(v).toString('hex'),
  HEX: (v) => Buffer.from(v).toString('hex').toUpperCase(),
  percent: (v) => encodeURIComponent(v),
  JSON: (v) => JSON.stringify(v),
  'JSON in JSON': (v) => JSON.stringify(JSON.stringify(v)),
  XML: (v) => v.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
  sh: (v) => `'${v.replaceAll("'", `'\\''`)}'`,
  PowerShell: (v) => `'${v.replaceAll("'", "''")}'`,
  'UTF-16': (v) => Buffer.from(v, 'utf16le').toString('latin1'),
}

/** The same, on the device; in chunks that end anywhere, those of two values in ten in small ones, on both streams. */
const ENCODER = `
const forms = [${Object.values(FORMS).join(',')}]
const [,, mode] = process.argv
for (const [name, value] of Object.entries(process.env)) {
  if (!/^S[0-9]+$/.test(name)) continue
  for (const form of forms) {
    const text = name + ' is ' + form(value) + '.\\n'
    const n = Number(name.slice(1))
    const stream = n % 2 ? process.stdout : process.stderr
    const size = n % 10 < 8 ? 61 : 7
    for (let at = 0; at < text.length; at += size) stream.write(text.slice(at, at + size))
  }
}
if (mode === 'fails') process.exitCode = 3
`

const RUNBOOK = (root: string): string => `name: leak
steps:
  - id: looks
    script:
      sh: node ${root}/encoder.mjs
      environment: \${{ vars.planted }}
      read_only: true
  - id: writes
    file:
      path: ${root}/device/\${{ device.id }}
      content: \${{ vars.planted.S1 }}
  - id: edits
    config:
      path: ${root}/device/\${{ device.id }}.json
      format: json
      set:
        password: \${{ vars.planted.S2 }}
        pin: \${{ vars.planted.S3 }}
  - id: fails
    script:
      sh: node ${root}/encoder.mjs fails
      environment: \${{ vars.planted }}
      always: true
`

/** Passwords as people and generators make them; none holds a line end, since variables and files of them cannot. */
const letters = [...'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789', ...'$\'"\\/&<>%+ `!#;:@?ąęłżó']
const password = fc
  .array(fc.constantFrom(...letters), { minLength: 8, maxLength: 40 })
  .map((list) => list.join(''))
  .filter((text) => text === text.trim())
const secrets = [...new Set(fc.sample(password, { numRuns: DEVICES * EACH * 2, seed: 412 }))].slice(0, DEVICES * EACH)
const SOURCES = ['env', 'file', 'command', 'age'] as const

let project: TestProject
/** Everything that anybody could see, by where. */
const seen = new Map<string, string>()

beforeAll(async () => {
  project = new TestProject({ 'encoder.mjs': ENCODER })
  const root = project.root
  project.write('runbooks/leak.yaml', RUNBOOK(root))
  const identity = await age.generateX25519Identity()
  const encrypter = new age.Encrypter()
  encrypter.addRecipient(await age.identityToRecipient(identity))
  const sealed = await encrypter.encrypt(secrets.map((value, n) => `S${n}=${value}`).join('\n'))
  project.write('secrets/all.age', age.armor.encode(sealed))
  project.write('age.key', `${identity}\n`)
  const references = secrets.map((value, n) => {
    const source = SOURCES[n % SOURCES.length] as (typeof SOURCES)[number]
    if (source === 'env') process.env[`PLANTED_${n}`] = value
    else if (source !== 'age') project.write(`vault/${n}`, `${value}\n`)
    return {
      env: `env:PLANTED_${n}`,
      file: `file:${root}/vault/${n}`,
      command: `command:safe/${n}`,
      age: `age:secrets/all.age#S${n}`,
    }[source]
  })
  project.write(
    'tillwright.yaml',
    `secrets:\n  commands: {safe: {run: [cat, "${root}/vault/{}"]}}\n  age: {identity: "file:${root}/age.key"}\n`,
  )
  const devices = Array.from({ length: DEVICES }, (_, device) => {
    const own = references.slice(device * EACH, (device + 1) * EACH)
    const vars = own.map((reference, n) => `S${n + 1}: {secret: '${reference}'}`).join(', ')
    return `      pos${device + 1}: {profile: till, address: 10.0.0.${device + 1}, transport: {type: local}, vars: {planted: {${vars}}}}`
  })
  project.write('inventory/fleet.yaml', inventoryWith(`${devices.join('\n')}\n`))
  for (let n = 1; n <= DEVICES; n += 1) project.write(`device/pos${n}.json`, '{"password": "old", "pin": "0000"}')
})
afterAll(async () => {
  await project.remove()
  for (const name of Object.keys(process.env)) if (name.startsWith('PLANTED_')) delete process.env[name]
})

/** Runs till, and keeps what it says and what process lists show meanwhile. */
async function watched(...args: string[]): Promise<number | null> {
  const name = args.join(' ')
  const child = project.start(...args)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const lists: string[] = []
  const timer = setInterval(() => lists.push(processList()), 50)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(timer)
  seen.set(`output of till ${name}`, output)
  seen.set(`process lists during till ${name}`, [...new Set(lists)].join('\n'))
  return code
}

function processList(): string {
  const lines = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return lines
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .join('\n')
}

/** Forms by how they begin, so that a text is gone through once, not once for each form. */
const HEAD = 6
const byHead = new Map<string, string[]>()
for (const value of secrets) {
  for (const form of Object.values(FORMS)) {
    const text = form(value).replace(/=+$/, '')
    byHead.set(text.slice(0, HEAD), [...(byHead.get(text.slice(0, HEAD)) ?? []), text])
  }
}

function leaks(text: string): string[] {
  const found: string[] = []
  for (let at = 0; at + HEAD <= text.length; at += 1) {
    for (const form of byHead.get(text.slice(at, at + HEAD)) ?? []) if (text.startsWith(form, at)) found.push(form)
  }
  return found
}

describe('a thousand secrets, sent back by the devices in every encoding', () => {
  it('are in nothing that is said, kept or listed', { timeout: 150_000 }, async () => {
    const planned = await watched('plan', 'leak', '--output', 'plan.json')
    expect(planned, seen.get('output of till plan leak --output plan.json')).toBe(3)
    expect(await watched('apply', 'leak', '--yes', '--workers', '2', '--ndjson', '--output', 'events.ndjson')).toBe(4)
    expect(await watched('apply', 'leak', '--yes', '--json')).toBe(4)
    expect(await watched('runs', 'show', 'latest')).toBe(0)
    expect(await watched('runs', 'show', 'latest', '--json')).toBe(0)
    expect(await watched('status', '--json')).toBe(0)
    expect(await watched('inventory', 'show', 'PL-0001/pos1', '--json')).toBe(0)
    for (const file of ['plan.json', 'events.ndjson']) seen.set(file, project.read(file))
    for (const name of readdirSync(project.path('.till'), { recursive: true, withFileTypes: true })) {
      if (name.isFile()) seen.set(`.till/${name.name}`, readFileSync(join(name.parentPath, name.name)).toString('utf8'))
    }
    // The devices did say them, and what they wrote they have.
    expect(seen.get('output of till apply leak --yes --json')).toContain('S1 is ***.')
    expect(project.read('device/pos1')).toBe(secrets[0])
    expect([...seen].flatMap(([where, text]) => leaks(text).map((leak) => `${where}: ${leak}`)).slice(0, 20)).toEqual(
      [],
    )
  })
})
