import { type Alert, alertFields } from '../../core/alert.ts'
import { counted } from '../../core/counted.ts'
import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import type { Episode } from '../../core/episode.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { HookRule, HookSettings } from '../../core/hook-rule.ts'
import type { Told } from '../../core/hook-store.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Scope } from '../../core/runbook.ts'
import { type DeviceIndex, indexDevices } from '../../hooks/find-device.ts'
import { valuesTaken } from '../../hooks/hook-params.ts'
import type { HookSource } from '../../hooks/payload.ts'
import { genericSource } from '../../hooks/sources/generic.ts'
import { HOOK_SOURCES } from '../../hooks/sources/index.ts'
import { selectorScope } from '../../lang/expression.ts'
import { suggest } from '../../lang/suggest.ts'

/** Which devices somebody may tell of; undefined: all of them. */
export type Reach = ((device: Device) => boolean) | undefined

/** What alerts are read and placed by: sources, rules and the fleet. */
export interface Placing {
  readonly fleet: Fleet
  readonly settings: HookSettings
  readonly sources: ReadonlyMap<string, HookSource>
  readonly devices: DeviceIndex
}

/**
 * Bodies of more than so many bytes are not read. A line that breaks for a whole chain is one group of Alertmanager, at about 800 bytes
 * an alert; what is refused comes again as it is, and is refused again.
 */
export const MOST_BODY_BYTES = 32 * 1024 * 1024
const MOST_ALERTS = 40_000

export function openPlacing(fleet: Fleet, settings: HookSettings): Placing {
  const sources = [...HOOK_SOURCES, ...settings.sources.map(genericSource)]
  const hostnames = (device: Device): readonly string[] =>
    settings.hostnames.flatMap((expression) => {
      const answer = expression.evaluate(selectorScope(fleet, device))
      return answer.ok && typeof answer.value === 'string' ? [answer.value] : []
    })
  return {
    fleet,
    settings,
    sources: new Map(sources.map((source) => [source.name, source])),
    devices: indexDevices(fleet, hostnames),
  }
}

/** The alerts of a body, and how many it says that were left out of it. Throws InputError where it is none of that source. */
export function readBody(placing: Pick<Placing, 'sources'>, source: string, body: string): Body {
  const reader = placing.sources.get(source)
  if (!reader) throw new InputError([unknownSource(source, [...placing.sources.keys()])])
  const wrong = (detail: string): InputError => {
    const summary = `This is no payload of ${source}`
    return inputError('HOOK_PAYLOAD_INVALID', summary, detail)
  }
  if (body.trim() === '') throw wrong('It is empty.')
  if (Buffer.byteLength(body) > MOST_BODY_BYTES) throw wrong(`It has more than ${MOST_BODY_BYTES / 1024 / 1024} MiB.`)
  let payload: JsonValue
  try {
    payload = JSON.parse(body) as JsonValue
  } catch {
    throw wrong('It is not JSON.')
  }
  const read = depthOf(payload) ? reader.read(payload) : { ok: false as const, problem: 'It is nested too deeply.' }
  if (!read.ok) throw wrong(read.problem)
  if (read.alerts.length > MOST_ALERTS) throw wrong(`It has more than ${MOST_ALERTS} alerts.`)
  return { alerts: read.alerts, leftOut: read.leftOut ?? 0 }
}

interface Body {
  readonly alerts: readonly Alert[]
  readonly leftOut: number
}

/** What is told where alerts were left out; nobody knows which, and their all-clears are among them. */
export function leftOutText(leftOut: number): string {
  return `${counted(leftOut, 'alert was', 'alerts were')} left out of it ("truncatedAlerts"): set max_alerts of the receiver to 0.`
}

/**
 * Finds the device of an alert and the rule that holds for it; of what cannot be placed, why. What lies beyond the reach of
 * whoever tells it is answered like what does not exist.
 */
