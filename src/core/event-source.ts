import type { KafkaBrokers, MqttBroker } from './broker.ts'
import type { Expression } from './runbook.ts'
import type { DeviceFact } from './sample.ts'
import type { SourceRange } from './source.ts'

/** How events come in. Secrets are references, not yet read. */
export type SourceOrigin =
  /** By POST to `till serve`. */
  | { readonly kind: 'push' }
  /** Lines of files, as they grow. `path` may have * and ? in its last part; a folder means all files in it. */
  | { readonly kind: 'files'; readonly path: string; readonly fromEnd: boolean }
  | ({ readonly kind: 'mqtt'; readonly topics: readonly string[]; readonly client?: string } & MqttBroker)
  | ({ readonly kind: 'kafka'; readonly topics: readonly string[]; readonly group: string } & KafkaBrokers)
  /** JSON objects over TCP, one behind the other, as SetEvents of Set Retail sends them. */
  | { readonly kind: 'set_events'; readonly listen: string; readonly from: readonly string[] }

/** `json`: JSON alone. `text`: the event is the text. `any`: JSON where it is some, otherwise the text. */
export const EVENT_FORMATS = ['json', 'text', 'any'] as const
export type EventFormat = (typeof EVENT_FORMATS)[number]

/** What an event says of itself, by expressions. */
export interface EventReading {
  readonly device: Expression
  readonly store?: Expression
  readonly at?: Expression
  readonly kind?: Expression
  readonly id?: Expression
}

/** What is made of events of some kinds. */
export interface EventRule {
  /** Empty: of all kinds. */
  readonly kinds: ReadonlySet<string>
  readonly when?: Expression
  /** Series that have one more. */
  readonly counts: readonly string[]
  readonly samples: readonly { readonly series: string; readonly value: Expression }[]
  readonly marks: readonly { readonly name: string; readonly value: Expression }[]
  /** Whether the device itself spoke: what a broker says in its place is no sign of life. */
  readonly isSignOfLife: boolean
}

/** When a device has been silent for too long. */
export interface SilenceRule {
  /** Default: all devices that were heard of. */
  readonly where?: Expression
  readonly afterMs: number
}

export interface DeviceSilence {
  /** The first that holds for a device. */
  readonly rules: readonly SilenceRule[]
  /** Devices that are to be heard of; of others silence is told once they have spoken. */
  readonly expects?: Expression
  /** Silence counts while a store trades only. */
  readonly tradingOnly: boolean
}

/** A source of events of devices, as tillwright.yaml says. */
export interface SourceSettings {
  readonly name: string
  readonly from: SourceOrigin
  readonly format: EventFormat
  /** The event itself is this member of what comes, where it has one. */
  readonly inner?: string
  readonly reading: EventReading
  readonly rules: readonly EventRule[]
  /** IANA name; absent: that of the store of the device. */
  readonly timeZone?: string
  readonly monthFirst: boolean
  /** Longer events are not taken, in bytes. */
  readonly maxBytes: number
  /** For so long an event that comes again is known by its id. */
  readonly repeatedWithinMs: number
  /** Older events are not taken. */
  readonly oldestMs: number
  readonly silence?: DeviceSilence
  readonly source: SourceRange
}

/** What is counted of events, besides those that were taken. */
export const SOURCE_TALLIES = [
  'taken',
  'repeated',
  'retained',
  'unknown_kind',
  'unknown_device',
  'late',
  'ahead',
  'too_old',
  'no_time',
  'malformed',
  'too_long',
  'card_number',
  'unusable',
] as const
export type SourceTally = (typeof SOURCE_TALLIES)[number]

/** What an event comes to. Nothing of it is kept beside what stands here. */
export interface EventYield {
  /** Known again by it; absent: no event of this source comes twice. */
  readonly id?: string
  readonly tallies: readonly SourceTally[]
  /** Names that nobody knows: of a kind, of a device. */
  readonly unknown?: { readonly what: 'kind' | 'device'; readonly name: string }
  readonly gives?: DeviceYield
  /** Why it came to nothing, or to less: for whoever tries a source; it may quote the event. */
  readonly why?: string
}

/** What an event says of a device. Times are milliseconds since 1970. */
export interface DeviceYield {
  readonly device: string
  readonly at: number
  readonly isSignOfLife: boolean
  /** As of when it is certain what the device is like; 0 where its clock cannot be believed. */
  readonly asOf: number
  readonly counts: readonly string[]
  readonly samples: readonly { readonly series: string; readonly value: number }[]
  readonly marks: readonly { readonly name: string; readonly value: string }[]
}

/** Events of a source, and how far it is with them. */
export interface EventBatch {
  /** What has a place of its own: a file, a partition. */
  readonly part: string
  /** Where it was before, and where it is behind them; both absent where the other end keeps no place. */
  readonly from?: string | null
  readonly to?: string
  readonly yields: readonly EventYield[]
}

/** `moved`: somebody else is further by now, and nothing was written. */
export type Taken =
  | { readonly state: 'taken'; readonly taken: number; readonly repeated: number }
  | { readonly state: 'moved'; readonly place: string | null }

/** When a device was heard of by a source, in milliseconds since 1970 by the clock of this machine, and what it said last. */
export interface Heard {
  readonly device: string
  readonly heardAt: number
  /** The time of its newest event. */
  readonly eventAt: number
  /** The alert of its silence that was told and is not over; null: there is none. */
  readonly told: string | null
}

export interface SourceStanding {
  readonly source: string
  readonly tallies: Readonly<Partial<Record<SourceTally, number>>>
  readonly unknown: readonly { readonly what: 'kind' | 'device'; readonly name: string; readonly count: number }[]
  readonly devices: number
  readonly lastAt: number | null
  readonly trouble: string | null
  readonly troubleSince: string | null
}

/** Where events of devices go, and how far each source is, in one transaction. */
export interface EventStore {
  /** Of the state store that it is a part of. */
  readonly id: string
  /** Where a part of a source is; null: it has never been read. */
  place(source: string, part: string): Promise<string | null>
  /** Parts of a source that have a place. */
  places(source: string): Promise<ReadonlyMap<string, string>>
  /** Forgets the place of a part that is gone. */
  forgetPart(source: string, part: string): Promise<void>
  take(source: string, batch: EventBatch, options: { readonly repeatedWithinMs: number }): Promise<Taken>
  heard(source: string): Promise<readonly Heard[]>
  /** Notes which alert about a device was told; null: it is over. */
  tell(source: string, device: string, told: string | null): Promise<void>
  /** Why a source brings nothing; undefined: it does. */
  trouble(source: string, why: string | undefined): Promise<void>
  standing(): Promise<readonly SourceStanding[]>
  /** What events told of a device by a source. */
  fact(device: string, name: string, source: string): Promise<DeviceFact | null>
  close(): Promise<void>
}

/** Counts stand at the beginning of the hour that they are of. */
export const COUNT_EVERY_MS = 3_600_000
