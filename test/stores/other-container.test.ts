import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import Database from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/core/duration.ts'
import { bootClockMs } from '../../src/stores/process-identity.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { listed } from '../../src/testing/store-bench.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn('Skipped: processes of other containers; it takes root to make namespaces.')

const DEVICE = 'PL-0001/pos1'
const source = (path: string): string => pathToFileURL(join(import.meta.dirname, '../../src', path)).href
/** Takes the device for a run and is in the middle of its change; for as many milliseconds as its lease lasts. */
const HOLDER = `
  import { hostname } from 'node:os'
  import { openSqliteStore } from '${source('stores/sqlite.ts')}'
  import { recordRun } from '${source('testing/recorded-runs.ts')}'
  const [, path, ttl] = process.argv
  const store = await openSqliteStore(path)
  await store.leases.beat('a', Number(ttl))
  await store.leases.acquire(['${DEVICE}', 'run:a'], { run: 'a', controller: 'a' })
  const change = { step: 's', state: 'changed', changes: [{ path: 'x', before: 1, after: 2 }] }
  const started = { host: hostname(), pid: process.pid }
  const events = recordRun([{ device: '${DEVICE}', state: 'changed', steps: [change] }],
    { run: 'a', mode: 'apply', at: new Date().toISOString(), started })
  await store.append(events.slice(0, 3))
  console.log('holds')
  setInterval(() => undefined, 1000)`

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-container-'))
  path = join(folder, 'state.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Resolves when somebody in a container of its own, of this machine's kernel, has the device and was killed. */
async function killedInContainer(name: string, ttlMs: number): Promise<void> {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', HOLDER, path, String(ttlMs)]
  const inside = ['sh', '-c', `hostname ${name}; exec "$@"`, 'sh', ...node]
  const holder = spawn('unshare', ['--uts', '--pid', '--mount-proc', '--fork', '--kill-child', ...inside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: holder.stdout })) if (line === 'holds') break
  holder.kill('SIGKILL')
  await new Promise((resolve) => holder.once('close', resolve))
}

/** What somebody finds who has never looked before. */
const look = async () => {
  const store = await openSqliteStore(path)
  await store.leases.beat('b', 60_000)
  const { granted } = await store.leases.acquire([DEVICE], { run: 'b', controller: 'b' })
  const [run] = (await store.runs()).filter((each) => each.run === 'a')
  const [status] = await listed(store.status())
  await store.close()
  return { granted, run: run?.state, status: status?.state }
}

const HELD = { granted: false, run: 'running', status: 'in-sync' }
const FREE = { granted: true, run: 'interrupted', status: 'indeterminate' }

test.skipIf(!isRoot).each([
  ['another name', 'c1'],
  ['the name of this machine', hostname()],
])(
  'what a killed container with %s had is free when its lease is over, and not before',
  async (_, name) => {
    const known = await openSqliteStore(path)
    await known.append(
      recordRun([{ device: DEVICE, state: 'in-sync' }], { run: 'before', at: '2026-01-01T00:00:00.000Z' }),
    )
    await known.close()
    await killedInContainer(name, 3_600_000)
    expect(await look()).toEqual(HELD)
    const file = new Database(path)
    file.exec(`UPDATE controllers SET until = ${bootClockMs()} WHERE id = 'a'`)
    file.close()
    expect(await look()).toEqual(FREE)
  },
  60_000,
)

test('what was held before the machine was booted, and given another name, is free after an hour of silence', async () => {
  const store = await openSqliteStore(path)
  await store.leases.beat('a', 60_000)
  await store.leases.acquire([DEVICE, 'run:a'], { run: 'a', controller: 'a' })
  await store.close()
  const file = new Database(path)
  const heard = (msAgo: number): void => {
    file.exec(
      `UPDATE controllers SET host = 'old', process = 'another-boot pid:[1] 1', heard_at = ${Date.now() - msAgo}`,
    )
  }
  heard(50 * MINUTE_MS)
  expect(await look()).toMatchObject({ granted: false })
  heard(70 * MINUTE_MS)
  expect(await look()).toMatchObject({ granted: true })
  file.close()
})

test('what was held before the machine was booted is free where processes cannot be told from later ones', async () => {
  const store = await openSqliteStore(path)
  await store.leases.beat('a', 60_000)
  await store.leases.acquire([DEVICE], { run: 'a', controller: 'a' })
  await store.close()
  const file = new Database(path)
  // Its process number is in use again, and the machine had been up for longer than it is now.
  file.exec(`UPDATE controllers SET until = ${bootClockMs() + 5 * HOUR_MS}`)
  file.close()
  expect(await look()).toMatchObject({ granted: true })
})
