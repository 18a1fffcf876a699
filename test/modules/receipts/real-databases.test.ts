import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { Secret } from '../../../src/core/secret.ts'
import { receipts } from '../../../src/modules/receipts/receipts.ts'
import { shells } from '../../shell/shells.ts'
import { openWorld, removeFarms } from '../device-world.ts'
import { someContext } from '../some-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-receipts-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
  removeFarms()
})

function isThere(program: string, debian: string): boolean {
  if (spawnSync(program, ['--version']).status === 0) return true
  if (process.env['CI']) throw new Error(`${debian} is missing`)
  console.warn(`Skipped: receipts of a real database: install ${debian}`)
  return false
}

async function look(database: JsonObject): Promise<JsonObject | string> {
  const world = await openWorld(shells[0]?.path ?? 'sh', {})
  try {
    const now = (): Date => new Date('2026-11-25T15:00:00Z')
    const seen = await receipts.observe(someContext(world.shell, { now }), { database })
    return seen.ok ? (seen.value.value as JsonObject) : seen.failure.message
  } finally {
    await world.close()
  }
}

test.skipIf(!isThere('sqlite3', 'sqlite3'))('SQLite: a file that is only read', async () => {
  const name = join(folder, "till's.db")
  const sql = `CREATE TABLE receipts (at TEXT);
    INSERT INTO receipts VALUES ('2026-11-24 20:00:00'), ('2026-11-25 09:00:00'), ('2026-11-25 15:59:30');`
  expect(spawnSync('sqlite3', [name, sql]).status).toBe(0)
  const before = [readdirSync(folder), statSync(name).mtimeMs]
  const query = "SELECT max(at), count(CASE WHEN at >= {since} THEN 1 END), '2026-11-25 15:59:59' FROM receipts"
  expect(await look({ engine: 'sqlite', name, query })).toMatchObject({
    last_receipt_at: '2026-11-25T14:59:30.000Z',
    count: 2,
    since: '2026-11-24T23:00:00.000Z',
    evidence: { source: 'database', as_of: '2026-11-25T14:59:59.000Z', data_age_seconds: 1 },
  })
  expect([readdirSync(folder), statSync(name).mtimeMs]).toEqual(before)
  expect(await look({ engine: 'sqlite', name, query: 'SELECT max(at), count(*) FROM receipt' })).toMatch(
    /no such table/,
  )
})

const POSTGRES = ['/usr/lib/postgresql/15/bin', '/usr/lib/postgresql/17/bin'].find((path) => existsSync(path))
if (POSTGRES === undefined && process.env['CI']) throw new Error('postgresql is missing')
if (POSTGRES === undefined) console.warn('Skipped: receipts of PostgreSQL: install postgresql')

describe.skipIf(POSTGRES === undefined || process.getuid?.() !== 0)('PostgreSQL', () => {
  const password = "hunter2 and $more'"
  const data = mkdtempSync(join(tmpdir(), 'till-receipts-pg-'))
  const server = (...words: string[]): string =>
    execFileSync('runuser', ['-u', 'postgres', '--', ...words], {
      cwd: '/',
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  const port = 20_000 + (process.pid % 20_000)
  const where = ['-h', data, '-p', String(port), '-U', 'till', '-d', 'postgres']

  beforeAll(() => {
    chmodSync(data, 0o777)
    writeFileSync(join(data, 'password'), password)
    chmodSync(join(data, 'password'), 0o644)
    server(`${POSTGRES}/initdb`, '-D', `${data}/d`, '-A', 'scram-sha-256', '-U', 'till', `--pwfile=${data}/password`)
    const settings = `-p ${port} -k ${data} -c listen_addresses=127.0.0.1 -c timezone=America/New_York`
    server(`${POSTGRES}/pg_ctl`, '-D', `${data}/d`, '-o', settings, '-l', `${data}/log`, '-w', 'start')
    const sql = `CREATE TABLE receipts (at timestamptz, n int);
      INSERT INTO receipts VALUES ('2026-11-24 22:59:59Z', 1), ('2026-11-24 23:00:01Z', 2), ('2026-11-25 14:59:30.5Z', 3);
      CREATE FUNCTION bump() RETURNS SETOF receipts LANGUAGE sql AS 'UPDATE receipts SET n = n + 1 RETURNING *'`
    execFileSync('psql', [...where, '-q', '-c', sql], { env: { ...process.env, PGPASSWORD: password } })
  })
  afterAll(() => {
    server(`${POSTGRES}/pg_ctl`, '-D', `${data}/d`, '-m', 'immediate', 'stop')
    rmSync(data, { recursive: true })
  })

  const base = (secret = password): JsonObject => ({
    engine: 'postgresql',
    host: '127.0.0.1',
    port,
    user: 'till',
    name: 'postgres',
    password: new Secret(secret) as never,
  })

  test('counts from the midnight of the store, wherever the server thinks it is', async () => {
    const query = 'SELECT max(at), count(*) FILTER (WHERE at >= {since}) FROM receipts;'
    for (const since of ['local', 'utc']) {
      const seen = await look({ ...base(), query, since })
      expect(seen).toMatchObject({ last_receipt_at: '2026-11-25T14:59:30.500Z', count: 2 })
    }
  })

  test('is asked read-only, whatever a query calls', async () => {
    expect(await look({ ...base(), query: 'SELECT max(at), count(*) FROM bump()' })).toMatch(/read-only transaction/)
  })

  test('says that a password is wrong, and not which', async () => {
    const said = await look({ ...base('hunter3-wrong'), query: 'SELECT max(at), count(*) FROM receipts' })
    expect(said).toMatch(/password authentication failed/)
    expect(said).not.toContain('hunter3')
  })
})
