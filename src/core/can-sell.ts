import type { Device } from './fleet.ts'
import { isOut, saysWell, type Telling } from './ledger.ts'

/** Whether a store can sell, as far as is known. */
export const SELLS = ['no', 'unknown', 'yes'] as const
export type Sells = (typeof SELLS)[number]

/** What is known of a device, or of the selling of a store, at one time. */
export type Availability = 'up' | 'down' | 'unknown' | 'maintenance' | 'never-seen'

/** A state, and by what it is known. */
export interface Evidence {
  readonly state: Availability
  readonly cause?: string | null
  readonly run?: string
}

/** Best first: what a store can do is what its best till can. */
const BEST_FIRST: readonly Availability[] = ['up', 'unknown', 'maintenance', 'down', 'never-seen']

type Sold = Pick<Device, 'id' | 'kind'> & { readonly attached_to?: string | undefined }

/** What one sale is made with. */
export interface SalesPoint<D> {
  readonly till: D
  /** Any one of them will do; none: the store has none, and the till sells alone. */
  readonly printers: readonly D[]
}

/** Whether the selling of its store hangs on a device. */
export function isSoldWith({ kind }: Pick<Device, 'kind'>): boolean {
  return kind === 'till' || kind === 'fiscal-printer'
}

/** Each till of a store with the fiscal printers that hang on it; or else with those that hang on no till. */
export function salesPoints<D extends Sold>(devices: readonly D[]): readonly SalesPoint<D>[] {
  const printers = devices.filter(({ kind }) => kind === 'fiscal-printer')
  return devices
    .filter(({ kind }) => kind === 'till')
    .map((till) => {
      const own = printers.filter(({ attached_to: on }) => on === till.id)
      return { till, printers: own.length > 0 ? own : printers.filter(({ attached_to: on }) => on === undefined) }
    })
}

/** A till that works with a printer that works; what is down of the two, or not known, makes the point so. */
export function pointBy({ till, printers }: SalesPoint<Evidence | undefined>): Evidence | undefined {
  if (printers.length === 0 || till?.state === 'down' || till?.state === 'never-seen') return till
  const best = bestOf(printers)
  // Nobody has ever looked at its printers: that says nothing of them.
  const printer: Evidence | undefined = best?.state === 'never-seen' ? { state: 'unknown' } : best
  if (printer?.state === 'down') return printer
  if (till?.state === 'maintenance' || printer?.state === 'maintenance') return { state: 'maintenance' }
  return till?.state === 'up' ? printer : till
}

/** A store by its sales points: the best of them. */
export function bestOf(all: readonly (Evidence | undefined)[]): Evidence | undefined {
  return BEST_FIRST.map((state) => all.find((one) => one?.state === state)).find((one) => one !== undefined)
}

/** The looks at a device that count, newest first. */
export interface CountedLooks {
  readonly looks: readonly Telling[]
  /** It has answered since the newest of them. */
  readonly hasAnswered: boolean
}

/** Whether a sale is possible with a device, in the words of the ledger. */
export function soldWith({ looks, hasAnswered }: CountedLooks): Availability {
  const works = looks.flatMap(({ work }) => work ?? [])
  if (works.some((found) => isOut(found, 'sells'))) return 'down'
  if (!hasAnswered && !looks.some(({ reach }) => reach === 'answered')) return 'never-seen'
  const isReached = hasAnswered || looks[0]?.reach === 'answered'
  return isReached && works.some(saysWell) ? 'up' : 'unknown'
}

/**
 * Whether a store can sell: one till works with a printer that it can print on. `no` only where a truth table said so of each
 * of its sales points: a store that cannot be reached may go on selling, and is `unknown`.
 */
export function canSell(devices: readonly (Sold & { readonly sold: Availability })[]): Sells {
  const points = salesPoints(devices).map(({ till, printers }) =>
    pointBy({ till: { state: till.sold }, printers: printers.map(({ sold }) => ({ state: sold })) }),
  )
  const best = bestOf(points)?.state
  return best === 'up' ? 'yes' : best === 'down' ? 'no' : 'unknown'
}
