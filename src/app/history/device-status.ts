import { InputError } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import type { Device } from '../../core/fleet.ts'
import { DEVICE_STATES, type DeviceState } from '../../core/outcome.ts'
import type { RunStore } from '../../core/ports.ts'
import type { DeviceStatus } from '../../core/run.ts'

/** What is known of a device of the inventory; `never`: no run has looked at it. */
export interface KnownState extends Omit<DeviceStatus, 'state' | 'run' | 'at'> {
  readonly state: DeviceState | 'never'
  readonly run: string | null
  readonly at: string | null
  /** Seconds since then. */
  readonly age_s: number | null
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
  options: { readonly filter: StatusFilter; readonly now: Date },
): Promise<KnownState[]> {
  const statuses = new Map<string, DeviceStatus>()
  for await (const status of store.status()) statuses.set(status.device, status)
  const { filter, now } = options
  return devices.map(({ name }) => knownState(name, statuses.get(name), now)).filter((known) => passes(known, filter))
}

function knownState(device: string, status: DeviceStatus | undefined, now: Date): KnownState {
  if (!status) {
    const nothing = { code: null, message: null, run: null, runbooks: [], at: null, seen_at: null, age_s: null }
    return { device, state: 'never', unknown: true, ...nothing }
  }
  return { ...status, age_s: Math.max(0, Math.round((now.getTime() - Date.parse(status.at)) / 1000)) }
}

function passes(known: KnownState, { states, olderThanMs }: StatusFilter): boolean {
  if (states.length > 0 && !states.includes(known.state) && !(states.includes('unknown') && known.unknown)) return false
  return olderThanMs === undefined || known.age_s === null || known.age_s * 1000 > olderThanMs
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
  throw new InputError([
    { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary: `"${text}" is no span of time`, detail },
  ])
}