export function placeAlert(placing: Placing, alert: Alert, reach?: Reach): Told & { readonly ruleOf?: HookRule } {
  if (alert.unplaced !== undefined) return { alert, why: alert.unplaced }
  const found = placing.devices.find(alert, reach)
  if (!found.ok) return { alert, why: found.why }
  const { rule, why } = ruleFor(placing, alert, { device: found.device, store: found.store })
  if (!rule) return { alert: withDevice(alert, found.device), why }
  const { about, name } = rule
  if (about === 'device' && !found.device)
    return { alert, why: `It names a store only, and the rule "${name}" is about devices.` }
  if (about === 'store' && !reachesStore(placing.fleet, found.store, reach))
    return { alert, why: `Not all devices of the store are within reach, and the rule "${name}" is about stores.` }
  const device = about === 'store' ? null : (found.device?.name ?? null)
  const mayReturn = placing.sources.get(alert.source)?.idsReturn
  const values = device === null ? {} : valuesTaken(rule, alertScope(placing, alert, found))
  const taken = Object.keys(values).length > 0 && { values }
  const head = { rule: name, fault: rule.fault, about, device, store: found.store, ...taken } as const
  return { alert, why: null, head, ...(mayReturn && { mayReturn }), ruleOf: rule }
}

/**
 * The first rule that holds. That monitoring has no data is no fault of a device: a rule that would hold for the fault itself is passed
 * over, one that means just that holds.
 */
function ruleFor(
  placing: Placing,
  alert: Alert,
  of: { readonly device: Device | null; readonly store: string | null },
): { readonly rule?: HookRule; readonly why: string } {
  const { rules } = placing.settings
  const holds = (told: Alert): ((rule: HookRule) => boolean) => {
    const scope = alertScope(placing, told, of)
    return ({ sources, match }) => {
      if (sources.length > 0 && !sources.includes(told.source)) return false
      const answer = match.evaluate(scope)
      return answer.ok && answer.value === true
    }
  }
  const { noDataOf } = alert
  const isAboutFault = noDataOf === undefined ? () => false : holds({ ...alert, name: noDataOf })
  const isFor = holds(alert)
  const rule = rules.find((each) => isFor(each) && !isAboutFault(each))
  if (rule) return { rule, why: '' }
  const passed = noDataOf === undefined ? undefined : rules.find(isFor)
  const why = `Monitoring has no data for "${noDataOf}" (${alert.name}), so nothing is known of the fault that the rule "${passed?.name}" is about.`
  return { why: passed ? why : 'No rule holds for it.' }
}

/** Whether somebody may tell of a place; of one that is not in the inventory only who may tell of everything. */
export function reaches(fleet: Fleet, { device, store }: Pick<Episode, 'device' | 'store'>, reach: Reach): boolean {
  if (reach === undefined) return true
  if (device === null) return fleet.stores.has(store ?? '') && reachesStore(fleet, store, reach)
  const found = fleet.devices.get(device)
  return found !== undefined && reach(found)
}

/** While a store has a fault, nothing is done about its devices: nobody may say so of those that it may not tell of. */
function reachesStore(fleet: Fleet, store: string | null, reach: Reach): boolean {
  return reach === undefined || (fleet.stores.get(store ?? '')?.devices ?? []).every(reach)
}

/** What expressions of rules see. */
export function alertScope(
  { fleet }: Pick<Placing, 'fleet'>,
  alert: Alert,
  of: { readonly device: Device | null; readonly store: string | null },
): Scope {
  const alertSeen = { alert: alertFields(alert) }
  if (of.device) return { ...selectorScope(fleet, of.device), ...alertSeen }
  const store = fleet.stores.get(of.store ?? '')
  const [neighbour] = store?.devices ?? []
  const fields: JsonObject = neighbour ? selectorScope(fleet, neighbour).store : { id: store?.id ?? '' }
  return { store: fields, device: { region: store?.region ?? '' }, params: {}, vars: {}, steps: {}, ...alertSeen }
}

function withDevice(alert: Alert, device: Device | null): Alert {
  return device ? { ...alert, device: device.name } : alert
}

function unknownSource(name: string, names: readonly string[]): Diagnostic {
  const near = suggest(name, names)
  const summary = `There is no source "${name}"`
  const detail = `There are ${names.join(', ')}.`
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  return { code: 'HOOK_PAYLOAD_INVALID', severity: 'error', summary, detail, ...hint }
}

const MOST_DEPTH = 50

function depthOf(value: JsonValue): boolean {
  let level: readonly JsonValue[] = [value]
  for (let depth = 0; depth < MOST_DEPTH; depth++) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as JsonValue[]) : [],
    )
    if (level.length === 0) return true
  }
  return false
}
