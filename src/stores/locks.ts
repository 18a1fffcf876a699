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

/** Leave to change devices of a fleet: leases, caps and the breaker. */
export function admissionOf(fleet: string): string {
  return `admission ${fleet}`
}

/** What became of the reports of a fleet that are sent by themselves. */
export function reportsOf(fleet: string): string {
  return `reports ${fleet}`
}

/** Known outages of a fleet. */
export function outagesOf(fleet: string): string {
  return `outages ${fleet}`
}

/** The revision that came into force last. */
export function inForceOf({ branch, fleet }: { readonly branch: string; readonly fleet: string }): string {
  return `in force ${branch} ${fleet}`
}

/** Whoever has it numbers the events of the run. */
export function journalOf(run: string): string {
  return `journal ${run}`
}
