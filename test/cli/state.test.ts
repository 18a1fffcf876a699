import { spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { ended, inventoryWith, TestProject, until } from './project.ts'
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

/** The address of a state in a schema of its own that holds nothing yet. */
async function begun(of: TestProject, schema: string): Promise<string> {
  const address = `${server.url}?schema=${schema}`
  of.write('tillwright.yaml', `state: {postgres: "file:${of.path('address')}"}\n`)
  of.write('address', `${address}\n`)
  expect((await of.till('runs', 'list')).code).toBe(0)
  of.write('tillwright.yaml', '')
  return address
}

describe.skipIf(!hasPostgres)('till state', () => {
  beforeAll(() => server.start())
  afterAll(async () => {
    server.stop()
    await project.till('exec', '--yes', '--', `rm -f /tmp/till-state-${process.pid}`)
    await project.remove()
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

  test('takes no process of another machine that has the same name for dead', async () => {
    const until = Date.now() + 600_000
    const controller = `'twin', '${hostname()}', 4711, 'another-boot pid:[4026531836] 99', ${until}, 600000, 1`
    server.sql(`INSERT INTO tillwright.controllers (id, host, pid, process, until, ttl, beats) VALUES (${controller})`)
    const held = "controller = 'twin', run = 'of-the-twin', taken_as = key"
    server.sql(`UPDATE tillwright.lease_keys SET ${held} WHERE key LIKE 'device:%/pos1'`)
    const refused = await project.till('apply', 'mark', '--yes', '--json')
    expect([refused.code, JSON.parse(refused.stdout).devices[0].failure]).toMatchObject([6, { code: 'LEASE_HELD' }])
    server.sql("UPDATE tillwright.controllers SET until = 0 WHERE id = 'twin'")
    server.sql("UPDATE tillwright.controllers SET ttl = 4000 WHERE id = 'twin'")
    await expect.poll(async () => (await project.till('apply', 'mark', '--yes')).code, { timeout: 60_000 }).toBe(0)
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
      // Nothing ran there, and still something is kept.
      const told = await begun(other, 'told')
      const values = "'e', 's', 's', '{}', '2026-11-30T10:00:00.000Z', 1, 0, 0, '[]'"
      const names = 'entry, source, sender, body, at, times, done, joined, answers'
      server.sql(`INSERT INTO told.hook_inbox (${names}) VALUES (${values})`)
      const kept = await other.till('state', 'migrate', '--to', told)
      expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining('holds a history of its own')])
      expect(server.sql('SELECT count(*) FROM told.hook_inbox')).toBe('1')
    } finally {
      await other.remove()
    }
  })

  test('moves a history that takes long to be read', async () => {
    const other = new TestProject({
      'tillwright.yaml': '',
      'inventory/fleet.yaml': project.read('inventory/fleet.yaml'),
    })
    const address = await begun(other, 'late')
    expect((await other.till('runs', 'list')).code).toBe(0)
    const env = { ...process.env, PGPASSWORD: new URL(server.url).password }
    const lock = 'BEGIN; LOCK TABLE late.runs; SELECT pg_sleep(600)'
    const holder = spawn('psql', ['-X', '-q', '-d', server.url, '-c', lock], { env, stdio: 'ignore' })
    onTestFinished(async () => {
      holder.kill('SIGKILL')
      await other.remove()
    })
    const asked = (granted: boolean): string =>
      server.sql(
        `SELECT count(*) FROM pg_locks WHERE relation = 'late.runs'::regclass AND granted = ${granted} AND mode = 'AccessExclusiveLock'`,
      )
    await expect.poll(() => asked(true), { timeout: 30_000 }).toBe('1')
    const move = other.start('state', 'migrate', '--to', address)
    const end = ended(move)
    await until(move, () => asked(false) === '1')
    // As if it read for longer than the server lets anybody else be silent.
    move.kill('SIGSTOP')
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'late.runs'::regclass AND granted")
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    move.kill('SIGCONT')
    expect(await end).toMatchObject({ code: 0, stderr: '' })
  })
})
