/** One value of a time series of a device. */
export interface Sample {
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly value: number
}

/** A sample and the series that it belongs to: `receipts`, `pages`, `unsent`. Kept as long as runs are. */
export interface NewSample extends Sample {
  readonly series: string
}

/** Small facts by which a device is known again, by name: `serial`, `machine_id`, `last_receipt_at`. */
export type Marks = Readonly<Record<string, string>>

/** The last known fact of that name of a device that its events told. */
export interface DeviceFact {
  readonly value: string
  /** Since when it is so, by the time of the event. ISO 8601 in UTC. */
  readonly at: string
  /** As of when: the time of the newest event that the source brought of the device; null: none that can be believed. */
  readonly as_of: string | null
}

/** The last known fact of that name of a device, and when it was read. */
export interface DeviceMark {
  readonly device: string
  readonly name: string
  readonly value: string
  readonly at: string
}
