import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { Ajv } from 'ajv'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { TILL } from '../peers/till.ts'
import { EventServer, firstByKey, someEvents } from '../streams/outbox-world.ts'
import { ended, TestProject, until } from './project.ts'

const DEVICES = 40
/** How often who sends is killed: more, when somebody asks for it. */
const DEATHS = Number(process.env['TILL_KILLS'] ?? 8)
const inventory = `fleet: {name: Test, time_zone: Europe/Warsaw}
profiles:
  machine: {kind: till, os: {family: none}, transport: {type: none}}
regions: {north: {name: North}}
stores:
  PL-0001:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: 00:00-24:00}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
${Array.from({ length: DEVICES }, (_, at) => `      pos${at}: {profile: machine, address: 10.0.0.${at + 1}}`).join('\n')}
`
const HOLDS = `name: holds\ntargets: device.kind == "till"\nsteps:\n  - assert: {that: "\${{ 1 == 1 }}"}\n`

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0

let project: TestProject
let server: EventServer

beforeEach(async () => {
  server = await new EventServer().open()
  project = new TestProject({ 'inventory/fleet.yaml': inventory, 'runbooks/holds.yaml': HOLDS })
})
afterEach(async () => {
  server.close()
  await project.remove()
})

function sinks(text: string): void {
  project.write('tillwright.yaml', `inventory: inventory\nrunbooks: runbooks\nsinks:\n${text}`)
}

interface Status {
  readonly sinks: readonly {
    readonly sink: string
    readonly pending: number
    readonly sent: number
    readonly full: boolean
  }[]
}

async function status(): Promise<Status['sinks']> {
  const { stdout } = await project.till('sinks', 'status', '--json')
  const schema = JSON.parse(readFileSync('schemas/sinks.schema.json', 'utf8')) as object
  const ajv = new Ajv({ strict: false })
  const document = JSON.parse(stdout) as Status
  expect(ajv.validate(schema, document), ajv.errorsText()).toBe(true)
  return document.sinks
}

/** All that the history knows, by id. */
async function journalled(): Promise<readonly string[]> {
  const { stdout } = await project.till('runs', 'list', '--json')
  const { runs } = JSON.parse(stdout) as { runs: readonly { run: string }[] }
  const ids: string[] = []
  for (const { run } of runs) {
    const { stdout: events } = await project.till('runs', 'show', run, '--ndjson')
    for (const line of events.trim().split('\n')) ids.push(`${run}/${(JSON.parse(line) as { seq: number }).seq}`)
  }
  return ids.sort()
}

