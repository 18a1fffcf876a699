import { HOUR_MS, MINUTE_MS } from '../../core/duration.ts'
import { wallTime, zoneOffset } from '../../core/zoned-time.ts'
import type { ImitatedPrinter } from './imitated-printer.ts'

/** When what happened to an imitated printer, in milliseconds since 1970: a day of trading like any other. */
export interface PrinterDay {
  readonly now: number
  /** By its own clock. */
  readonly clock: number
  /** Undefined while nothing was sold since the last daily report. */
  readonly firstSale: number | undefined
  readonly lastSale: number
  readonly lastReport: number
}

/** What it notes, it notes by its own clock. */
export function dayOf({ now, faults }: ImitatedPrinter): PrinterDay {
  const at = now().getTime()
  const clock = at + (faults.has('clock-wrong') ? HOUR_MS : 0)
  const ago = (hours: number): number => clock - hours * HOUR_MS
  if (faults.has('waiting-for-user'))
    return { now: at, clock, firstSale: ago(4), lastSale: ago(2), lastReport: ago(11) }
  if (faults.has('day-not-closed'))
    return { now: at, clock, firstSale: ago(26), lastSale: ago(14), lastReport: ago(38) }
  if (faults.has('no-receipts')) return { now: at, clock, firstSale: undefined, lastSale: ago(20), lastReport: ago(19) }
  return { now: at, clock, firstSale: ago(2), lastSale: clock - 3 * MINUTE_MS, lastReport: ago(11) }
}

/** `2026-11-25T09:30:15`, as a clock in this zone shows it. */
export function localTime(instant: number, timeZone: string): string {
  return new Date(wallTime(instant, timeZone)).toISOString().slice(0, 19)
}

/** With its offset from UTC: `+01:00`. */
export function localTimeWithOffset(instant: number, timeZone: string): string {
  const minutes = Math.round(zoneOffset(Math.floor(instant / 1_000) * 1_000, timeZone) / MINUTE_MS)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${localTime(instant, timeZone)}${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}
