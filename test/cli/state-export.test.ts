import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXPORTED_TABLES, LEFT_OUT_OF_EXPORT } from '../../src/core/state-export.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const GATE = `/tmp/till-export-gate-${process.pid}`
const PIN_FILE = `/tmp/till-export-pin-${process.pid}`
const project = new TestProject({
  'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n',
  'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n').replace('ssh', 'local'),
  'runbooks/say.yaml':
    'name: say\nsteps:\n' +
    `  - file: {path: "${PIN_FILE}", content: {secret: "file:pin"}, mode: "0600"}\n` +
    `  - command: {run: "cat ${PIN_FILE}", read_only: true}\n`,
  pin: '4711-secret',
  'runbooks/wait.yaml': `name: wait\nsteps:\n  - command: {run: "until test -e ${GATE}; do sleep 0.1; done", always: true}\n`,
})

interface Line {
  readonly table: string
  readonly row: Record<string, unknown>
}

/** Rows of an export, each line of it held against the schema. */
function rowsOf(text: string): readonly Line[] {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const line of lines) expect(errorsOf('state-export', line)).toEqual([])
  expect(lines[0]).toMatchObject({ schema: 'till.state-export/1' })
  expect(lines.at(-1)).toMatchObject({ end: true, rows: lines.length - 2 })
  return lines.slice(1, -1)
}

const sizeOf = (): number => statSync(project.path('.till/state.db')).size
const open = (): Database.Database => new Database(project.path('.till/state.db'), { timeout: 30_000 })

/** As many rows as a history of some days would have, gone again. */
function growAndForget(): void {
  const database = open()
  const text = JSON.stringify({ text: 'x'.repeat(400) })
  database.exec('BEGIN')
  const insert = database.prepare(
    "INSERT INTO events VALUES ('forgotten', ?, '2026-11-30T10:00:00.000Z', 'x', NULL, ?)",
  )
  for (let seq = 1; seq <= 10_000; seq += 1) insert.run(seq, text)
  database.exec('COMMIT')
  database.exec("DELETE FROM events WHERE run = 'forgotten'")
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

afterAll(async () => {
  for (const file of [PIN_FILE, GATE]) rmSync(file, { force: true })
  await project.remove()
})

describe('till state export', () => {
  test('writes every row of every table that it names, without secrets', async () => {
    expect((await project.till('apply', 'say', '--yes')).code).toBe(0)
    const { code, stdout, stderr } = await project.till('state', 'export')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).not.toContain('4711-secret')
    expect(stdout).toContain('***')
    const rows = rowsOf(stdout)
    const database = open()
    const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (const { name } of names.all() as { name: string }[]) {
      const isNamed = name in EXPORTED_TABLES || name in LEFT_OUT_OF_EXPORT
      expect([name, isNamed]).toEqual([name, true])
      if (name in LEFT_OUT_OF_EXPORT) continue
      const [{ n } = { n: 0 }] = database.prepare(`SELECT count(*) AS n FROM ${name}`).all() as { n: number }[]
      expect([name, rows.filter(({ table }) => table === name).length]).toEqual([name, n])
    }
    database.close()
    const [run] = rows.filter(({ table }) => table === 'runs')
    expect(run?.row).toMatchObject({ mode: 'apply', runbooks: ['say'], exit_code: expect.any(Number) })
  })

  test('has the runs that ended since a time, and what belongs to them', async () => {
    const database = open()
    database.exec("UPDATE runs SET started_at = '2026-01-01T00:00:00.000Z', finished_at = '2026-01-01T00:01:00.000Z'")
    const [{ run: old } = { run: '' }] = database.prepare('SELECT run FROM runs').all() as { run: string }[]
    database.close()
    expect((await project.till('plan', 'say')).code).toBeLessThan(4)
    const rows = rowsOf((await project.till('state', 'export', '--since', '1d')).stdout)
    const runs = new Set(rows.filter(({ table }) => table === 'events').map(({ row }) => row['run']))
    expect(runs.size).toBe(1)
    expect(runs).not.toContain(old)
    // Last states are of now, whatever run they are from.
    expect(rows.some(({ table }) => table === 'device_status')).toBe(true)
    for (const wrong of ['yesterday', '2026-13-01', '2999-01-01']) {
      const refused = await project.till('state', 'export', '--since', wrong)
      expect([wrong, refused.code, refused.stdout]).toEqual([wrong, 2, ''])
    }
  })

  test('shows one moment of a run that goes on, and holds it up in nothing', async () => {
    const run = project.start('apply', 'wait', '--yes')
    const end = ended(run)
    const isUnderWay = async (): Promise<boolean> =>
      rowsOf((await project.till('state', 'export')).stdout).some(({ row }) => row['type'] === 'step.converging')
    await expect.poll(isUnderWay, { timeout: 60_000 }).toBe(true)
    const told = await project.till('state', 'export', '--out', 'export/state.jsonl', '--json')
    expect(errorsOf('state-exported', JSON.parse(told.stdout))).toEqual([])
    const rows = rowsOf(project.read('export/state.jsonl'))
    expect(rows.filter(({ table, row }) => table === 'runs' && row['finished_at'] === null)).toHaveLength(1)
    const full = await project.till('state', 'vacuum', '--full')
    expect([full.code, full.stderr]).toEqual([2, expect.stringContaining('is in progress')])
    // What is free is given back beside it.
    growAndForget()
    const before = sizeOf()
    const done = await project.till('state', 'vacuum', '--json')
    const vacuumed = JSON.parse(done.stdout)
    expect(errorsOf('state-vacuumed', vacuumed)).toEqual([])
    expect([done.code, vacuumed.way]).toEqual([0, 'pages'])
    expect(vacuumed.after_bytes).toBeLessThan(before / 2)
    writeFileSync(GATE, '')
    expect((await end).code).toBe(0)
  })

  test.runIf(existsSync('/dev/full'))('says that the disk is full, and is at no fault itself', async () => {
    const { code, stdout, stderr } = await project.till('state', 'export', '--out', '/dev/full')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^error "\/dev\/full" cannot be written: the disk is full \(ENOSPC\)/)
  })

  test('leaves nothing of a file behind when it is interrupted', async () => {
    growAndForget()
    const database = open()
    database.exec('BEGIN')
    const insert = database.prepare("INSERT INTO events VALUES ('long', ?, '2026-11-30T10:00:00.000Z', 'x', NULL, ?)")
    const text = JSON.stringify({ text: 'x'.repeat(400) })
    for (let seq = 1; seq <= 50_000; seq += 1) insert.run(seq, text)
    database.exec('COMMIT')
    database.close()
    const child = project.start('state', 'export', '--out', 'cut.jsonl')
    const end = ended(child)
    const parts = (): readonly string[] => readdirSync(project.root).filter((name) => name.startsWith('cut.jsonl'))
    await expect.poll(() => parts().length, { timeout: 60_000, interval: 5 }).toBe(1)
    child.kill('SIGINT')
    expect((await end).code).toBe(130)
    expect(parts()).toEqual([])
  })
})

