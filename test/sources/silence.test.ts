import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openEventStore, openHookStore } from '../../src/app/history/open-store.ts'
import { Listening } from '../../src/app/streams/listening.ts'
import { lookForSilence } from '../../src/app/streams/silence.ts'
import { sourcesStatus } from '../../src/app/streams/sources-status.ts'
import { endTold, tellSilence } from '../../src/app/streams/tell-silence.ts'
import type { Heard } from '../../src/core/event-source.ts'
import { sampleFleet } from '../lang/sample-fleet.ts'
import { settingsOf } from './some-source.ts'

/** A Monday; stores of the sample trade on it from 06:00 to 22:00. */
const NOON = Date.parse('2026-11-30T12:00:00+01:00')
const settings = settingsOf(`    push: true\n    device: event.till\n    silence: {after: 45s}\n    rules: []\n`)

/** What is heard: seconds ago, by device. */
function look(ago: Readonly<Record<string, number>>, { now = NOON, since = 0, closed = [] as string[] } = {}) {
  const { stores, ...fleet } = sampleFleet(3)
  const hours = { week: { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }, exceptions: {} }
  const ours = new Map([...stores].map(([id, store]) => [id, closed.includes(id) ? { ...store, hours } : store]))
  const heard = Object.entries(ago).map(([device, seconds]): Heard => {
    return { device, heardAt: now - seconds * 1000, eventAt: now - seconds * 1000, told: null }
  })
  const { silent, isQuiet } = lookForSilence(settings, { heard, fleet: { ...fleet, stores: ours }, since, now })
  return { silent: silent.map(({ device }) => device), isQuiet }
}

const tills = (store: string, seconds: number) => ({
  [`${store}/pos1`]: seconds,
  [`${store}/pos2`]: seconds,
  [`${store}/pos3`]: seconds,
})

it('A source by which nothing comes is quiet, also where devices have left the inventory, or stores are closed', () => {
  const all = { ...tills('S0001', 60), ...tills('S0002', 60) }
  expect(look(all).isQuiet).toBe(true)
  expect(look({ ...all, 'S0001/pos9': 90_000 }).isQuiet).toBe(true)
  expect(look({ ...all, ...tills('S0003', 50_000) }, { closed: ['S0003'] }).isQuiet).toBe(true)
  // Somebody speaks; or it is one store that is cut off while the others are closed.
  expect(look({ ...all, 'S0003/pos1': 20 }).isQuiet).toBe(false)
  expect(look({ ...all, 'S0003/pos1': 20 }, { closed: ['S0003'] }).isQuiet).toBe(false)
  expect(look({ ...tills('S0001', 60), ...tills('S0003', 50_000) }, { closed: ['S0003'] })).toEqual({
    silent: ['S0001/pos1', 'S0001/pos2', 'S0001/pos3'],
    isQuiet: false,
  })
})

it('What nobody could hear is no silence: while a source brought nothing, was not there, or led elsewhere', () => {
  const listening = new Listening()
  const since = (now: number, more: { inTrouble?: boolean; from?: typeof settings.from } = {}) =>
    listening.since({ name: 'tills', from: more.from ?? settings.from }, { now, inTrouble: more.inTrouble ?? false })
  const second = (number: number): number => NOON + number * 1000

  expect(since(NOON)).toBe(NOON)
  expect(since(second(5))).toBe(NOON)
  // The broker was away for an hour: nobody has been silent for 45 s when it is back.
  since(second(10), { inTrouble: true })
  expect(since(second(3600), { inTrouble: true })).toBe(second(3600))
  const back = since(second(3605))
  expect(back).toBe(second(3600))
  const heard = { 'S0001/pos1': 1, 'S0001/pos2': 3600 }
  expect(look(heard, { now: second(3605), since: back }).silent).toEqual([])
  expect(look(heard, { now: second(3650), since: since(second(3650)) }).silent).toEqual(['S0001/pos2'])

  expect(since(second(4000), { from: { kind: 'files', path: 'in', fromEnd: false } })).toBe(second(4000))
  listening.keep([])
  expect(since(second(5000))).toBe(second(5000))
})

it('A server that begins anew gives no all-clear for what has not spoken, and one when it speaks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-silence-'))
  const place = { file: join(folder, 'state.db') }
  const [events, hooks] = [await openEventStore(place), await openHookStore(place)]
  try {
    const began = Date.now()
    const gives = {
      device: 'S0001/pos1',
      at: began,
      asOf: began,
      isSignOfLife: true,
      counts: [],
      samples: [],
      marks: [],
    }
    const speak = () =>
      events.take('one', { part: 'push', yields: [{ tallies: ['taken'], gives }] }, { repeatedWithinMs: 1 })
    await speak()
    const always = settingsOf(
      `    push: true\n    device: event.till\n    silence: {after: 45s, always: true}\n    rules: []\n`,
    )
    /** What is told after so many seconds, by one that has listened for so many. */
    const tell = async (seconds: number, listened: number): Promise<readonly string[]> => {
      const now = began + seconds * 1000
      const before = new Set((await hooks.pending(100)).map(({ entry }) => entry))
      const of = { events, hooks, fleet: sampleFleet(1), since: now - listened * 1000, now, inTrouble: false }
      await tellSilence(always, of)
      const news = (await hooks.pending(100)).filter(({ entry }) => !before.has(entry))
      return news.flatMap(({ body }) => {
        const { alerts } = JSON.parse(body) as { alerts: { state: string; name: string }[] }
        return alerts.map(({ state, name }) => `${name} ${state}`)
      })
    }
    expect(await tell(60, 3600)).toEqual(['till-silent firing'])
    expect(await tell(70, 5)).toEqual([])
    expect(await tell(130, 65)).toEqual([])
    await speak()
    expect(await tell(10, 3600)).toEqual(['till-silent resolved'])
  } finally {
    await events.close()
    await hooks.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

it('What kept a source from bringing anything ends with the source', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-silence-'))
  const place = { file: join(folder, 'state.db') }
  const [events, hooks] = [await openEventStore(place), await openHookStore(place)]
  try {
    for (const name of ['one', 'gone']) await events.trouble(name, 'the broker is away')
    const troubles = async () => {
      const sources = await sourcesStatus([settings], events, { fleet: sampleFleet(1), now: NOON })
      return sources.map(({ source, trouble }) => [source, trouble])
    }
    const expected = [
      ['one', 'the broker is away'],
      ['gone', null],
    ]
    expect(await troubles()).toEqual(expected)
    await endTold([settings], { events, hooks, now: NOON })
    expect((await events.standing()).map(({ source }) => source)).toEqual(['one'])
    expect(await troubles()).toEqual(expected.slice(0, 1))
  } finally {
    await events.close()
    await hooks.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
