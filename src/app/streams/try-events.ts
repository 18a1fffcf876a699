import { counted } from '../../core/counted.ts'
import { InputError } from '../../core/diagnostic.ts'
import {
  COUNT_EVERY_MS,
  type DeviceYield,
  SOURCE_TALLIES,
  type SourceSettings,
  type SourceTally,
} from '../../core/event-source.ts'
import type { JsonObject } from '../../core/json.ts'
import { readRegular } from '../../files/read-regular.ts'
import { JsonObjects } from '../../streams/intake/json-objects.ts'
import { EventMapper, type FindDevice, type RawEvent } from '../../streams/intake/map-event.ts'
import { TALLY_WORDS } from './sources-status.ts'

const MOST_BYTES = 64 * 1024 * 1024

interface TriedDevice {
  events: number
  readonly counts: Map<string, number>
  readonly samples: Map<string, { n: number; last: number }>
  readonly marks: Map<string, { readonly value: string; readonly at: number }>
}

/** What recorded events would come to. Nothing is written. */
export interface Tried {
  readonly source: string
  readonly tallies: ReadonlyMap<SourceTally, number>
  readonly unknown: ReadonlyMap<string, number>
  readonly devices: ReadonlyMap<string, TriedDevice>
  /** Events that came to nothing, in the order of the file; the first of them, where there are many. */
  readonly wrong: readonly WrongEvent[]
}

interface WrongEvent {
  /** Of the file; of objects one behind the other, which of them it is. From 1. */
  readonly line: number
  readonly what: SourceTally
  readonly why?: string
}

const MOST_WRONG = 20
/** What is no reason to look at a line of the file. */
const HARMLESS: ReadonlySet<SourceTally> = new Set(['taken', 'repeated', 'late', 'retained'])

/** Every event is known and finds its device. */
export function isAllKnown({ tallies }: Tried): boolean {
  return [...tallies.keys()].every((what) => what !== 'retained' && HARMLESS.has(what))
}

/** The bytes of a file of recorded events. Throws InputError where it cannot be read. */
export function readRecordedEvents(file: string): Buffer {
  try {
    return readRegular(file, MOST_BYTES)
  } catch (error) {
    const summary = `"${file}" cannot be read: ${(error as Error).message}`
    throw new InputError([{ code: 'FILE_UNREADABLE', severity: 'error', summary }])
  }
}

/** Reads the bytes of a file of recorded events as the source would: a line each, or objects one behind the other. */
export function tryEvents(
  settings: SourceSettings,
  {
    bytes,
    find,
    now,
    topic,
  }: { readonly bytes: Buffer; readonly find: FindDevice; readonly now: number; readonly topic: string },
): Tried {
  const mapper = new EventMapper(settings, find)
  const tallies = new Map<SourceTally, number>()
  const unknown = new Map<string, number>()
  const devices = new Map<string, TriedDevice>()
  const seen = new Set<string>()
  const wrong: WrongEvent[] = []
  for (const { line, ...raw } of recorded(settings, bytes)) {
    const { id, tallies: own, unknown: name, gives, why } = mapper.map({ ...raw, topic }, now)
    const isAgain = id !== undefined && seen.has(id)
    if (id !== undefined) seen.add(id)
    for (const what of isAgain ? (['repeated'] as const) : own) add(tallies, what)
    if (isAgain) continue
    wrong.push(...wrongOf(own, line, why))
    if (name) add(unknown, `${name.what} ${name.name}`)
    if (gives) addTo(devices, gives)
  }
  return { source: settings.name, tallies, unknown, devices, wrong: wrong.slice(0, MOST_WRONG) }
}

function wrongOf(tallies: readonly SourceTally[], line: number, why: string | undefined): readonly WrongEvent[] {
  const what = tallies.find((one) => !HARMLESS.has(one))
  return what === undefined ? [] : [{ line, what, ...(why !== undefined && { why }) }]
}

function add<Key>(sums: Map<Key, number>, key: Key): void {
  sums.set(key, (sums.get(key) ?? 0) + 1)
}

