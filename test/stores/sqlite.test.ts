import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Database from 'libsql'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { InputError } from '../../src/core/diagnostic.ts'
import { DAY_MS, HOUR_MS } from '../../src/core/duration.ts'
import { processIdentity, thisProcess, whereabouts } from '../../src/stores/process-identity.ts'
import { openSqliteHooks, openSqliteOutbox, openSqliteStore } from '../../src/stores/sqlite.ts'
import { RECORDED_RUNS } from '../../src/testing/recorded-runs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-sqlite-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Summary and detail of the refusal, without the private folder. */
async function refusal(path: string): Promise<string[]> {
  const error = await openSqliteStore(path).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof InputError)) throw new Error(`no refusal but ${error}`, { cause: error })
  return error.diagnostics.flatMap((d) => [d.code, d.summary.replaceAll(folder, '…'), d.detail ?? ''])
}

test('makes its folder and files readable by their owner only', async () => {
  const store = await openSqliteStore(join(folder, '.till/state.db'))
  await store.append(RECORDED_RUNS['every state']?.() ?? [])
  const modes = readdirSync(join(folder, '.till')).map((file) => [
    file,
    (statSync(join(folder, '.till', file)).mode & 0o777).toString(8),
  ])
  expect((statSync(join(folder, '.till')).mode & 0o777).toString(8)).toBe('700')
  expect(modes).toEqual([
    ['state.db', '600'],
    ['state.db-shm', '600'],
    ['state.db-wal', '600'],
  ])
  await store.close()
  expect(statSync(join(folder, '.till/state.db-wal')).size).toBe(0)
})

test('brings the file of an older version to the present one, with all that it knows', async () => {
  const path = join(folder, 'state.db')
  const old = await openSqliteStore(path)
  const events = RECORDED_RUNS['every state']?.() ?? []
  await old.append(events)
  await old.close()
  const database = new Database(path)
  const first: readonly unknown[] = ['state_schema', 'runs', 'events', 'device_status']
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]
  const later = names.map(({ name }) => name).filter((name) => !first.includes(name))
  for (const table of later) database.exec(`DROP TABLE ${table}`)
  database.exec(
    'CREATE TABLE leases (device TEXT PRIMARY KEY, run TEXT, host TEXT, pid INTEGER, process TEXT, until TEXT)',
  )
  database.exec('DROP INDEX events_of_devices')
  database.exec('ALTER TABLE device_status DROP COLUMN seen_at')
  database.exec('ALTER TABLE runs DROP COLUMN resumed')
  database.exec('UPDATE state_schema SET version = 1')
  database.close()
  const store = await openSqliteStore(path)
  const seen = new Map<string, boolean>()
  for await (const { state, seen_at, looks } of store.status()) {
    seen.set(state, seen_at !== null)
    expect(looks).toMatchObject([{ state, runbooks: ['till-health'] }])
  }
  expect([seen.get('in-sync'), seen.get('unreachable'), seen.get('drifted')]).toEqual([true, false, true])
  expect((await store.runs()).length).toBe(1)
  expect(await store.samples('PL-0001/pos1', 'receipts', new Date(0))).toEqual([])
  await store.close()
})

