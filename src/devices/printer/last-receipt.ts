import { MINUTE_MS } from '../../core/duration.ts'
import type { Trading } from '../../core/trading-hours.ts'
import { instantsOfIso, isToCome, TRUSTED_SKEW_S } from './device-time.ts'
import type { Condition, PrinterReading } from './reading.ts'

/** What tells when the last receipt came. */
export interface ReceiptSigns {
  readonly reading: PrinterReading
  /** What a `receipts` step found: its `class`, with when the last receipt came. */
  readonly receipts?: { readonly class?: unknown; readonly last_receipt_at?: unknown } | null
  readonly trading: Trading
  readonly now: Date
}

/** When something was, in milliseconds since 1970: both differ where clocks show an hour twice, or only a day is told. */
export interface Told {
  readonly text: string
  readonly earliest: number
  readonly latest: number
}

export interface LastReceipt {
  readonly receipt?: Told
  /** No receipt is later than that. */
  readonly document?: Told
  /** Why what was told of it proves nothing: neither work nor silence. */
  readonly doubt?: string
}

/** The newest receipt that is known, by the printer or by others. */
export function lastReceipt(signs: ReceiptSigns): LastReceipt {
  const { reading, receipts } = signs
  const { last_receipt_at: own, last_document_at: document, clock_skew_s: skew = 0 } = reading.fiscal ?? {}
  // A step that says `unknown` does not trust its own times either.
  const theirs = toldAt(receipts?.class === 'unknown' ? undefined : receipts?.last_receipt_at, signs)
  const ours = [toldAt(own, signs), toldAt(document, signs)]
  const isAhead = [theirs, ...ours].find(
    (told) => told !== undefined && isToCome(told.text, signs.now, signs.trading.time_zone),
  )
  const isOff = ours.some((told) => told !== undefined) && Math.abs(skew) > TRUSTED_SKEW_S
  const known = newestOf([isOff ? undefined : ours[0], theirs].filter((told) => told !== isAhead))
  if (known) return { receipt: known }
  if (isOff) return { doubt: `its clock is ${skew} s off, so its times say nothing` }
  if (isAhead) return { doubt: `it tells of ${isAhead.text}, which is still to come: a clock is wrong` }
  return ours[1] ? { document: ours[1] } : {}
}

function toldAt(at: unknown, { trading }: ReceiptSigns): Told | undefined {
  if (typeof at !== 'string') return undefined
  const { earliest, latest } = instantsOfIso(at, trading.time_zone)
  return Number.isNaN(earliest) ? undefined : { text: at, earliest, latest }
}

function newestOf(all: readonly (Told | undefined)[]): Told | undefined {
  return all.reduce((newest, told) => (told && (!newest || told.latest > newest.latest) ? told : newest), undefined)
}

/** What a printer says of now, a receipt of the last minutes disproves; it takes as long to be read and told. */
const LATELY_MS = 5 * MINUTE_MS

/**
 * Whether a receipt came since a condition holds: after the date by which that was reckoned, or, for what the printer says
 * of now, within the last minutes.
 */
export function soldSince(signs: ReceiptSigns): (condition?: Condition) => boolean {
  const { receipt } = lastReceipt(signs)
  const lately = signs.now.getTime() - LATELY_MS
  return ({ since } = {} as Condition) => {
    const from = since === undefined ? lately : instantsOfIso(since, signs.trading.time_zone).latest
    return receipt !== undefined && receipt.earliest >= from
  }
}
