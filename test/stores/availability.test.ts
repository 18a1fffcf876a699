import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DeviceSpans } from '../../src/core/ledger.ts'
import type { RunStore } from '../../src/core/run-store.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { type Rng, randomFrom } from '../ledger/random.ts'

const MINUTE = 60_000
const HOLD = 60 * MINUTE
/** The last hours of a month, so that spans are cut. */
const BEGIN = Date.UTC(2026, 9, 31, 20)
const SEED = Number(process.env['TILL_LEDGER_SEED'] ?? Date.now() % 1_000_000)

let folder: string
const open: RunStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-availability-'))
})
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function storeAt(name: string): Promise<RunStore> {
  const store = await openSqliteStore(join(folder, `${name}.db`))
  open.push(store)
  return store
}

async function spansOf(store: RunStore): Promise<readonly DeviceSpans[]> {
  const all: DeviceSpans[] = []
  for await (const one of store.availability.spans({ from: 0, to: BEGIN + 60 * 24 * 60 * MINUTE })) all.push(one)
  const text = (one: unknown): string => JSON.stringify(one)
  return all
    .map(({ spans, ...rest }) => ({ ...rest, spans: [...spans].sort((a, b) => (text(a) < text(b) ? -1 : 1)) }))
    .sort((a, b) => (a.device < b.device ? -1 : 1))
}

const sale = { fault: 'sale-blocked', severity: 'sale-blocked', owner: 'store', cause: 'paper-out' } as const
const ENDS: readonly Omit<RecordedDevice, 'device'>[] = [
  { state: 'in-sync', answered: true },
  { state: 'in-sync', answered: true },
  { state: 'drifted', answered: true },
  { state: 'unmet', classification: sale, answered: true },
  { state: 'unreachable', failure: { code: 'CONNECT_TIMEOUT', phase: 'connect', message: 'It did not answer.' } },
  { state: 'unreachable', failure: { code: 'AUTH_REFUSED', phase: 'authenticate', message: 'It was refused.' } },
  { state: 'unknown', unknown: true, answered: true },
  { state: 'deferred', failure: { code: 'ADMISSION_WINDOW', phase: 'observe', message: 'Not now.' } },
] as never

type Run = ReturnType<typeof recordRun>

function randomRuns(rng: Rng): Run[] {
  const last = new Map<string, number>()
  return Array.from({ length: 60 }, (_, index) => {
    const devices = ['S1/pos1', 'S1/pos2', 'S2/pos1'].filter(() => rng.chance(0.8))
    const ended = devices.map((device): RecordedDevice => {
      if (rng.chance(0.25)) last.set(device, rng.int(0, ENDS.length))
      return { device, ...ENDS[last.get(device) ?? 0] } as RecordedDevice
    })
    const at = new Date(BEGIN + index * 10 * MINUTE + rng.int(0, 3) * MINUTE).toISOString()
    const name = rng.pick(['till-health', 'printer-check'])
    const runbooks = [{ name, digest: 'ab'.repeat(32), params: {} }]
    return recordRun(ended, { run: `run${String(index).padStart(3, '0')}`, at, started: { runbooks } })
  })
}

test(`what is folded as runs come, late ones too, is what is folded of all of them (seed ${SEED})`, async () => {
  for (let round = 0; round < 4; round += 1) {
    const rng = randomFrom(SEED + round)
    const runs = randomRuns(rng)
    const whole = await storeAt(`whole${round}`)
    for (const run of runs) await whole.append(run)
    await whole.availability.takeIn(HOLD)
    const expected = await spansOf(whole)
    expect(expected.flatMap(({ spans }) => spans).length).toBeGreaterThan(20)

    // Runs that end later than others that began after them, taken in piece by piece.
    const bitByBit = await storeAt(`bits${round}`)
    const late = rng.shuffled(runs)
    for (const run of late) {
      const cut = rng.int(1, run.length)
      await bitByBit.append(run.slice(0, cut))
      if (rng.chance(0.5)) await bitByBit.availability.takeIn(HOLD)
      await bitByBit.append(run.slice(cut))
      if (rng.chance(0.5)) await bitByBit.availability.takeIn(HOLD)
    }
    await bitByBit.availability.takeIn(HOLD)
    expect(JSON.stringify(await spansOf(bitByBit))).toBe(JSON.stringify(expected))

    // Folded anew it is the same, and so it is when looks held for another time in between.
    await bitByBit.availability.refold(HOLD)
    expect(JSON.stringify(await spansOf(bitByBit))).toBe(JSON.stringify(expected))
    await bitByBit.availability.takeIn(15 * MINUTE)
    expect(JSON.stringify(await spansOf(bitByBit))).not.toBe(JSON.stringify(expected))
    await bitByBit.availability.takeIn(HOLD)
    expect(JSON.stringify(await spansOf(bitByBit))).toBe(JSON.stringify(expected))
  }
})

test('what runs found outlives them', async () => {
  const store = await storeAt('forgets')
  const runs = randomRuns(randomFrom(1))
  for (const run of runs) await store.append(run)
  await store.availability.takeIn(HOLD)
  const before = await spansOf(store)
  // All are older than a day: everything but the last one goes.
  for (let round = 0; round < 3; round += 1) await store.forget('run059', { days: 1, megabytes: 1_000 })
  expect((await store.runs()).length).toBeLessThan(5)
  await store.availability.takeIn(HOLD)
  await store.availability.refold(HOLD)
  const looks = (all: readonly DeviceSpans[]): unknown => {
    return all.map(({ device, spans }) => [device, spans.map(({ first, last, found }) => [first, last, found])])
  }
  expect(looks(await spansOf(store))).toEqual(looks(before))
})

test('a month that was closed stays as it is, and its next version has the next number', async () => {
  const store = await storeAt('months')
  const month = {
    contract: 'kas',
    month: '2026-10',
    closed_at: '2026-11-02T08:00:00.000Z',
    by: 'ola',
    json: '{}',
    hash: 'ab',
  }
  expect(await store.availability.close({ ...month, version: 1, why: null })).toBe(true)
  expect(await store.availability.close({ ...month, version: 1, why: null })).toBe(false)
  expect(await store.availability.close({ ...month, version: 3, why: 'power cut' })).toBe(false)
  expect(await store.availability.close({ ...month, version: 2, why: 'power cut' })).toBe(true)
  expect((await store.availability.closed()).map(({ version, why }) => [version, why])).toEqual([
    [1, null],
    [2, 'power cut'],
  ])
})
