/** What the API answers, as far as pages use it; the schemas are in `schemas/api-*.schema.json`. */

export type Sells = 'yes' | 'no' | 'unknown'
export type Counts = Readonly<Record<string, number>>

export interface StoreRow {
  readonly store: string
  readonly name: string
  readonly region: string
  readonly city: string
  readonly state: string
  readonly sells: Sells
  readonly open: boolean
  readonly devices: number
  readonly counts: Counts
}

export interface DeviceRow {
  readonly device: string
  readonly store: string
  readonly kind: string
  readonly profile: string
  readonly state: string
  readonly unknown: boolean
  readonly code: string | null
  readonly message: string | null
  readonly run: string | null
  readonly at: string | null
  readonly last_at: string | null
  readonly serials: readonly string[]
  readonly attached_to?: string | null
}

export interface Overview {
  readonly as_of: string
  readonly stores: { readonly total: number; readonly sells: Counts }
  readonly devices: { readonly total: number; readonly counts: Counts }
  readonly regions: readonly {
    readonly region: string
    readonly name: string
    readonly stores: number
    readonly sells: Counts
  }[]
}

export interface Stores {
  readonly total: number
  readonly next: string | null
  readonly stores: readonly StoreRow[]
}

/** A store on the map. */
export type Dot = readonly [store: string, lon: number, lat: number, sells: Sells, state: string]

export interface MapAnswer {
  readonly unmapped: number
  readonly stores: readonly Dot[]
}

export interface Clock {
  readonly zone: string
  readonly local: string
  readonly open: boolean
  readonly closes: string | null
  readonly opens: string | null
}

/** Something that is known to be out of order. */
export interface OutageNote {
  readonly outage: string
  readonly why: string
  readonly by: string
  readonly until: string
  readonly closed: boolean
}

export interface OutagesAnswer {
  readonly outages: readonly (OutageNote & {
    readonly state: 'coming' | 'current'
    readonly from: string
    readonly devices: number
    readonly stores: number
  })[]
}

export interface StoreAnswer extends StoreRow {
  readonly outages: readonly OutageNote[]
  readonly address: { readonly street: string; readonly postcode: string; readonly city: string }
  readonly link: { readonly type: string; readonly rtt_ms?: number; readonly backup?: string }
  readonly owner: Readonly<Record<string, unknown>>
  readonly clock: Clock
  readonly device_list: readonly DeviceRow[]
}

export interface End {
  readonly run: string
  readonly device: string
  readonly at: string
  readonly state: string
  readonly code: string | null
  readonly message: string | null
  readonly fault: string | null
  readonly cause: string | null
  readonly not_before: string | null
}

export interface Finding {
  readonly key: string
  readonly fault: string
  readonly cause?: string
  readonly severity: string
  readonly owner?: string
  readonly remedy?: string
  readonly about?: string
  readonly run: string
}

export interface Look {
  readonly state: string
  readonly run: string
  readonly runbooks: readonly string[]
  readonly at: string
  readonly code: string | null
  readonly message: string | null
  readonly counts: boolean
}

export interface DeviceAnswer extends DeviceRow {
  readonly outages: readonly OutageNote[]
  readonly os: { readonly family: string; readonly distribution?: string; readonly version?: string }
  readonly address: string
  readonly attached: readonly string[]
  readonly suffering: readonly DeviceRow[]
  readonly note: string | null
  readonly store_row: StoreRow
  readonly owner: Readonly<Record<string, unknown>>
  readonly clock: Clock
  readonly since: string | null
  readonly looks: readonly Look[]
  readonly findings: readonly Finding[]
  readonly timeline: readonly (End & { readonly from: string; readonly times: number })[]
}

export interface RunRow {
  readonly run: string
  readonly mode: string
  readonly runbooks: readonly string[]
  readonly started_at: string
  readonly finished_at: string | null
  readonly state: 'running' | 'finished' | 'interrupted'
  readonly devices: number
  readonly counts: Counts
  readonly by: string
}

