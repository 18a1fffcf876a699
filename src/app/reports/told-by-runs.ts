import type { DeviceFinished, EventHead, StepFinished } from '../../core/events.ts'
import type { Device } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { RunStore } from '../../core/ports.ts'
import type { RunSummary } from '../../core/run.ts'
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
  readonly store: RunStore
  readonly period: ReportPeriod
  readonly devices: readonly Device[]
  /** At most so many runs are looked through, newest first. */
  readonly runs: number
  /** The last word of each set of runbooks that was run together, and not only of the last run. */
  readonly ofEach?: 'runbooks'
  /** What an event tells; undefined: nothing of it. Of several in a run the last counts. */
  readonly pick: (event: Telling) => T | undefined
}

/** The last that runs told of each device, in the order of devices. */
export async function toldByRuns<T>(question: Question<T>): Promise<readonly Told<T>[]> {
  const { devices, ofEach } = question
  const found = new Map<string, Map<string, Told<T>>>(devices.map(({ name }) => [name, new Map()]))
  let left = devices.length
  for (const { run, runbooks } of await runsOf(question)) {
    const set = ofEach === undefined ? '' : JSON.stringify(runbooks)
    for (const told of await toldBy(run, question)) {
      const own = found.get(told.device)
      if (own === undefined || own.has(set)) continue
      own.set(set, told)
      left -= 1
    }
    if (left <= 0 && ofEach === undefined) break
  }
  return [...found.values()].flatMap((own) => [...own.values()])
}

/** Those that began within the period. */
async function runsOf<T>({ store, period, runs }: Question<T>): Promise<readonly RunSummary[]> {
  const { from, to } = period.of('UTC')
  const all = await store.runs({ limit: runs })
  return all.filter(({ started_at: at }) => Date.parse(at) >= from && Date.parse(at) < to)
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
  return isObject(value) ? value : {}
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null
}
