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

export function dayOf({ now, faults }: ImitatedPrinter): PrinterDay {
  const at = now().getTime()
  const clock = at + (faults.has('clock-wrong') ? HOUR_MS : 0)
  if (faults.has('day-not-closed')) {
    return { now: at, clock, firstSale: at - 26 * HOUR_MS, lastSale: at - 14 * HOUR_MS, lastReport: at - 38 * HOUR_MS }
  }
  if (faults.has('no-receipts'))
    return { now: at, clock, firstSale: undefined, lastSale: at - 20 * HOUR_MS, lastReport: at - 19 * HOUR_MS }
  return { now: at, clock, firstSale: at - 2 * HOUR_MS, lastSale: at - 3 * MINUTE_MS, lastReport: at - 11 * HOUR_MS }
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
