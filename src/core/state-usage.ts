/** What history there is of a time, by which it is known what more of it will take. */
export interface StateUsage {
  /** Runs that began in that time. */
  readonly runs: number
  /** When the first of them began; ISO 8601 in UTC. */
  readonly first: string | null
  /** How often a device of them was looked at to the end. */
  readonly looks: number
  readonly events: number
  /** All events that are kept, and the bytes that the store takes for them and everything else. */
  readonly kept_events: number
  readonly used_bytes: number
}
