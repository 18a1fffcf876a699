import type { FleetKey } from '../core/fleet-key.ts'

/** What transactions have to themselves, by name; see `Locks`. A transaction takes all of its locks at once. */
export const LEASES = 'leases'
export const AUDIT = 'audit'
export const HOOKS = 'hooks'
export const KEPT = 'kept'
export const CHANGE_TIMES = 'change times'
export const AVAILABILITY = 'availability'
export const WORKERS = 'workers'
export const ASSIGNMENTS = 'assignments'
/** Whoever puts events into the outbox shares it; who has it alone knows that no number below the newest is still to come. */
export const OUTBOX = 'outbox'
export const SINKS = 'sinks'
/** Names of fleets, and the keys that they go by. */
export const FLEETS = 'fleets'

const ADMISSION = 'admission '
const HELD = 'holds '
const REPORTED = 'reports '
const OUTAGES = 'outages '
/** How the names of `inForceOf` begin. */
export const IN_FORCE = 'in force '
/** How the names of facts begin that are kept by the key of a fleet. */
export const KEPT_BY_FLEET: readonly string[] = [ADMISSION, HELD, REPORTED, OUTAGES, IN_FORCE]

/** The key of the fleet that a fact of these is about. */
export function fleetNameIn(name: string): string | undefined {
  const prefix = KEPT_BY_FLEET.find((one) => name.startsWith(one))
  if (prefix === undefined) return undefined
  const rest = name.slice(prefix.length)
  return prefix === IN_FORCE ? rest.slice(rest.indexOf(' ') + 1) : rest
}

/** Leave to change devices of a fleet: leases, caps and the breaker. */
export function admissionOf(fleet: FleetKey): string {
  return ADMISSION + fleet
}

/** What is not to be touched of it. */
export function holdsOf(fleet: FleetKey): string {
  return HELD + fleet
}

/** What became of the reports of a fleet that are sent by themselves. */
export function reportsOf(fleet: FleetKey): string {
  return REPORTED + fleet
}

/** Known outages of a fleet. */
export function outagesOf(fleet: FleetKey): string {
  return OUTAGES + fleet
}

/** The revision that came into force last. */
export function inForceOf({ branch, fleet }: { readonly branch: string; readonly fleet: FleetKey }): string {
  return `${IN_FORCE}${branch} ${fleet}`
}

/** The branch that a name of `inForceOf` is about, which has no space in git (git-check-ref-format); undefined for another fleet. */
export function branchInForce(name: string, fleet: FleetKey): string | undefined {
  return fleetNameIn(name) === fleet ? name.slice(IN_FORCE.length).split(' ')[0] : undefined
}

/** Whoever has it numbers the events of the run. */
export function journalOf(run: string): string {
  return `journal ${run}`
}