export interface RunAnswer extends RunRow {
  /** A plan that may be applied from here. */
  readonly appliable: boolean
  readonly paused: { readonly by: string; readonly why: string; readonly at: string } | null
  readonly total: number
  readonly next: string | null
  readonly waves: readonly { readonly wave: number; readonly counts: Counts }[]
  readonly waiting: readonly {
    readonly code: string
    readonly message: string
    readonly not_before: string | null
    readonly count: number
    readonly devices: readonly string[]
  }[]
  readonly approvals: readonly {
    readonly wave: number | null
    readonly people: number
    readonly asked_by: string
    readonly given: readonly { readonly by: string; readonly why: string }[]
    readonly used: boolean
  }[]
  readonly device_list: readonly {
    readonly device: string
    readonly wave: number
    readonly state: string | null
    readonly working: boolean
    readonly end: End | null
  }[]
}

export interface RunDevice extends End {
  readonly steps: readonly {
    readonly step: string
    readonly name: string
    readonly state: string
    readonly reason?: string
    readonly failure?: { readonly code: string; readonly message: string }
    readonly changes?: readonly {
      readonly path: string
      readonly before: unknown
      readonly after: unknown
      readonly diff?: string
    }[]
  }[]
}

export interface Found {
  readonly stores: readonly StoreRow[]
  readonly devices: readonly DeviceRow[]
  readonly runs: readonly RunRow[]
  readonly incidents: readonly Incident[]
}

export interface IncidentClock {
  readonly clock: 'reaction' | 'diagnosis' | 'fix'
  readonly limit_ms: number
  readonly elapsed_ms: number
  readonly state: 'running' | 'resting' | 'paused' | 'met'
  readonly late: boolean
  readonly due_at: string | null
}

export interface Incident {
  readonly known_outages: readonly OutageNote[]
  readonly incident: string
  readonly state: 'open' | 'taken' | 'paused' | 'cleared' | 'closed'
  readonly fault: string
  readonly severity: string
  readonly title: string
  readonly device: string | null
  readonly store: string | null
  readonly team: string | null
  readonly why: string
  readonly contract: string | null
  readonly opened_at: string
  readonly opened_by: string
  readonly owner: string | null
  readonly cause: string | null
  readonly closed_at: string | null
  readonly clocks: readonly IncidentClock[]
  readonly steps: readonly { readonly step: string; readonly done_at: string | null; readonly by: string | null }[]
  readonly action: {
    readonly action: string
    readonly owner: string
    readonly due: string
    readonly done_at: string | null
  } | null
}

export interface IncidentsAnswer {
  readonly total: number
  readonly next: string | null
  readonly counts: Counts
  readonly late: number
  readonly incidents: readonly Incident[]
}

export interface IncidentAnswer extends Incident {
  readonly firing: boolean
  readonly episodes: { readonly count: number }
  readonly messages: readonly {
    readonly message: string
    readonly contact: string
    readonly channel: string
    readonly state: string
    readonly created_at: string
    readonly reference: string | null
    readonly why: string | null
  }[]
  readonly events: readonly ({ readonly seq: number; readonly at: string; readonly type: string } & {
    readonly [key in
      | 'by'
      | 'contact'
      | 'text'
      | 'cause'
      | 'step'
      | 'why'
      | 'despite'
      | 'action'
      | 'episode'
      | 'title']?: string | null
  })[]
  readonly evidence: {
    readonly state: string | null
    readonly findings: readonly Finding[]
    readonly looks: readonly (End & { readonly times: number })[]
  }
}

export type ReportValue = string | number | null

export interface ReportChart {
  readonly title: string
  readonly kind: 'bars' | 'line'
  readonly type: string
  readonly points: readonly { readonly label: string; readonly value: number | null }[]
}

export interface ReportAnswer {
  readonly since: string
  readonly until: string
  readonly made_at: string
  readonly zone: string
  /** What its groups are. */
  readonly by: string | null
  readonly notes: readonly string[]
  readonly count: number
  readonly next: string | null
  readonly columns: readonly {
    readonly key: string
    readonly title: string
    readonly type: string
    readonly aside: boolean
  }[]
  readonly rows: readonly Readonly<Record<string, ReportValue>>[]
  readonly total: Readonly<Record<string, ReportValue>> | null
  readonly charts: readonly ReportChart[]
}

export interface ClosedMonths {
  readonly months: readonly {
    readonly contract: string
    readonly month: string
    readonly version: number
    readonly closed_at: string
    readonly by: string
    readonly why: string | null
    readonly hash: string
  }[]
}

export interface SamplesAnswer {
  readonly series: readonly {
    readonly series: string
    readonly points: readonly (readonly [at: number, value: number])[]
  }[]
}
