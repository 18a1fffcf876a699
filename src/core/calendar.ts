/** An event of a calendar as its clocks show it: wall times in milliseconds as if they were UTC. */
export interface WallSpan {
  readonly from: number
  readonly to: number
  /** IANA name of the clocks that are meant; absent: those of each store. */
  readonly zone?: string
  readonly title: string
  /**
   * Of an event that lasts hours, whatever clocks do meanwhile (RFC 5545, 3.3.6: weeks and days of a DURATION are by the clocks,
   * its hours are exact): it ends `ms` milliseconds after these show `after`.
   */
  readonly timed?: { readonly after: number; readonly ms: number }
}

/** The events of an iCal file, those that recur written out. */
export interface Calendar {
  readonly name: string
  /** Events that touch a span of wall times, in order of their beginnings. */
  between(from: number, to: number): readonly WallSpan[]
}