function addTo(devices: Map<string, TriedDevice>, { device: name, at, counts, samples, marks }: DeviceYield): void {
  const device = devices.get(name) ?? { events: 0, counts: new Map(), samples: new Map(), marks: new Map() }
  devices.set(name, device)
  device.events += 1
  const hour = new Date(Math.floor(at / COUNT_EVERY_MS) * COUNT_EVERY_MS).toISOString()
  for (const series of counts) add(device.counts, `${series} ${hour}`)
  for (const { series, value } of samples)
    device.samples.set(series, { n: (device.samples.get(series)?.n ?? 0) + 1, last: value })
  for (const { name: mark, value } of marks)
    if ((device.marks.get(mark)?.at ?? 0) <= at) device.marks.set(mark, { value, at })
}

function recorded(
  { from, maxBytes }: SourceSettings,
  bytes: Buffer,
): readonly (RawEvent & { readonly line: number })[] {
  if (from.kind === 'set_events')
    return new JsonObjects(maxBytes).push(bytes).map((raw, index) => ({ ...raw, line: index + 1 }))
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
  return lines.map((text, index) => ({ text, topic: '', line: index + 1 })).filter(({ text }) => text.trim() !== '')
}

/** As JSON. */
export function triedDocument({ source, tallies, unknown, devices, wrong }: Tried): JsonObject {
  return {
    schema: 'till.sources-tried/1',
    source,
    events: Object.fromEntries(SOURCE_TALLIES.map((what) => [what, tallies.get(what) ?? 0])),
    unknown: [...unknown].map(([key, count]) => {
      const [what = '', ...name] = key.split(' ')
      return { what, name: name.join(' '), count }
    }),
    wrong: wrong.map(({ line, what, why }) => ({ line, what, ...(why !== undefined && { why }) })),
    devices: [...devices].map(([device, { events, counts, samples, marks }]) => ({
      device,
      events,
      counts: [...counts].map(([key, count]) => {
        const [series = '', hour = ''] = key.split(' ')
        return { series, hour, count }
      }),
      samples: [...samples].map(([series, { n, last }]) => ({ series, count: n, last })),
      marks: [...marks].map(([name, { value, at }]) => ({ name, value, at: new Date(at).toISOString() })),
    })),
  }
}

/** For a terminal. */
export function triedText({ source, tallies, unknown, devices, wrong }: Tried): string {
  const counted = SOURCE_TALLIES.filter((what) => (tallies.get(what) ?? 0) > 0)
  const lines = [
    `${source}: ${counted.map((what) => `${tallies.get(what)} ${TALLY_WORDS[what]}`).join(', ') || 'no events'}`,
  ]
  for (const [key, count] of unknown) {
    const [what = '', ...name] = key.split(' ')
    lines.push(`  unknown ${what} ${JSON.stringify(name.join(' '))}: ${count}`)
  }
  for (const { line, what, why } of wrong)
    lines.push(`  line ${line}: ${TALLY_WORDS[what]}${why === undefined ? '' : `: ${why}`}`)
  if (wrong.length === MOST_WRONG) lines.push('  (lines after these may be wrong, too)')
  for (const [name, device] of devices) lines.push(...linesOf(name, device))
  return `${lines.join('\n')}\n`
}

function linesOf(device: string, { events, counts, samples, marks }: TriedDevice): readonly string[] {
  const lines = [`  ${device}: ${counted(events, 'event')}`]
  for (const [key, count] of counts) {
    const [series = '', hour = ''] = key.split(' ')
    lines.push(`    ${series} ${count} in the hour of ${hour.slice(0, 16)}Z`)
  }
  for (const [series, { n, last }] of samples) lines.push(`    ${series} ${last} (${counted(n, 'sample')})`)
  for (const [name, { value, at }] of marks)
    lines.push(`    ${name} ${JSON.stringify(value)} as of ${new Date(at).toISOString()}`)
  return lines
}
