import type { ConditionName } from '../printer/reading.ts'

/** PrtAlertCodeTC (RFC 3805 and its IANA registry). */
export const ALERT_CODES: Readonly<Record<number, ConditionName>> = {
  3: 'cover-open',
  5: 'cover-open',
  8: 'paper-jam',
  501: 'cover-open',
  801: 'tray-missing',
  807: 'paper-low',
  808: 'paper-out',
  902: 'output-nearly-full',
  903: 'output-full',
  1101: 'toner-empty',
  1102: 'toner-empty',
  1103: 'ribbon-out',
  1104: 'toner-low',
  1105: 'toner-low',
  1106: 'supply-low',
}
/** Closed again, configured, switched on, asleep, warming up, added, reset, ready: nobody has to do anything. */
export const HARMLESS_ALERTS: ReadonlySet<number> = new Set([4, 6, 7, 19, 20, 23, 24, 25, 27, 502, 503, 505, 506, 507])
/** What stops a printer, as what only warns. */
export const AS_WARNING: Readonly<Partial<Record<ConditionName, ConditionName>>> = {
  'paper-out': 'paper-low',
  'toner-empty': 'toner-low',
  'ribbon-out': 'supply-low',
  'tray-missing': 'other-warning',
  'output-full': 'output-nearly-full',
}
