/** What stands in a column: seconds are a length of time, `share` is 0 to 1, `time` is ISO 8601 in UTC, `day` is `2026-11-30`. */
export type ReportType = 'text' | 'count' | 'seconds' | 'share' | 'money' | 'number' | 'time' | 'day'

export interface ReportColumn {
  /** Key in JSON. */
  readonly key: string
  readonly title: string
  readonly type: ReportType
  readonly description: string
  /** Gives way first where a table is too wide. */
  readonly flexible?: boolean
  /** Not on a terminal: there is no room for everything. */
  readonly aside?: boolean
}

export type ReportRow = Readonly<Record<string, string | number | null>>

/** What a report is made of, whoever shows it. */
export interface ReportForm {
  /** `availability`, for `till.report-availability/1`. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** What a row is, in the plural: key of the list in JSON. */
  readonly rows: string
  readonly columns: readonly ReportColumn[]
}

export interface ReportChart {
  readonly title: string
  readonly kind: 'bars' | 'line'
  readonly type: ReportType
  readonly points: readonly { readonly label: string; readonly value: number | null }[]
}

export interface Report {
  readonly form: ReportForm
  /** ISO 8601 in UTC. `until` is no longer part of it. */
  readonly since: string
  readonly until: string
  readonly made_at: string
  /** What it is told by, and of what, where that can be chosen. */
  readonly by: string | null
  readonly of: string | null
  /** What is said about it, in sentences. */
  readonly notes: readonly string[]
  readonly rows: readonly ReportRow[]
  /** Of all rows together; null where that says nothing. */
  readonly total: ReportRow | null
  readonly charts: readonly ReportChart[]
  /** IANA name of the clock by which people read times. */
  readonly zone: string
}
