import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { type StoreLine, startStoreLine } from '../peers/store-line.ts'
import { type Ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const BYTES = 1_500_000
const CONTENT = randomBytes(BYTES)
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')
/** What logins and questions come to. */
const TALK = 150_000

/** A till behind a line of its own, with a cache and programs of its own. */
interface Till {
  readonly server: SshServer
  readonly cache: string
  readonly programs: string
  line: StoreLine
}

describe.runIf(sshServers.some(({ name }) => name === 'OpenSSH'))("a file over a store's line once", () => {
  let keys: ClientKeys
  let folder: string
  let tills: Till[]
  let project: TestProject

  beforeAll(async () => {
    keys = makeClientKeys()
    folder = mkdtempSync(join(tmpdir(), 'till-once-'))
    tills = await Promise.all(['127.8.9.1', '127.8.9.2'].map(startTill))
  })
  afterAll(async () => {
    await Promise.all(tills.map(({ server }) => server.stop()))
    keys.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    for (const till of tills) {
      rmSync(till.cache, { recursive: true, force: true })
      rmSync(till.programs, { recursive: true, force: true })
      mkdirSync(till.programs)
      till.line = await startStoreLine(till.server.address, till.server.port)
    }
    project = new TestProject({ 'tillwright.yaml': 'content: {share: true}\n', 'inventory/fleet.yaml': inventory() })
    project.write('runbooks/bring.yaml', RUNBOOK(project.root))
    writeFileSync(project.path('package.bin'), CONTENT)
    mkdirSync(project.path('tills'))
  })
  afterEach(async () => {
    await Promise.all(tills.map(({ line }) => line.stop()))
    await project.remove()
  })

  async function startTill(address: string): Promise<Till> {
    const cache = join(folder, address, 'cache')
    const programs = join(folder, address, 'bin')
    mkdirSync(programs, { recursive: true })
    const server = await startOpenSsh(keys, address, `SetEnv XDG_CACHE_HOME=${cache} PATH=${programs}:/usr/bin:/bin`)
    return { server, cache, programs, line: await startStoreLine(address, server.port) }
  }

  function inventory(link = '{type: lte}'): string {
    const devices = tills.map(
      ({ server, line }, index) =>
        `      pos${index + 1}: {profile: till, address: ${server.address}, ` +
        `transport: {port: ${line.port}, host_keys: ['${server.hostKeys.join("', '")}']}}\n`,
    )
    const fleet = `  transport: {user: ${userInfo().username}, keys: [${keys.ed25519}]}\n`
    return inventoryWith(devices.join(''), fleet).replace('{type: fibre}', link)
  }

  const RUNBOOK = (root: string): string =>
    `name: bring\nsteps:\n  - id: bring\n    file: {path: "${root}/tills/\${{ device.id }}", source: package.bin}\n`

  const till = (n: number): Till => tills[n - 1] as Till
  const fileOf = (n: number): string => project.path(`tills/pos${n}`)
  const hasIt = (n: number): boolean => existsSync(fileOf(n)) && readFileSync(fileOf(n)).equals(CONTENT)

  /** A giver or receiver that is not as it should be: its python3 is ours, with something else in its program. */
  function ill(n: number, pattern: string): void {
    const text = `#!/bin/sh\ncode=$(printf %s "$2" | sed '${pattern}')\nshift 2\nexec /usr/bin/python3 -c "$code" "$@"\n`
    writeFileSync(join(till(n).programs, 'python3'), text, { mode: 0o755 })
  }

  async function apply(n?: number): Promise<Ended & { readonly devices: readonly DeviceRecord[] }> {
    const selection = n === undefined ? [] : ['--device', `PL-0001/pos${n}`]
    const ended = await project.till('apply', 'bring', '--yes', '--json', ...selection)
    return { ...ended, devices: JSON.parse(ended.stdout).devices }
  }

  interface DeviceRecord {
    readonly device: string
    readonly state: string
    readonly failure?: { readonly code: string; readonly hint?: string }
    readonly steps: readonly { readonly content?: readonly Record<string, unknown>[] }[]
  }

  const cameTo = (end: Awaited<ReturnType<typeof apply>>, n: number): Record<string, unknown> | undefined =>
    end.devices.find(({ device }) => device.endsWith(`pos${n}`))?.steps[0]?.content?.[0]

  it('goes over it once, and from there to the other till, checked', async () => {
    const end = await apply()
    expect([end.code, end.stderr]).toEqual([0, ''])
    expect([hasIt(1), hasIt(2)]).toEqual([true, true])
    const both = [cameTo(end, 1), cameTo(end, 2)]
    const giver = both.find((came) => came?.['line_bytes'] === BYTES)
    expect(giver).toEqual({ sha256: SHA256, bytes: BYTES, kept_bytes: 0, line_bytes: BYTES })
    const first = giver === both[0] ? 1 : 2
    const other = giver === both[0] ? both[1] : both[0]
    expect(other).toEqual({
      sha256: SHA256,
      bytes: BYTES,
      giver: `PL-0001/pos${first}`,
      kept_bytes: 0,
      line_bytes: 0,
    })
    expect(till(first).line.sent).toBeGreaterThan(BYTES)
    expect(till(3 - first).line.sent).toBeLessThan(TALK)
    // Nothing of the giver is left, and the file is kept.
    for (const { cache } of tills) expect(readdirSync(join(cache, 'tillwright/content'))).toEqual([SHA256])
    rmSync(fileOf(2))
    const again = await apply(2)
    expect(cameTo(again, 2)).toMatchObject({ kept_bytes: BYTES, line_bytes: 0 })
    expect(hasIt(2)).toBe(true)
  })

  it('is foretold by a plan: over the line, from a neighbour, there already, held back', async () => {
    const plan = async (): Promise<{ ways: unknown[]; sum: unknown }> => {
      const { code, stdout } = await project.till('plan', 'bring', '--json')
      expect(code).toBe(3)
      const document = JSON.parse(stdout)
      expect(errorsOf('result', document)).toEqual([])
      const ways = (document.devices as DeviceRecord[]).map(({ steps }) => steps[0]?.content?.[0])
      return {
        ways: ways.map((way) => ({ ...way, sha256: undefined, bytes: undefined })),
        sum: document.summary.content,
      }
    }
    const none = { line_bytes: 0, neighbour_bytes: 0, kept_bytes: 0, held_bytes: 0 }
    const way = { kept_bytes: 0, line_bytes: 0 }
    const fresh = await plan()
    expect(fresh.sum).toEqual({ ...none, line_bytes: BYTES, neighbour_bytes: BYTES })
    expect(fresh.ways).toEqual(
      expect.arrayContaining([
        { ...way, line_bytes: BYTES },
        { ...way, giver: expect.stringMatching(/^PL-0001\/pos/) },
      ]),
    )
    // It has written nothing, and in threads it comes to the same.
    for (const { cache } of tills) expect(existsSync(cache)).toBe(false)
    project.write('tillwright.yaml', 'content: {share: true}\nrun: {workers: 1}\n')
    expect(await plan()).toMatchObject({ sum: fresh.sum })

    expect((await apply(1)).code).toBe(0)
    rmSync(fileOf(1))
    expect((await plan()).sum).toMatchObject({ kept_bytes: BYTES, held_bytes: 0 })
    const told = await project.till(
      'plan',
      'bring',
      '--device',
      'PL-0001/pos1',
      '--markdown',
      'plan.md',
      '--html',
      'plan.html',
    )
    expect(told.stdout).toContain('the file: 1465 KiB it had')
    for (const text of [told.stdout, project.read('plan.md'), project.read('plan.html')])
      expect(text).toContain('files: 1465 KiB there already')

    project.write('inventory/fleet.yaml', inventory('{type: lte, metered: true}'))
    rmSync(till(1).cache, { recursive: true })
    expect(await plan()).toEqual({
      sum: { ...none, held_bytes: 2 * BYTES },
      ways: [
        { ...way, held: true },
        { ...way, held: true },
      ],
    })
  })

  it('is found by a later run, also one that works in threads', async () => {
    expect((await apply(1)).code).toBe(0)
    project.write('tillwright.yaml', 'content: {share: true}\nrun: {workers: 1}\n')
    const end = await apply(2)
    expect([end.code, end.stderr]).toEqual([0, ''])
    expect(cameTo(end, 2)).toMatchObject({ giver: 'PL-0001/pos1', line_bytes: 0 })
    rmSync(fileOf(2))
    rmSync(till(2).cache, { recursive: true })
    const told = await project.till('apply', 'bring', '--yes', '--device', 'PL-0001/pos2')
    expect(told.stdout).toContain('the file: 1465 KiB from PL-0001/pos1')
    expect([hasIt(2), till(2).line.sent < TALK]).toEqual([true, true])
  })

  describe('goes on by the line where the giver', () => {
    beforeEach(async () => {
      expect((await apply(1)).code).toBe(0)
    })

    it('dies in the middle, from the byte that it came to', async () => {
      ill(1, 's/part=content.read(65536)/part=content.read(65536) if content.tell()<600000 else os._exit(1)/')
      const end = await apply(2)
      expect([end.code, hasIt(2)]).toEqual([0, true])
      const came = cameTo(end, 2)
      expect(came).toMatchObject({ giver: 'PL-0001/pos1', why: expect.stringContaining('PL-0001/pos1: ') })
      expect(came?.['line_bytes']).toBeGreaterThan(0)
      expect(came?.['line_bytes']).toBeLessThan(BYTES)
      expect(till(2).line.sent).toBeLessThan(Number(came?.['line_bytes']) + TALK)
    })

    it('lies: what it gave is thrown away', async () => {
      ill(1, 's/c.sendall(part)/c.sendall(b"x"*len(part))/')
      const end = await apply(2)
      expect([end.code, hasIt(2)]).toEqual([0, true])
      expect(cameTo(end, 2)).toEqual({
        ...{ sha256: SHA256, bytes: BYTES, kept_bytes: 0, line_bytes: BYTES },
        why: 'PL-0001/pos1: what it gave has another checksum, and was thrown away',
      })
    })

    it('is behind a firewall', async () => {
      ill(1, 's/s.getsockname()\\[:2\\]/("127.8.9.1",9)/')
      const end = await apply(2)
      expect([end.devices[0]?.failure, hasIt(2)]).toEqual([undefined, true])
      expect(cameTo(end, 2)).toMatchObject({ line_bytes: BYTES, why: expect.stringMatching(/^PL-0001\/pos1: ./) })
    })

    it.each(['"--help",9', '"127.8.9.1",99999'])('says that it listens at %s', async (at) => {
      ill(1, `s/s.getsockname()\\[:2\\]/(${at})/`)
      const end = await apply(2)
      expect([end.code, hasIt(2)]).toEqual([0, true])
      expect(cameTo(end, 2)).toMatchObject({ line_bytes: BYTES, why: 'PL-0001/pos1: it gave no address and port' })
    })

    it('cannot be reached', async () => {
      await till(1).line.stop()
      const end = await apply(2)
      expect([end.code, hasIt(2)]).toEqual([0, true])
      expect(cameTo(end, 2)).toMatchObject({ line_bytes: BYTES, why: expect.stringMatching(/^PL-0001\/pos1: ./) })
      till(1).line = await startStoreLine(till(1).server.address, till(1).server.port)
    })
  })

  it('goes on from the byte at which the line broke', async () => {
    till(1).line.stallAfter(900_000)
    const breaking = apply(1)
    const part = join(till(1).cache, 'tillwright/content', `${SHA256}.part`)
    await expect.poll(() => existsSync(part) && readFileSync(part).length, { timeout: 30_000 }).toBeGreaterThan(700_000)
    till(1).line.breakOff()
    expect([(await breaking).code === 0, hasIt(1)]).toEqual([false, false])
    const had = readFileSync(part).length
    const before = till(1).line.sent
    // What could not be told of the change is for people to see to.
    const end = await apply(1)
    expect([end.code, hasIt(1)]).toEqual([0, true])
    expect(cameTo(end, 1)).toMatchObject({ kept_bytes: had, line_bytes: BYTES - had })
    expect(till(1).line.sent - before).toBeLessThan(BYTES - had + TALK)
  })

  it('sends all of it where what came earlier is damaged', async () => {
    const place = join(till(1).cache, 'tillwright/content')
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, `${SHA256}.part`), Buffer.alloc(400_000))
    const end = await apply(1)
    expect([end.code, hasIt(1)]).toEqual([0, true])
    expect(cameTo(end, 1)).toMatchObject({ kept_bytes: 400_000, line_bytes: 2 * BYTES - 400_000 })
  })

  describe('where the line is metered', () => {
    beforeEach(() => project.write('inventory/fleet.yaml', inventory('{type: lte, metered: true}')))

    it.each(['{}', '{share: true}'])('does not go over it with content: %s, and says what to do', async (content) => {
      project.write('tillwright.yaml', `content: ${content}\n`)
      const end = await apply(1)
      expect(end.code).toBe(4)
      expect(end.devices[0]).toMatchObject({ state: 'failed', failure: { code: 'LINK_METERED' } })
      expect(till(1).line.sent).toBeLessThan(TALK)
      expect(readdirSync(project.path('tills'))).toEqual([])
    })

    it('goes over it where that is allowed, and then from till to till without', async () => {
      project.write('tillwright.yaml', 'content: {share: true, metered: allow}\n')
      expect((await apply(1)).code).toBe(0)
      project.write('tillwright.yaml', 'content: {share: true}\n')
      const end = await apply(2)
      expect([end.code, hasIt(2)]).toEqual([0, true])
      expect(cameTo(end, 2)).toMatchObject({ giver: 'PL-0001/pos1', line_bytes: 0 })
    })

    it('lets small files through', async () => {
      writeFileSync(project.path('package.bin'), CONTENT.subarray(0, 100_000))
      expect((await apply(1)).code).toBe(0)
    })
  })

  it('goes as ever where nobody asked for it', async () => {
    project.write('tillwright.yaml', 'content: {per_store: 100MB/s, fleet: 100MB/s}\n')
    const end = await apply()
    expect([end.code, hasIt(1), hasIt(2)]).toEqual([0, true, true])
    expect(cameTo(end, 1)).toBeUndefined()
    for (const { cache, line } of tills) {
      expect(existsSync(cache)).toBe(false)
      expect(line.sent).toBeGreaterThan(BYTES)
    }
  })

  it('goes by the line where neither has a program for it', async () => {
    for (const { programs } of tills) rmSync(programs, { recursive: true })
    for (const { programs } of tills) {
      mkdirSync(programs)
      for (const name of readdirSync('/usr/bin'))
        if (!/^(python|perl|curl|nc)/.test(name)) symlinkSync(join('/usr/bin', name), join(programs, name))
    }
    const bare = await Promise.all(
      tills.map(({ server, cache, programs }, index) =>
        startOpenSsh(keys, `127.8.9.${index + 3}`, `SetEnv XDG_CACHE_HOME=${cache} PATH=${programs}`).then(
          (started) => ({
            ...{ server, cache, programs, started },
          }),
        ),
      ),
    )
    const devices = bare.map(
      ({ started }, index) =>
        `      pos${index + 1}: {profile: till, address: ${started.address}, transport: {port: ${started.port}, host_keys: ['${started.hostKeys.join("', '")}']}}\n`,
    )
    const fleet = `  transport: {user: ${userInfo().username}, keys: [${keys.ed25519}]}\n`
    project.write('inventory/fleet.yaml', inventoryWith(devices.join(''), fleet))
    const end = await apply()
    await Promise.all(bare.map(({ started }) => started.stop()))
    expect([end.code, end.stderr, hasIt(1), hasIt(2)]).toEqual([0, '', true, true])
    const said = [cameTo(end, 1), cameTo(end, 2)]
    for (const came of said) expect(came).toMatchObject({ line_bytes: BYTES })
    expect(said.map((came) => came?.['why'])).toContain('it has none of curl, python3, perl and nc')
  })
})
