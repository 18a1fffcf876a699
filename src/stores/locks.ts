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
  return `${IN_FORCE}${branch} ${fleet}`
}

/** How the names of `inForceOf` begin. */
export const IN_FORCE = 'in force '

/** The branch that a name of `inForceOf` is about, which has no space in git (git-check-ref-format); undefined for another fleet. */
export function branchInForce(name: string, fleet: string): string | undefined {
  const [branch = '', ...rest] = name.slice(IN_FORCE.length).split(' ')
  return rest.join(' ') === fleet ? branch : undefined
}

/** Whoever has it numbers the events of the run. */
export function journalOf(run: string): string {
  return `journal ${run}`
}
