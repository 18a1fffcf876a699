import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'

const KEY = `-----BEGIN OPENSSH ${'PRIVATE'} KEY-----\nabcdef\n-----END OPENSSH ${'PRIVATE'} KEY-----\n`
const SECRET = 'first line of it\nsecond line of it\nthird line of it'
const MANY = Array.from({ length: 900 }, (_, line) => `line ${line}`).join('\n')

let project: TestProject
const file = (name: string): string => project.path(`device/${name}`)

beforeAll(() => {
  process.env['TEST_TEXT'] = SECRET
  project = new TestProject({
    'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
    'device/motd': 'Hello\nsame\n',
    'device/large': `${MANY}\n`,
    'device/windows': 'a\r\nb\r\n',
    'device/binary': '\0\u0001',
    'device/key': KEY,
    'device/hidden': 'password=old\n',
    'device/leak': `x=1\n${SECRET}\n`,
    'device/too-large': 'z'.repeat(100_000),
    'device/odd': '```\n| a\n::set-output name=x::y\n\u001b[31mred\n',
    'large.txt': `${MANY.replace('line 450', 'line 450 but other')}\n`,
    'too-large.txt': 'y'.repeat(100_000),
  })
  project.write(
    'inventory/fleet.yaml',
    inventoryWith(
      ['pos1', 'pos2', 'pos3']
        .map((name) => `      ${name}: {profile: till, address: 127.0.0.1, transport: {type: local}}\n`)
        .join(''),
    ),
  )
  const step = (id: string, params: string): string => `  - {id: ${id}, file: {path: ${file(id)}, ${params}}}\n`
  project.write(
    'runbooks/review.yaml',
    `name: review\nsteps:\n${[
      step('from-secret', 'content: {secret: "env:TEST_TEXT"}'),
      step('motd', 'content: "Hallo\\nsame\\n"'),
      step('fresh', 'content: "new\\n"'),
      step('large', 'source: large.txt'),
      step('windows', 'content: "a\\nb\\n"'),
      step('binary', 'content: "text\\n"'),
      step('key', 'content: "no key\\n"'),
      step('hidden', 'content: "password=new\\n", sensitive: true'),
      step('leak', 'content: "x=2\\n"'),
      step('too-large', 'source: too-large.txt'),
      step('odd', 'content: "plain\\n"'),
    ].join('')}`,
  )
})
afterAll(() => project.remove())

describe('a change of a file can be reviewed', () => {
  it('line by line on screen, once however many devices it is the same on', async () => {
    const { code, stdout } = await project.till('plan', 'review')
    expect(code).toBe(3)
    expect(stdout).toContain(`drifted motd (file)
    content: 11 bytes → 11 bytes
      @@ -1,2 +1,2 @@
      - Hello
      + Hallo
      | same`)
    expect(stdout).toContain('- line 450\n      + line 450 but other')
    expect(stdout).toContain('(absent) → 4 bytes\n      @@ -1,0 +1,1 @@\n      + new')
    expect(stdout).toContain('… only the line ends differ: CRLF → LF')
    expect(stdout).toMatch(/content: binary, 2 bytes, sha256 \w{12}… → 5 bytes/)
    expect(stdout).toMatch(/content: 98 KiB, sha256 \w{12}… → 98 KiB, sha256 \w{12}… \(not compared line by line/)
    expect(stdout.match(/- Hello$/gm)).toHaveLength(1)
    expect(stdout.match(/\(the same lines as on PL-0001\/pos\d\)/g)?.length).toBeGreaterThanOrEqual(10)
  })

  it('and no part of what is secret is shown, in no format and not in the state', async () => {
    const flags = ['--junit', 'r.xml', '--markdown', 'r.md', '--output', 'plan.json']
    const { stdout } = await project.till('plan', 'review', '-v', ...flags)
    const { stdout: json } = await project.till('plan', 'review', '--json')
    const shown = await project.till('runs', 'show', JSON.parse(json).run.run)
    const state = ['.till/state.db', '.till/state.db-wal'].filter((name) => existsSync(project.path(name)))
    const files = [...state, 'r.xml', 'r.md', 'plan.json'].map((name) => readFileSync(project.path(name), 'latin1'))
    const all = [stdout, json, shown.stdout, files.slice(0, state.length).join(''), ...files.slice(state.length)]
    for (const text of all) {
      expect(text).toContain('Hallo')
      for (const part of ['abcdef', 'password=', 'line of it']) expect(text).not.toContain(part)
    }
  })

  it('in Markdown, JUnit and JSON, where no text of a device is a command or Markdown', async () => {
    const { code } = await project.till(
      'plan',
      'review',
      '--junit',
      'r.xml',
      '--markdown',
      'r.md',
      '--output',
      'p.json',
    )
    expect(code).toBe(3)
    const page = project.read('r.md')
    expect(page).toContain(
      'and 2 more: `content: 11 bytes → 11 bytes`\n\n```diff\n@@ -1,2 +1,2 @@\n- Hello\n+ Hallo\n| same\n```',
    )
    expect(page).toContain('````diff\n@@ -1,4 +1,1 @@\n- ```\n- | a\n- ::set-output')
    expect(project.read('r.xml')).toMatch(/@@ -1,2 \+1,2 @@\n *- Hello\n *\+ Hallo/)
    for (const text of [page, project.read('r.xml')]) {
      expect(text).not.toMatch(/^\s*::/m)
      expect(text).not.toContain('\u001b')
    }
    const [change] = JSON.parse(project.read('p.json')).devices[0].steps[1].changes
    expect(change).toMatchObject({ path: 'content', diff: '@@ -1,2 +1,2 @@\n-Hello\n+Hallo\n same' })
    expect(change).not.toHaveProperty('texts')
  })

  it('and the plan of it is what is applied', async () => {
    await project.till('plan', 'review', '--device', 'PL-0001/pos1', '--output', 'p.json')
    const { code, stdout, stderr } = await project.till('apply', 'p.json', '--yes')
    expect(stdout + stderr).not.toContain('PLAN_MOVED')
    expect(code).toBe(0)
    expect(project.read('device/motd')).toBe('Hallo\nsame\n')
  })
})