test('a state file of an older version is written anew once, and gives back page by page from then on', async () => {
  const old = open()
  old.exec('PRAGMA auto_vacuum = NONE')
  old.exec('VACUUM')
  old.close()
  growAndForget()
  const before = sizeOf()
  const first = JSON.parse((await project.till('state', 'vacuum', '--json')).stdout)
  expect(first).toMatchObject({ way: 'whole', before_bytes: before })
  expect(sizeOf()).toBe(first.after_bytes)
  expect(first.after_bytes).toBeLessThan(before)
  expect(JSON.parse((await project.till('state', 'vacuum', '--json')).stdout)).toMatchObject({ way: 'pages' })
  expect((await project.till('runs', 'list')).code).toBe(0)
})

describe.skipIf(!hasPostgres)('in PostgreSQL', () => {
  const server = new PostgresServer()
  beforeAll(() => server.start())
  afterAll(() => server.stop())

  test('an export has the rows that the file had; VACUUM gives back what lies at the end', async () => {
    const before = rowsOf((await project.till('state', 'export')).stdout)
    expect((await project.till('state', 'migrate', '--to', server.url)).code).toBe(0)
    project.write('tillwright.yaml', `state: {postgres: "file:${project.path('address')}"}\n`)
    project.write('address', `${server.url}\n`)
    const { stdout } = await project.till('state', 'export')
    expect(stdout).not.toContain(new URL(server.url).password)
    const own = ({ table }: Line): boolean => table !== 'state_facts'
    expect(rowsOf(stdout).filter(own)).toEqual(before.filter(own))
    server.sql("DELETE FROM tillwright.events WHERE run = 'long'")
    const done = JSON.parse((await project.till('state', 'vacuum', '--json')).stdout)
    expect(errorsOf('state-vacuumed', done)).toEqual([])
    expect(done).toMatchObject({ kind: 'postgres', way: 'vacuum', longest_ms: null })
    const full = JSON.parse((await project.till('state', 'vacuum', '--full', '--json')).stdout)
    expect(full.way).toBe('whole')
    expect(full.after_bytes).toBeLessThan(done.before_bytes / 2)
    expect((await project.till('runs', 'list')).code).toBe(0)
  })
})
