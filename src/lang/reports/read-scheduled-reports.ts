import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { GROUPINGS, NAMED_REPORTS, uselessWord } from '../../core/report-names.ts'
import {
  REPORT_PERIODS,
  REPORT_WEEKDAYS,
  type ReportTimes,
  type ScheduledPeriod,
  type ScheduledReport,
} from '../../core/report-schedule.ts'
import { isTimeZone } from '../../core/zoned-time.ts'
import { valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'

const USUAL_PERIOD: Readonly<Record<string, ScheduledPeriod>> = {
  day: 'yesterday',
  week: 'last-week',
  month: 'last-month',
}

/** Scheduled reports of a project file that is right by its schema, and what is wrong with them at its place. */
export function readScheduledReports(parsed: ParsedYaml): {
  readonly reports: readonly ScheduledReport[]
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['reports'])
  const entries = Object.entries(isMap(written) ? written : {}).flatMap(([name, raw]) =>
    isMap(raw) ? [[name, raw] as const] : [],
  )
  const reports = entries.map(([name, raw]) => reportOf(parsed, name, raw))
  return { reports, problems: entries.flatMap(([name, raw]) => problemsOf(parsed, name, raw)) }
}

function reportOf(parsed: ParsedYaml, name: string, raw: JsonObject): ScheduledReport {
  const { every } = raw
  const by = GROUPINGS.find((one) => one === raw['by'])
  return {
    name,
    report: NAMED_REPORTS.find((one) => one === raw['report']) ?? 'availability',
    period: REPORT_PERIODS.find((one) => one === raw['period']) ?? USUAL_PERIOD[String(every)] ?? 'last-week',
    format: raw['format'] === 'xlsx' || raw['format'] === 'csv' ? raw['format'] : 'html',
    locale: raw['locale'] === 'pl' ? 'pl' : 'en',
    ...(by && { by }),
    ...(raw['of'] === 'selling' && { of: 'selling' as const }),
    stores: texts(raw['store']),
    regions: texts(raw['region']),
    kinds: texts(raw['kind']),
    contracts: texts(raw['contract']),
    ...(typeof raw['as'] === 'string' && { as: raw['as'] }),
    to: texts(raw['to']),
    ...(typeof raw['folder'] === 'string' && { folder: raw['folder'] }),
    times: timesOf(raw),
    get source() {
      return parsed.rangeAt(['reports', name])
    },
  }
}

function timesOf(raw: JsonObject): ReportTimes {
  const [hours = 0, minutes = 0] = String(raw['at'] ?? '')
    .split(':')
    .map(Number)
  const times = { minutes: hours * 60 + minutes, zone: String(raw['time_zone']) }
  if (raw['every'] === 'day') return { on: 'day', ...times }
  if (raw['every'] === 'month') return { on: { day: typeof raw['on'] === 'number' ? raw['on'] : 1 }, ...times }
  const weekday = REPORT_WEEKDAYS.findIndex((one) => one === (raw['on'] ?? 'mon'))
  return { on: { weekday: Math.max(0, weekday) }, ...times }
}

function problemsOf(parsed: ParsedYaml, name: string, raw: JsonObject): readonly Diagnostic[] {
  const wrong = (key: string, summary: string, detail: string): Diagnostic => {
    const source = parsed.rangeAt(['reports', name, key])
    return { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail, source }
  }
  const { every, on, time_zone: zone, report } = raw
  const problems: Diagnostic[] = []
  if (!isTimeZone(String(zone)))
    problems.push(wrong('time_zone', `There is no time zone "${String(zone)}"`, 'It is an IANA name: Europe/Warsaw.'))
  const fits = every === 'month' ? typeof on === 'number' : every === 'week' ? typeof on === 'string' : false
  if (on !== undefined && !fits) {
    const detail =
      every === 'day'
        ? 'What is due every day has no `on`.'
        : every === 'week'
          ? 'It is a day of the week: mon.'
          : 'It is a day of the month: 1.'
    problems.push(wrong('on', `"${String(on)}" is no day of a ${String(every)}`, detail))
  }
  const named = NAMED_REPORTS.find((one) => one === report)
  const useless = named && uselessWord(named, Object.keys(raw))
  if (useless) problems.push(wrong(useless.word, useless.why, useless.detail))
  return problems
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
