import type { DeviceFinished, EventHead, StepFinished } from '../../core/events.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { zoneOfMost } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'

/** What a run told of a device, and when. */
export interface Told<T> {
  readonly device: string
  readonly value: T
  readonly at: string
  readonly run: string
}

type Telling = EventHead & (StepFinished | DeviceFinished)

interface Question<T> {
  readonly fleet: Fleet
  readonly store: RunStore
  readonly period: ReportPeriod
  readonly devices: readonly Device[]
  /** At most so many runs of each set of runbooks are looked through, newest first: what runs often hides nothing that runs at night. */
  readonly runs: number
  /** The last word of each set of runbooks that was run together, until all of them had another, and not only of the last run. */
  readonly ofEach?: 'runbooks'
  /** What an event tells; undefined: nothing of it. Of several in a run the last counts. */
  readonly pick: (event: Telling) => T | undefined
}

/** The last that runs told of each device, in the order of devices. */
export async function toldByRuns<T>(question: Question<T>): Promise<readonly Told<T>[]> {
  const { devices, ofEach } = question
  const words = new Map<string, Words<T>>(devices.map(({ name }) => [name, { told: [], runbooks: new Set() }]))
  const isAllTold = (): boolean => ![...words.values()].some(({ told }) => told.length === 0)
  for (const { run, runbooks } of await runsOf(question)) {
    const names = ofEach === undefined ? [] : runbooks
    for (const told of await toldBy(run, question)) note(words.get(told.device), told, names)
    if (ofEach === undefined && isAllTold()) break
  }
  if (ofEach !== undefined) {
    const silent = [...words].flatMap(([name, { told }]) => (told.length === 0 ? [name] : []))
    for (const told of await toldBefore(silent, question)) note(words.get(told.device), told, [])
  }
  return [...words.values()].flatMap(({ told }) => told)
}

/** Devices of one read, and ends of each that are looked through. */
const [DEVICES, MOST_ENDS] = [50, 200]

/** What ends of devices have told that none of the newest runs could get to: a line may be down for longer than those go back. */
async function toldBefore<T>(silent: readonly string[], question: Question<T>): Promise<readonly Told<T>[]> {
  const { fleet, store, period, pick } = question
  const { from, to } = period.of(zoneOfMost(fleet))
  const when = { from: new Date(from).toISOString(), until: new Date(to).toISOString() }
  const found: Told<T>[] = []
  for (let index = 0; index < silent.length; index += DEVICES) {
    const devices = silent.slice(index, index + DEVICES)
    for (const end of await store.reads.ends({ devices, ...when, limit: devices.length * MOST_ENDS })) {
      const value = pick(end)
      if (value !== undefined) found.push({ device: end.device, value, at: end.at, run: end.run })
    }
  }
  return found
}

interface Words<T> {
  /** The newest first. */
  readonly told: Told<T>[]
  /** Those that have told something. */
  readonly runbooks: Set<string>
}

/** Adds what runbooks told together, unless all of them have told something later. */
function note<T>(words: Words<T> | undefined, told: Told<T>, runbooks: readonly string[]): void {
  if (words === undefined) return
  if (words.told.length > 0 && runbooks.every((name) => words.runbooks.has(name))) return
  words.told.push(told)
  for (const name of runbooks) words.runbooks.add(name)
}

/** Those that began within the period, by the clocks of most stores. */
async function runsOf<T>({ fleet, store, period, runs }: Question<T>): Promise<readonly RunSummary[]> {
  const all = await store.runs({ within: period.of(zoneOfMost(fleet)) })
  const counts = new Map<string, number>()
  return all.filter(({ runbooks }) => {
    const set = JSON.stringify(runbooks)
    const count = (counts.get(set) ?? 0) + 1
    counts.set(set, count)
    return count <= runs
  })
}

/** How many of the devices that were asked for runs have told of, and which runs those are. */
export function toldNote(question: Pick<Question<unknown>, 'devices' | 'runs'>, told: Iterable<string>): string {
  const { devices, runs } = question
  return `From the newest ${runs} runs of each set of runbooks within the period: ${new Set(told).size} of ${devices.length} devices were told of, and the latest of each counts.`
}

async function toldBy<T>(run: string, { store, pick }: Question<T>): Promise<Iterable<Told<T>>> {
  const own = new Map<string, Told<T>>()
  for await (const event of store.events(run)) {
    if (event.type !== 'step.finished' && event.type !== 'device.finished') continue
    const value = pick(event)
    if (value !== undefined) own.set(event.device, { device: event.device, value, at: event.at, run })
  }
  return own.values()
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return isMap(value) ? value : {}
}

export function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null
}
