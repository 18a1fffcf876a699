/** How long earlier changes took, with the look that proved them, and how long it took to take them back; milliseconds, newest first. */
export interface ChangeTimes {
  readonly changes: readonly number[]
  readonly rollbacks: readonly number[]
}

/** What changes by the same runbooks took, by the class of the devices: so that nobody reads the journals of old runs. */
export interface ChangeTimeStore {
  /** `runbooks`: their names, sorted and joined by commas. */
  of(runbooks: string): Promise<ReadonlyMap<string, ChangeTimes>>
  /** Adds those of a run to what is known; of each class the newest 200 are kept. */
  add(runbooks: string, times: ReadonlyMap<string, ChangeTimes>): Promise<void>
}
