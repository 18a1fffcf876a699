import type { JsonObject } from '../../core/json.ts'
import type { LineState } from '../line/line.ts'

/** Three answers: what could not be read is never told as healthy. */
export type Answer = 'yes' | 'no' | 'unknown'

/** What can be the matter with a printer, whatever it speaks. */
export const CONDITIONS = {
  // No sale is possible until somebody does something.
  'paper-out': 'blocked',
  'cover-open': 'blocked',
  'ribbon-out': 'blocked',
  'head-open': 'blocked',
  'paper-jam': 'blocked',
  'cutter-error': 'blocked',
  'mechanism-error': 'blocked',
  overheated: 'blocked',
  'power-fault': 'blocked',
  'unrecoverable-error': 'blocked',
  offline: 'blocked',
  paused: 'blocked',
  'toner-empty': 'blocked',
  'tray-missing': 'blocked',
  'output-full': 'blocked',
  'waste-full': 'blocked',
  'waiting-for-user': 'blocked',
  'menu-open': 'blocked',
  'fiscal-memory-full': 'blocked',
  'protected-memory-full': 'blocked',
  'certificate-expired': 'blocked',
  'licence-expired': 'blocked',
  'keys-missing': 'blocked',
  'day-not-closed': 'blocked',
  'clock-wrong': 'blocked',
  'not-fiscal': 'blocked',
  'storage-locked': 'blocked',
  'device-blocked': 'blocked',
  // It sells, and somebody should see to it.
  'paper-low': 'attention',
  'toner-low': 'attention',
  'supply-low': 'attention',
  'output-nearly-full': 'attention',
  'certificate-expiring': 'attention',
  'licence-expiring': 'attention',
  'storage-expiring': 'attention',
  'fiscal-memory-low': 'attention',
  'protected-memory-low': 'attention',
  'documents-unsent': 'attention',
  'transmission-failing': 'attention',
  'inspection-due': 'attention',
  'report-missing': 'attention',
  'clock-skewed': 'attention',
  'service-requested': 'attention',
  'ram-reset': 'attention',
  'power-failed-recently': 'attention',
  'queue-stuck': 'attention',
  'other-error': 'attention',
  'other-warning': 'attention',
} as const satisfies Record<string, 'blocked' | 'attention'>
export type ConditionName = keyof typeof CONDITIONS

export interface Condition {
  readonly name: ConditionName
  /** What the printer said, in its own words or bits: `DLE EOT 2: 0x32`, `printer-state-reasons: media-jam-error`. */
  readonly evidence: string
  /** ISO 8601: it was reckoned from this date. Without it, it is what the printer says of now. */
  readonly since?: string
  /** Not every model means this by what it said. */
  readonly doubtful?: true
}

/** What was asked and what came back, for arguments with vendors. Nothing secret is ever asked for. */
export interface Evidence {
  readonly asked: string
  /** Text as it came; bytes that are not text in hexadecimal. */
  readonly answered: string
  /** When it was asked: ISO 8601. */
  readonly at: string
}

export interface Identity {
  readonly vendor?: string
  readonly model?: string
  readonly firmware?: string
  readonly serial?: string
  /** Fiscal: the number under which the tax office knows it. */
  readonly unique_number?: string
}

/** Facts for whoever wants to change something: only `no` is safe; `unknown` is not. */
export interface GuardFacts {
  readonly receipt_open: Answer
  readonly transaction_running: Answer
  readonly shift_open: Answer
  readonly report_running: Answer
  readonly transmission_running: Answer
}

/** Dates are ISO 8601; those of a fiscal device's own clock without an offset are in the store's time zone. */
export interface FiscalFacts {
  readonly fiscal_mode?: boolean
  /** The device's clock at `clock_read_at`. */
  readonly clock?: string
  readonly clock_read_at?: string
  /** By how many seconds that is ahead for sure, negative when behind: what asking and rounding may have taken is none. */
  readonly clock_skew_s?: number
  readonly last_receipt_at?: string
  /** Of any document, a report too: no receipt is later. */
  readonly last_document_at?: string
  readonly last_receipt_number?: number
  readonly receipts_since_report?: number
  readonly last_report_at?: string
  readonly reports_left?: number
  readonly ram_resets?: number
  /** Free room in the protected memory, by the device's own unit. */
  readonly protected_memory?: { readonly free: number; readonly unit?: string; readonly capacity?: number }
  /**
   * Documents that wait for the tax office's system, and since when the oldest waits. Without a count: some do, and it
   * does not say how many.
   */
  readonly unsent?: { readonly count?: number; readonly oldest_at?: string }
  readonly transmission?: {
    readonly last_ok_at?: string
    readonly last_failed_at?: string
    readonly last_result?: string
  }
  readonly certificates?: readonly { readonly name: string; readonly valid_until?: string; readonly ok?: boolean }[]
  readonly licence?: { readonly warns_at?: string; readonly locks_at?: string }
  readonly next_inspection_at?: string
  /** Storage that has to be exchanged at this date (Russian fiscal storage). */
  readonly storage_valid_until?: string
  readonly shift?: {
    readonly state: 'open' | 'closed' | 'expired'
    readonly opened_at?: string
    readonly number?: number
  }
}

/** What a protocol could read, in the words that all protocols share. */
export interface PrinterReading {
  readonly protocol: string
  /**
   * Whether its own protocol answered with what makes sense: `no` is silence or nonsense on an open port; `unknown`
   * when it was busy, or not asked.
   */
  readonly answered: Answer
  /** Somebody else is using it: nothing bad may be concluded. */
  readonly busy: boolean
  /** How the way to it was found, where there is one. */
  readonly line?: LineState
  /** Whether it prints or sells this moment, as far as it says. */
  readonly ready: Answer
  readonly conditions: readonly Condition[]
  readonly identity?: Identity
  /** Counters that rise when it works: pages, receipts, odometer. */
  readonly counters?: Readonly<Record<string, number>>
  /** Jobs that wait; the age of the oldest in seconds where it is known. */
  readonly queue?: { readonly depth: number; readonly oldest_seconds?: number }
  readonly supplies?: readonly {
    readonly name: string
    readonly percent?: number
    readonly state?: 'ok' | 'low' | 'empty'
  }[]
  readonly fiscal?: FiscalFacts
  readonly guards?: GuardFacts
  /** Of those that it gives to everybody in an hour: to be noted (`TOKENS_SERIES`), so that later runs take no more. */
  readonly tokens_taken?: number
  readonly evidence: readonly Evidence[]
  /** Whatever else is worth knowing, under the protocol's own names. */
  readonly more?: JsonObject
  /** For a person: why `answered` is not `yes`, or what it leaves open. */
  readonly detail?: string
}

/** Nothing is known: what a guard has to stay with where a protocol cannot tell. */
export const UNKNOWN_GUARDS: GuardFacts = {
  receipt_open: 'unknown',
  transaction_running: 'unknown',
  shift_open: 'unknown',
  report_running: 'unknown',
  transmission_running: 'unknown',
}
