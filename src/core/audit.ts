import { DAY_MS } from './duration.ts'
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

/** From when on rows are kept, where the history is kept for so many days. */
export function auditKeptSince(historyDays: number): Date {
  return new Date(Date.now() - Math.max(historyDays, AUDIT_DAYS) * DAY_MS)
}

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

/** Rows cannot be cut off: nobody can sign, or what stands before them is not signed or not whole. */
export class AuditUnsigned extends Error {}

/** How a checkpoint, which stands in the place of rows that were cut off, is signed and known. */
export interface CheckpointSeal {
  /** The signature of a text. Throws AuditUnsigned where the key cannot sign. */
  sign(text: string): Promise<string>
  /** Whether somebody who counts has signed this text. */
  isSigned(text: string, signature: string): Promise<boolean>
}

/** What retention does with old rows: cuts them off under a signature or without one; or leaves that to others, who have the key. */
export type AuditCutting = CheckpointSeal | 'unsigned' | 'elsewhere'

/** What was cut off. */
export interface AuditCut {
  readonly rows: number
  /** Up to where rows are cut off now; absent: none ever were. */
  readonly cut?: AuditHead
}

/** What is signed when rows are cut off: that what came after them goes on from this head. */
export function checkpointText({ seq, hash }: AuditHead): string {
  return JSON.stringify({ audit_checkpoint: { seq, hash } })
}

/** Only ever added to. Rows about runs, approvals and the breaker are written by the store along with what they are about. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>
  /** In order; `kind`: only such. */
  rows(options?: { readonly newest?: number; readonly kind?: string }): Promise<readonly AuditRow[]>
  /** Follows the chain from its beginning; `anchors`: heads that were kept elsewhere. With `seal` a checkpoint has to be signed. */
  verify(anchors: readonly AuditAnchor[], seal?: Pick<CheckpointSeal, 'isSigned'>): Promise<AuditVerdict>
  /**
   * Cuts off rows that are older, and puts a checkpoint in their place. Throws AuditUnsigned.
   */
  cut(before: Date, by: CheckpointSeal | 'unsigned'): Promise<AuditCut>
  /** Signs the checkpoint that is there, for somebody who answers for what an unsigned one has cut off. False: there is none. */
  vouch(seal: CheckpointSeal, word: { readonly by: string; readonly why: string }): Promise<boolean>
}
