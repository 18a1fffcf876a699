/** Whether somebody wants to be left alone with an alert: a silence, a maintenance. What cannot be known is no yes. */
export type Hush =
  | { readonly state: 'open' }
  | { readonly state: 'hushed'; readonly why: string }
  | { readonly state: 'unknown'; readonly why: string }

export type Told = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** The API of a system that tells alerts. */
export interface MonitoringSystem {
  /** Name of the source whose alerts it knows. */
  readonly source: string
  /** Of occurrences, by the ids that the source gives them. */
  hush(ids: readonly string[]): Promise<Hush>
  /** Says at its alerts what was done about them; absent where it has no place for that. */
  tell?(ids: readonly string[], what: { readonly isRepaired: boolean; readonly message: string }): Promise<Told>
}
