import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
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