test('refuses the file of a newer version and leaves it as it is', async () => {
  const path = join(folder, 'state.db')
  await (await openSqliteStore(path)).close()
  const database = new Database(path)
  database.exec('UPDATE state_schema SET version = 99')
  database.exec("UPDATE state_facts SET value = '99' WHERE name = 'usable_from'")
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  const before = readFileSync(path)
  expect(await refusal(path)).toMatchInlineSnapshot(`
    [
      "STATE_UNUSABLE",
      "The state file "…/state.db" was written by a newer Tillwright (schema 99, this one knows 19)",
      "Use that version, or name another file as \`state\` in tillwright.yaml.",
    ]
  `)
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('shares the file of a newer version where that one says so', async () => {
  const path = join(folder, 'state.db')
  await (await openSqliteStore(path)).close()
  const database = new Database(path)
  database.exec('UPDATE state_schema SET version = 99')
  database.exec("UPDATE state_facts SET value = '3' WHERE name = 'usable_from'")
  database.close()
  const store = await openSqliteStore(path)
  await store.append(RECORDED_RUNS['every state']?.() ?? [])
  await store.close()
  const after = new Database(path)
  expect(after.prepare('SELECT version FROM state_schema').all()).toEqual([{ version: 99 }])
  after.close()
})

test('refuses what is no database, a damaged one, and that of another program', async () => {
  writeFileSync(join(folder, 'text.db'), 'Not a database at all. '.repeat(100))
  const foreign = new Database(join(folder, 'foreign.db'))
  foreign.exec('CREATE TABLE recipes (name)')
  foreign.close()
  const damaged = join(folder, 'damaged.db')
  const store = await openSqliteStore(damaged)
  await store.append(RECORDED_RUNS['every failure']?.() ?? [])
  await store.close()
  const bytes = readFileSync(damaged)
  writeFileSync(damaged, bytes.fill(0x5a, 100, 3000))
  expect(await refusal(join(folder, 'text.db'))).toMatchInlineSnapshot(`
    [
      "STATE_UNUSABLE",
      "The state file "…/text.db" is not a state file of Tillwright (SQLITE_NOTADB)",
      "Move it away, or name another file as \`state\` in tillwright.yaml.",
    ]
  `)
  expect(await refusal(join(folder, 'foreign.db'))).toMatchInlineSnapshot(`
    [
      "STATE_UNUSABLE",
      "The state file "…/foreign.db" is a database of another program",
      "Name another file as \`state\` in tillwright.yaml.",
    ]
  `)
  expect(await refusal(damaged)).toMatchInlineSnapshot(`
    [
      "STATE_UNUSABLE",
      "The state file "…/damaged.db" is damaged (SQLITE_CORRUPT)",
      "End every process that uses it, put back a copy from a backup, and say \`till state accept-restore\`. Without one, move it away: a new one is made, which knows no history, holds or leases, nor which devices are in doubt.",
    ]
  `)
})

test('says what to do about a path that cannot be', async () => {
  mkdirSync(join(folder, 'state.db'))
  writeFileSync(join(folder, 'file'), '')
  expect(await refusal(join(folder, 'state.db'))).toMatchInlineSnapshot(`
    [
      "STATE_UNUSABLE",
      "The state file "…/state.db" is a folder (EISDIR)",
      "Name a file as \`state\` in tillwright.yaml.",
    ]
  `)
  expect(await refusal(join(folder, 'file/state.db'))).toMatchInlineSnapshot(`
    [
      "STATE_UNUSABLE",
      "The state file "…/file/state.db" cannot be made, a part of its path is a file (EEXIST)",
      "Name another place as \`state\` in tillwright.yaml.",
    ]
  `)
})

/** Root may write everywhere, so the one who may not is somebody else. */
test('says what to do about a folder that may not be written', async () => {
  const program = `
    import { openSqliteHooks, openSqliteOutbox, openSqliteStore } from '${pathToFileURL(join(import.meta.dirname, '../../src/stores/sqlite.ts'))}'
    if (process.getuid() === 0) process.setuid(65534)
    await openSqliteStore(process.argv[1]).then(() => console.log('opened'), (e) => console.log(e.name + ': ' + e.message))`
  const answer = (path: string): string =>
    spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, path], {
      encoding: 'utf8',
    }).stdout.replaceAll(folder, '…')
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'closed'), { mode: 0o555 })
  expect(answer(join(folder, 'closed/state.db'))).toMatchInlineSnapshot(`
    "InputError: The state file "…/closed/state.db" may not be opened by you (EACCES)
    "
  `)
  writeFileSync(join(folder, 'closed/old.db'), '', { mode: 0o666 })
  chmodSync(join(folder, 'closed/old.db'), 0o666)
  expect(answer(join(folder, 'closed/old.db'))).toMatchInlineSnapshot(`
    "InputError: The state file "…/closed/old.db" is read-only for you (SQLITE_READONLY)
    "
  `)
})

test('tells a process from a later one with the same number', () => {
  const mine = thisProcess()
  expect(whereabouts(mine)).toBe('alive')
  expect(whereabouts({ ...mine, pid: 1 })).toBe('dead')
  expect(whereabouts({ ...mine, process: `${mine.process}0` })).toBe('dead')
  expect(whereabouts({ ...mine, host: `not-${hostname()}` })).toBe('elsewhere')
  expect(processIdentity(2 ** 22 + 1)).toBe(null)
  const [boot, , start] = (mine.process ?? '').split(' ')
  expect(whereabouts({ ...mine, process: `${boot} pid:[1] ${start}` })).toBe('elsewhere')
  expect(whereabouts({ ...mine, process: null })).toBe('alive')
})

test('cuts what is old off the audit log a page at a time, once a day of it has come together', async () => {
  const store = await openSqliteStore(join(folder, 'state.db'))
  const row = (at: number) => ({ at: new Date(at).toISOString(), kind: 'hold.set', by: 'me', host: 'here', about: {} })
  const limit = Date.now() - 730 * DAY_MS
  const append = (at: number, count: number) =>
    Promise.all(Array.from({ length: count }, () => store.audit.append(row(at))))
  const forget = () => store.forget('nobody', { days: 30, megabytes: 1_000 })
  await append(limit - HOUR_MS, 3)
  await forget()
  expect(await store.audit.rows()).toHaveLength(3)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY_MS })
  try {
    await append(limit - HOUR_MS, 4_500)
    await append(Date.now(), 1)
    await forget()
  } finally {
    vi.useRealTimers()
  }
  const left = (await store.audit.rows()).map(({ entry }) => [entry.kind, entry.about?.['rows']])
  const cut = [2_000, 2_000, 503].map((rows) => ['audit.cut', rows])
  expect(left).toEqual([['hold.set', undefined], ...cut])
  expect((await store.audit.verify([])).faults).toEqual([])
  await store.close()
})

test('what was claimed while the clock was far ahead is free, and what is claimed now is not', async () => {
  const path = join(folder, 'state.db')
  const [hooks, outbox] = [await openSqliteHooks(path), await openSqliteOutbox(path)]
  await outbox.register(['one'])
  const claims = async () => [await hooks.claim(20_000), await outbox.claim('one', 20_000)]
  expect(await claims()).toEqual([true, true])
  const file = new Database(path)
  const elsewhere = (until: number): void => {
    file.exec(`UPDATE hook_workers SET host = 'elsewhere', until = '${new Date(until).toISOString()}'`)
    file.exec(`UPDATE sinks SET host = 'elsewhere', claimed_until = ${until}`)
  }
  elsewhere(Date.now() + 10 * 60_000)
  expect(await claims()).toEqual([false, false])
  elsewhere(Date.now() + 365 * DAY_MS)
  expect(await claims()).toEqual([true, true])
  file.close()
  await hooks.close()
  await outbox.close()
})