describe('Sinks', () => {
  test('find their authorities from the folder of tillwright.yaml on, wherever till is run', async () => {
    // It speaks no TLS: what is told is by how far it came.
    sinks(`  hook: {http: {url: '${server.url.replace('http:', 'https:')}', ca: pki/ca.pem}}\n`)
    project.write('pki/ca.pem', rootCertificates[0] ?? '')
    await project.till('plan', 'holds')
    const { stderr, stdout } = await ended(project.startIn('runbooks', 'sinks', 'drain'))
    expect(stdout + stderr).toMatch(/SSL|wrong version number/)
    expect(stdout + stderr).not.toContain('ENOENT')
  })

  test('get every event of a run, by the process that ran it', async () => {
    sinks(`  archive: {file: {path: out/events.ndjson}}
  events: {http: {url: '${server.url}'}}
  ends: {http: {url: '${server.url}?ends'}, include: "event.kind == 'device.finished'"}
`)
    expect((await project.till('plan', 'holds')).code).toBe(0)
    const archived = project.read('out/events.ndjson').trim().split('\n')
    const ids = archived.map((line) => (JSON.parse(line) as { id: string }).id).sort()
    expect(ids).toEqual(await journalled())
    expect(ids.length).toBeGreaterThan(3 * DEVICES)
    expect([...new Set(server.events.map(({ id }) => id))].sort()).toEqual(ids)
    expect(await status()).toMatchObject([
      { sink: 'archive', pending: 0, sent: ids.length },
      { sink: 'events', pending: 0, sent: ids.length },
      { sink: 'ends', pending: 0, sent: DEVICES, skipped: ids.length - DEVICES },
    ])
    const { stdout } = await project.till('sinks', 'status')
    expect(stdout).toContain('archive  file out/events.ndjson\n  nothing waits;')
  })

  test(`lose nothing and keep their order through ${DEATHS} deaths of who sends`, { timeout: 180_000 }, async () => {
    server.answer = () => 503
    sinks(`  events: {http: {url: '${server.url}', batch: 2}}\n`)
    for (let run = 0; run < 3; run += 1) expect((await project.till('plan', 'holds')).code).toBe(0)
    server.answer = () => 200
    const left = (await status())[0]?.pending ?? 0
    expect(left).toBeGreaterThan(300)
    for (let death = 0; death < DEATHS; death += 1) {
      const seen = server.requests.length
      const sender = project.start('sinks', 'drain')
      const end = ended(sender)
      const isOver = end.then(() => true)
      // Somewhere in the middle of a request, an answer, or what is written about it.
      await expect
        .poll(() => server.requests.length, { timeout: 20_000, interval: 1 })
        .toBeGreaterThan(seen + (death % 4))
      sender.kill('SIGKILL')
      await isOver
    }
    expect((await project.till('sinks', 'drain')).code).toBe(0)
    const all = await journalled()
    expect([...new Set(server.events.map(({ id }) => id))].sort()).toEqual(all)
    for (const ids of firstByKey(server.events).values()) {
      const places = ids.map((id) => [id.slice(0, id.indexOf('/')), Number(id.slice(id.indexOf('/') + 1))] as const)
      expect(places).toEqual([...places].sort(([a, x], [b, y]) => (a === b ? x - y : a < b ? -1 : 1)))
    }
    expect((await status())[0]).toMatchObject({ pending: 0 })
  })

  test('that are away for too long stop new runs, or lose the oldest, as they say', async () => {
    server.answer = () => 503
    const keep = (full: string): void =>
      sinks(`  events: {http: {url: '${server.url}'}, keep: {megabytes: 0.01, when_full: ${full}}}\n`)
    keep('refuse')
    expect((await project.till('plan', 'holds')).stderr).toMatch(
      /^\d+ events wait for the sink "events"\. .* answered 503.*\. They are kept/m,
    )
    const refused = await project.till('plan', 'holds')
    expect([refused.code, /SINK_FULL/.test(refused.stderr), /tillwright\.yaml:4:3/.test(refused.stderr)]).toEqual([
      2,
      true,
      true,
    ])
    expect((await status())[0]).toMatchObject({ full: true })
    keep('drop-oldest')
    const dropping = await project.till('plan', 'holds')
    expect([dropping.code, /of the oldest events were let go of/.test(dropping.stderr)]).toEqual([0, true])
  })

  test.runIf(canMount)('in a file lose nothing on a disk that becomes full, and write nothing twice', async () => {
    sinks(`  archive: {file: {path: out/events.ndjson}}\n`)
    await status()
    const store = await openSqliteStore(project.path('.till/state.db'))
    await store.append(someEvents('r', 3_000))
    await store.close()
    mkdirSync(project.path('out'))
    const script = `mount -t tmpfs -o size=4m none out && head -c 3600000 /dev/zero > out/other
"$@" sinks drain; echo $?
rm out/other; "$@" sinks drain; echo $?
cat out/events.ndjson > taken.ndjson`
    const args = ['-rm', 'sh', '-c', script, 'sh', process.execPath, TILL]
    const { stdout } = await ended(spawn('unshare', args, { cwd: project.root }))
    expect(stdout).toMatch(
      /^archive {2}[1-9]\d* sent, [1-9]\d* wait: .*ENOSPC.*\n4\narchive {2}[1-9]\d* sent, 0 wait\n0\n$/,
    )
    const lines = project.read('taken.ndjson').trimEnd().split('\n')
    const taken = lines.map((line) => (JSON.parse(line) as { id: string }).id)
    expect(taken).toEqual(Array.from({ length: 3_000 }, (_, at) => `r/${at + 1}`))
  })

  test('send all again that they refused, and say what the history has lost', async () => {
    sinks(`  archive: {file: {path: out/events.ndjson}}\n`)
    const store = await openSqliteStore(project.path('.till/state.db'))
    await store.append(someEvents('r', 12_000))
    await store.close()
    await status()
    const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
    const refused = 'INSERT INTO outbox_refused (sink, id, run, seq, at, why)'
    database.exec(`${refused} SELECT 'archive', seq, run, seq, at, 'it said no' FROM events`)
    database.exec(`${refused} VALUES ('archive', 20000, 'forgotten', 7, '2026-11-30T10:00:00.000Z', 'it said no')`)
    database.close()
    const { stdout } = await project.till('sinks', 'replay', 'archive', '--refused')
    expect(stdout).toBe('12,000 events wait for "archive" again.\nNot in the history any more: 1 that was refused.\n')
    expect((await project.till('sinks', 'replay', 'archive', '--list')).stdout).toBe('Nothing was refused.\n')
    expect(await status()).toMatchObject([{ sink: 'archive', pending: 12_000 }])
  })

  test('are gone on with by a server whose state failed for a while', async () => {
    const settings = '  archive: {file: {path: out/events.ndjson}}\n'
    sinks(settings)
    await status()
    const child = project.start('serve', '--listen', '127.0.0.1:0')
    onTestFinished(() => void child.kill('SIGKILL'))
    let told = ''
    child.stderr?.on('data', (chunk) => {
      told += chunk
    })
    const end = ended(child)
    const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
    await until(child, () => database.prepare('SELECT 1 FROM sinks WHERE pid IS NOT NULL').get() !== undefined)
    database.exec("CREATE TRIGGER refuse BEFORE UPDATE ON sinks BEGIN SELECT RAISE(ABORT, 'no space'); END")
    await until(child, () => told.includes('The sink "archive": no space'))
    // Those of the revision before are stopped meanwhile.
    sinks(`${settings}  other: {file: {path: out/other.ndjson}}\n`)
    await until(child, () => told.includes('The sink "other": no space'))
    database.exec('DROP TRIGGER refuse')
    database.close()
    const store = await openSqliteStore(project.path('.till/state.db'))
    await store.append(someEvents('r', 5))
    await store.close()
    for (const name of ['events', 'other'])
      await until(
        child,
        () => existsSync(project.path(`out/${name}.ndjson`)) && /r\/5/.test(project.read(`out/${name}.ndjson`)),
      )
    child.kill('SIGTERM')
    expect((await end).code).toBe(0)
  })

  test('that cannot be are found with their place before anything is done', async () => {
    sinks(`  nowhere: {topic: a}
  both: {file: {path: a}, http: {url: 'http://127.0.0.1/'}}
  odd: {file: {path: a}, include: "event.knd == 'x'", topic: "a/{shop}"}
`)
    const { code, stderr } = await project.till('plan', 'holds')
    expect(code).toBe(2)
    expect(stderr).toMatch(/tillwright\.yaml:6:\d+/)
    sinks(`  nowhere: {topic: a}
  both: {file: {path: a}, http: {url: 'http://127.0.0.1/'}}
  odd: {file: {path: a}, include: "event.knd == 'x'"}
`)
    const again = await project.till('plan', 'holds')
    expect([...again.stderr.matchAll(/tillwright\.yaml:(\d+):\d+/g)].map(([, line]) => line)).toEqual(['4', '5', '6'])
    sinks(`  one: {http: {url: 'http://127.0.0.1:9/', headers: {a: env:TILL_NOT_SET_1}}}
  two: {http: {url: 'http://127.0.0.1:9/', headers: {a: env:TILL_NOT_SET_2}}}
`)
    const both = await project.till('plan', 'holds')
    expect([...both.stderr.matchAll(/It is read from "env:TILL_NOT_SET_(\d)"/g)].map(([, which]) => which)).toEqual([
      '1',
      '2',
    ])
    sinks(`  stream: {kafka: {brokers: ['127.0.0.1:9']}}\n`)
    const missing = await project.till('plan', 'holds')
    expect([missing.code, /SINK_LIBRARY_MISSING/.test(missing.stderr)]).toEqual([2, true])
    expect(missing.stderr).toContain('npm install --global node-rdkafka@3.6.1')
    sinks(`  archive: {file: {path: a}}\n`)
    const slip = await project.till('sinks', 'replay', 'archiv', '--refused')
    expect([slip.code, /SINK_UNKNOWN/.test(slip.stderr), /did you mean "archive"/.test(slip.stderr)]).toEqual([
      2,
      true,
      true,
    ])
    expect((await project.till('sinks', 'replay', 'archive')).stderr).toContain('--refused or --since TIME')
  })
})
