import type { FleetKey } from './fleet-key.ts'
/** What controllers that share a state follow: a branch, for a fleet. */
export interface Followed {
  readonly fleet: FleetKey
  readonly branch: string
}

/** The revision that came into force last, on whichever of the controllers that share a state. */
export interface LastInForce {
  readonly commit: string
  /** When it came into force there, or was ordered. */
  readonly at: string
  /** Name of that controller. */
  readonly on: string
  /** The account of whoever ordered it in the place of what was in force; absent where it is newer than that. */
  readonly ordered_by?: string
}

/** Which revision counts where several controllers share a state. */
export interface RevisionStore {
  lastInForce(of: Followed): Promise<LastInForce | undefined>
  /** The same of every branch that is followed for a fleet. */
  allInForce(fleet: FleetKey): Promise<readonly (LastInForce & Pick<Followed, 'branch'>)[]>
  /** Puts `next` in the place of `before`; false where it is another one by now. */
  putInForce(
    of: Followed,
    change: { readonly before: LastInForce | undefined; readonly next: LastInForce },
  ): Promise<boolean>
}
