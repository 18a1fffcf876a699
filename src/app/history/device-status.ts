import { inputError } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import type { Device } from '../../core/fleet.ts'
import { DEVICE_STATES, type DeviceState } from '../../core/outcome.ts'
import type { DeviceStatus } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { OutageNote } from '../outages/known-outages.ts'
import { currentLooks, type KnownLook, worstLook } from './current-looks.ts'

/** What is known of a device of the inventory: the worst of what counts; `never`: no run has looked at it. */
export interface KnownState extends Omit<DeviceStatus, 'state' | 'run' | 'at' | 'looks'> {
  readonly state: DeviceState | 'never'
  readonly run: string | null
  readonly at: string | null
  /** Seconds since then. */
  readonly age_s: number | null
  /** When any run looked at it last. */
  readonly last_at: string | null
  readonly looks: readonly KnownLook[]
  /** What is known to be out of order there now; absent: nobody asked. */
  readonly outages?: readonly OutageNote[]
}

const KNOWN_STATES = [...DEVICE_STATES, 'never'] as const

/** Values of the filter by state: `unknown` also stands for devices in another state with steps that could not be judged. */
export const STATUS_FILTERS = KNOWN_STATES

export interface StatusFilter {
  readonly states: readonly string[]
  /** Only what was last looked at longer ago than so many milliseconds, or never. */
  readonly olderThanMs?: number | undefined
}

/** The last known state of each of the devices, in their order, as of `now`. */
export async function knownStates(
  store: RunStore,
  devices: readonly Device[],
  options: {
    readonly filter: StatusFilter
    readonly now: Date
    /** The runbooks that are assigned to devices, each with what it is about, by device. */
    readonly assigned: ReadonlyMap<string, ReadonlySet<string>>
  },
): Promise<KnownState[]> {
  const statuses = new Map<string, DeviceStatus>()
  for await (const status of store.status()) statuses.set(status.device, status)
  const { filter, now, assigned } = options
  return devices
    .map(({ name }) => knownState(name, statuses.get(name), { now, assigned: assigned.get(name) ?? new Set() }))
    .filter((known) => passes(known, filter, now))
}

/** What is known of one device, by what the store says of it. */
export function knownState(
  device: string,
  status: DeviceStatus | undefined,
  { now, assigned }: { readonly now: Date; readonly assigned: ReadonlySet<string> },
): KnownState {
  if (!status) {
    const nothing = {
      code: null,
      message: null,
      run: null,
      runbooks: [],
      about: [],
      at: null,
      seen_at: null,
      age_s: null,
      last_at: null,
    }
    return { device, state: 'never', unknown: true, ...nothing, looks: [] }
  }
  const looks = currentLooks(status, assigned, now)
  const { state, unknown, code, message, run, runbooks, about, at } = worstLook(looks) ?? status
  const age_s = Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000))
  const worst = { state, unknown: unknown || looks.some((look) => look.counts && look.unknown), code, message }
  return { device, ...worst, run, runbooks, about, at, seen_at: status.seen_at, age_s, last_at: status.at, looks }
}

function passes(known: KnownState, { states, olderThanMs }: StatusFilter, now: Date): boolean {
  if (states.length > 0 && !states.includes(known.state) && !(states.includes('unknown') && known.unknown)) return false
  if (olderThanMs === undefined || known.last_at === null) return true
  return now.getTime() - Date.parse(known.last_at) > olderThanMs
}

/** How many devices are in each state, and how many of those cannot be relied on. */
export function countStates(known: readonly KnownState[]): { counts: Record<string, number>; unknown: number } {
  const counts: Record<string, number> = Object.fromEntries(KNOWN_STATES.map((state) => [state, 0]))
  for (const { state } of known) counts[state] = (counts[state] ?? 0) + 1
  return { counts, unknown: known.filter(({ unknown }) => unknown).length }
}

/** Milliseconds of `30m`, `12h`, `7d`. Throws InputError. */
export function ageOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  const detail = 'Write a number with its unit, as 30m, 12h, 7d.'
  throw inputError('SCHEMA_VALUE_INVALID', `"${text}" is no span of time`, detail)
}
