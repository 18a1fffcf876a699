import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const server = new PostgresServer()
const project = new TestProject({
  'tillwright.yaml': '',
  'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n').replace(
    'type: ssh',
    'type: local',
  ),
  'runbooks/mark.yaml': `name: mark\nsteps:\n  - file: {path: "/tmp/till-state-${process.pid}", content: "marked\\n"}\n`,
})

describe.skipIf(!hasPostgres)('till state', () => {
  beforeAll(() => server.start())
  afterAll(async () => {
    server.stop()
    await project.till('exec', '--yes', '--', `rm -f /tmp/till-state-${process.pid}`)
    project.remove()
  })

  test('moves a history over whole, and again where it was interrupted; the file is sealed', async () => {
    expect((await project.till('apply', 'mark', '--yes')).code).toBe(0)
    expect((await project.till('plan', 'mark')).code).toBe(0)
    const runs = (await project.till('runs', 'list', '--json')).stdout
    const before = JSON.parse((await project.till('state', 'status', '--json')).stdout)
    expect(errorsOf('state', before)).toEqual([])
    expect(before).toMatchObject({ kind: 'sqlite', where: project.path('.till/state.db'), runs: 2 })

    // The database is gone in the middle, and nothing has changed.
    const away = await project.till('state', 'migrate', '--to', server.url.replace(`:${server.port}`, ':1'))
    expect([away.code, away.stderr]).toEqual([2, expect.stringContaining('does not answer (ECONNREFUSED)')])
    expect((await project.till('runs', 'list', '--json')).stdout).toBe(runs)

    const moved = await project.till('state', 'migrate', '--to', server.url, '--json')
    expect([moved.code, moved.stderr]).toEqual([0, ''])
    const told = JSON.parse(moved.stdout)
    expect(errorsOf('state-moved', told)).toEqual([])
    expect(moved.stdout).not.toContain(new URL(server.url).password)
    const rows = Object.fromEntries(
      told.tables.map(({ table, rows }: { table: string; rows: number }) => [table, rows]),
    )
    expect(rows).toMatchObject({ runs: 2, device_status: 1, audit_log: 2 })
    for (const [table, count] of Object.entries(rows)) {
      expect(Number(server.sql(`SELECT count(*) FROM tillwright.${table}`))).toBe(count)
    }

    const sealed = await project.till('runs', 'list')
    expect([sealed.code, sealed.stderr]).toEqual([
      2,
      expect.stringContaining('was moved to database "till" on 127.0.0.1'),
    ])
    project.write('tillwright.yaml', `state: {postgres: "file:${project.path('address')}"}\n`)
    project.write('address', `${server.url}\n`)
    expect((await project.till('runs', 'list', '--json')).stdout).toBe(runs)
    expect((await project.till('audit', 'verify')).code).toBe(0)
    expect((await project.till('apply', 'mark', '--yes')).code).toBe(0)
    const after = JSON.parse((await project.till('state', 'status', '--json')).stdout)
    expect(errorsOf('state', after)).toEqual([])
    expect(after).toMatchObject({ kind: 'postgres', runs: 3, version: before.version, oldest: before.oldest })
  })

  test('has a place for events that wait for sinks', async () => {
    project.write(
      'tillwright.yaml',
      `state: {postgres: "file:${project.path('address')}"}\nsinks: {archive: {file: {path: events.ndjson}}}\n`,
    )
    expect((await project.till('apply', 'mark', '--yes')).code).toBe(0)
    const kinds = project
      .read('events.ndjson')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type)
    expect([kinds[0], kinds.at(-1)]).toEqual(['till.run.started', 'till.run.finished'])
    const { code, stdout } = await project.till('sinks', 'status', '--json')
    expect([code, JSON.parse(stdout).sinks]).toMatchObject([0, [{ sink: 'archive', pending: 0, sent: kinds.length }]])
  })

  test('mixes no two histories, and says so', async () => {
    const other = new TestProject({
      'tillwright.yaml': '',
      'inventory/fleet.yaml': project.read('inventory/fleet.yaml'),
    })
    try {
      const answer = await other.till('state', 'migrate', '--to', server.url)
      expect([answer.code, answer.stderr]).toEqual([2, expect.stringContaining('holds a history of its own')])
      expect((await other.till('runs', 'list')).code).toBe(0)
    } finally {
      other.remove()
    }
  })
})
