import { CONDITIONS, type ConditionName } from '../printer/reading.ts'

/** A row of prtAlertTable (RFC 3805). */
export interface Alert {
  /** 1 other, 3 critical, 4 and 5 warning. */
  readonly severity: number
  /** 8 input, 9 output, 10 marker, 11 supplies of the marker; 6 cover; 13 paper path. */
  readonly group: number
  readonly code: number
  readonly description: string
}

export const CRITICAL = 3
const OTHER = 1

/** PrtAlertCodeTC (RFC 3805 and its IANA registry): codes that say by themselves what is the matter. */
const CODES: Readonly<Record<number, ConditionName>> = {
  3: 'cover-open',
  5: 'cover-open',
  8: 'paper-jam',
  10: 'supply-low',
  11: 'service-requested',
  30: 'unrecoverable-error',
  33: 'mechanism-error',
  36: 'overheated',
  38: 'mechanism-error',
  501: 'cover-open',
  801: 'tray-missing',
  807: 'paper-low',
  808: 'paper-out',
  809: 'waiting-for-user',
  810: 'waiting-for-user',
  811: 'mechanism-error',
  812: 'mechanism-error',
  813: 'waiting-for-user',
  901: 'tray-missing',
  902: 'output-nearly-full',
  903: 'output-full',
  1001: 'mechanism-error',
  1002: 'overheated',
  1003: 'mechanism-error',
  1004: 'mechanism-error',
  1101: 'toner-empty',
  1102: 'toner-empty',
  1103: 'ribbon-out',
  1104: 'toner-low',
  1105: 'toner-low',
  1106: 'supply-low',
  1107: 'supply-low',
  1108: 'supply-low',
  1109: 'waste-full',
  1110: 'waste-full',
  1111: 'service-requested',
  1112: 'mechanism-error',
  1113: 'supply-low',
  1114: 'toner-empty',
  1115: 'toner-empty',
}
/** Codes that older printers use of any part: the group says of which. */
const OF_GROUP: Readonly<Record<number, Readonly<Record<number, ConditionName>>>> = {
  8: { 9: 'tray-missing', 12: 'paper-low', 13: 'paper-out', 16: 'paper-low', 17: 'paper-out', 18: 'tray-missing' },
  9: { 9: 'tray-missing', 14: 'output-nearly-full', 15: 'output-full', 16: 'output-nearly-full', 17: 'output-full' },
  10: { 9: 'toner-empty', 12: 'toner-low', 13: 'toner-empty' },
  11: { 9: 'toner-empty', 12: 'toner-low', 13: 'toner-empty', 14: 'supply-low', 15: 'waste-full' },
}
/** Closed again, configured, switched on, asleep, warming up, added, reset, ready: nobody has to do anything. */
const HARMLESS: ReadonlySet<number> = new Set([4, 6, 7, 19, 20, 23, 24, 25, 27, 502, 503, 505, 506, 507])
const POWER_SAVER = 23
/** What stops a printer, as what only warns. */
const AS_WARNING: Readonly<Partial<Record<ConditionName, ConditionName>>> = {
  'paper-out': 'paper-low',
  'toner-empty': 'toner-low',
  'ribbon-out': 'supply-low',
  'waste-full': 'supply-low',
  'tray-missing': 'other-warning',
  'output-full': 'output-nearly-full',
  'waiting-for-user': 'other-warning',
}

/** Of a part that there may be several of: one is out, and it says itself that it goes on. */
export function asWarning(name: ConditionName): ConditionName {
  return AS_WARNING[name] ?? name
}

/** What an alert stands for; undefined where nobody has to do anything, or it says nothing but its text. */
export function alertName(alert: Alert): ConditionName | undefined {
  const { severity, group, code } = alert
  if (HARMLESS.has(code)) return undefined
  const known = OF_GROUP[group]?.[code] ?? CODES[code]
  if (known) return known
  if (severity === CRITICAL) return 'other-error'
  // Other, unknown, and what makers use in their place: so do printers note that they are ready, or asleep.
  return severity === OTHER && code <= 2 ? undefined : 'other-warning'
}

/** The same of an alert that is not critical, on a printer that is not down: it goes on, whatever the matter is. */
export function warningName(alert: Alert): ConditionName | undefined {
  const name = alertName(alert)
  if (name === undefined) return undefined
  const milder = asWarning(name)
  return CONDITIONS[milder] === 'blocked' ? 'other-warning' : milder
}

/** Whether it says itself that it saves power. */
export function savesPower(alerts: readonly Alert[]): boolean {
  return alerts.some(({ code }) => code === POWER_SAVER)
}
