import type { ReportColumn, ReportForm, ReportType } from './report.ts'

type Words = readonly [title: string, description: string]
type Column = (key: string, words: Words, more?: Partial<ReportColumn>) => ReportColumn

const of =
  (type: ReportType): Column =>
  (key, [title, description], more = {}) => ({ key, title, type, description, ...more })
const [text, count, seconds, share, money] = [of('text'), of('count'), of('seconds'), of('share'), of('money')]
const aside = { aside: true } as const

export const AVAILABILITY_REPORT: ReportForm = {
  name: 'availability',
  title: 'Availability',
  description:
    'How long devices worked, or stores could sell, within trading hours (`till report availability --json`).',
  rows: 'groups',
  columns: [
    text('group', ['Group', 'What the row is about: a region, store, partner, kind, model or device.'], {
      flexible: true,
    }),
    count('count', ['Count', 'How many devices or stores are in it.']),
    share('availability', ['Availability', 'Up, of what is known; null: nothing is.']),
    share('known', ['Known', 'How much of the time is known, without maintenance and what was never seen.']),
    seconds('down_s', ['Down', 'Time down in trading hours, from the first bad look to the first good one.']),
    count('outages', ['Outages', 'Times down that touch trading hours.']),
    seconds('longest_s', ['Longest', 'The longest of them, in trading hours; null: there was none.']),
    money('lost', ['Lost', 'What was not sold, by `sales.per_hour` of the stores; null: not stated, or no stores.']),
    seconds('up_s', ['Up', 'Time up in trading hours.'], aside),
    seconds('unknown_s', ['Unknown', 'Time in trading hours of which nothing is known.'], aside),
    seconds('maintenance_s', ['Maintenance', 'Maintenance and holds in trading hours.'], aside),
    seconds('never_seen_s', ['Never seen', 'Trading hours before the first answer.'], aside),
    seconds('possible_s', ['Down at most', 'Time down, each outage from the last good look on.'], aside),
    seconds('certain_s', ['Down at least', 'Time down, each outage up to the last bad look.'], aside),
  ],
}

/** All reports, in the order of their names. */
export const REPORT_FORMS: readonly ReportForm[] = [AVAILABILITY_REPORT]
