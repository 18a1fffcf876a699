import type { JsonObject } from './json.ts'

/** What was decided or done, for those who ask later. */
export interface AuditEntry {
  /** ISO 8601 in UTC. */
  readonly at: string
  /** `run.started`, `breaker.closed`, `trust.recorded` … */
  readonly kind: string
  readonly by: string
  readonly host: string
  /** What belongs to it: run, commit, runbooks, why. */
  readonly about: JsonObject
}

/** An entry in its place: nothing before it can be changed, removed or put elsewhere without its hash being another. */
export interface AuditRow {
  /** 1, 2, 3… without gaps. */
  readonly seq: number
  readonly entry: AuditEntry
  /** sha256 of the hash before it and of its own text, in hexadecimal. */
  readonly hash: string
}

/** Where the log stands; whoever keeps one elsewhere finds out what was done to the log since. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

/** A head that was kept elsewhere, and when. */
export interface AuditAnchor extends AuditHead {
  /** ISO 8601 in UTC. */
  readonly at?: string
  /** By ssh-keygen, over the line without it; absent: it was not signed. */
  readonly signature?: string
}

/** For so many days rows are kept at the least, whatever else is. */
export const AUDIT_DAYS = 730

/** What a look at the whole log has found. */
export interface AuditVerdict {
  readonly rows: number
  readonly head: AuditHead
  /** Where earlier rows were cut off, as the log itself tells. */
  readonly cut?: AuditHead
  /** How many of the heads that were kept elsewhere tell of rows that are there still. */
  readonly compared: number
  /** In words; none: it is whole. */
  readonly faults: readonly string[]
}

/** Only ever added to. Rows about runs, approvals and the breaker are written by the store along with what they are about. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>
  /** In order. */
  rows(options?: { readonly newest?: number }): Promise<readonly AuditRow[]>
  /** Follows the chain from its beginning; `anchors`: heads that were kept elsewhere. */
  verify(anchors: readonly AuditAnchor[]): Promise<AuditVerdict>
}
