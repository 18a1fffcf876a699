import { HOUR_MS, MINUTE_MS, parseDuration } from '../../core/duration.ts'
import { instantsOf } from '../../core/zoned-time.ts'
import type { Audit } from '../../devices/evadts/audit.ts'
import type { VendingParams } from './params.ts'
import type { SourceFile } from './read-source.ts'

export const STALE_AFTER = '24h'
const FUTURE_MS = 5 * MINUTE_MS

/** When an audit file was made, and what says so: the machine, or the place where it lies. */
export interface Made {
  /** Milliseconds since 1970; undefined: nothing says when. */
  readonly at: number | undefined
  readonly from: 'ID5' | 'EA3' | 'file' | 'Last-Modified' | 'none'
}

/** The machine itself goes before the place where its file lies. */
export function madeOf(
  { at, atFrom = 'ID5' }: Audit,
  { writtenAt }: SourceFile,
  { http, zone }: Pick<VendingParams, 'http'> & { readonly zone: string },
): Made {
  if (at !== undefined) return { at: instantOf(at, zone), from: atFrom }
  if (writtenAt === undefined) return { at: undefined, from: 'none' }
  return { at: writtenAt, from: http ? 'Last-Modified' : 'file' }
}

/** The instant that a wall clock in a zone shows; of an hour that comes twice the later one. */
export function instantOf(wall: string, zone: string): number {
  return instantsOf(Date.parse(`${wall}Z`), zone).latest
}

/** Why the file says too little to call anything well. */
export function doubtOf(
  audit: Audit,
  made: Made,
  { now, stale_after }: Pick<VendingParams, 'stale_after'> & { readonly now: number },
): string | undefined {
  if (audit.wholeness !== 'whole') return `The audit file is not whole. ${audit.why ?? ''}`.trim()
  if (made.at === undefined) {
    // Nobody asked how old it may be.
    if (stale_after === undefined) return undefined
    return 'How old the audit file is is unknown: it has neither ID5 nor EA3 with a time, and nothing says when it was written.'
  }
  if (made.at > now + FUTURE_MS) return 'The audit file is of a time that is still to come: a clock is wrong.'
  const hours = Math.round((now - made.at) / HOUR_MS)
  return now - made.at > staleMs(stale_after) ? `The audit file is ${hours} h old.` : undefined
}

export function staleMs(stale_after: string = STALE_AFTER): number {
  return parseDuration(stale_after) ?? 0
}
