import type { ReportColumn, ReportForm, ReportType } from './report.ts'

type Words = readonly [title: string, description: string]
type Column = (key: string, words: Words, more?: Partial<ReportColumn>) => ReportColumn

const of =
  (type: ReportType): Column =>
  (key, [title, description], more = {}) => ({ key, title, type, description, ...more })
const [text, count, seconds] = [of('text'), of('count'), of('seconds')]
const [share, money, time] = [of('share'), of('money'), of('time')]
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

const EXCLUDED = [
  seconds('unknown_s', ['Unknown', 'Of them unknown, and left out; 0 where the contract counts it as down.'], aside),
  seconds('paused_s', ['Paused', 'Of them in pauses.'], aside),
  seconds(
    'line_s',
    ['Line', 'Of them while the gateway of the store was down, where the contract leaves that out.'],
    aside,
  ),
  seconds('maintenance_s', ['Maintenance', 'Of them in maintenance.'], aside),
  seconds('never_seen_s', ['Never seen', 'Of them before the first answer.'], aside),
]

export const SLA_REPORT: ReportForm = {
  name: 'sla',
  title: 'SLA',
  description: 'What was promised of devices, and what was kept (`till report sla --json`).',
  rows: 'lines',
  columns: [
    text('contract', ['Contract', 'Its name in tillwright.yaml.']),
    text('partner', ['Partner', 'With whom; null: not said.'], { flexible: true }),
    text('unit', ['Unit', 'The store or device that is held against it by itself; null: all together.']),
    share('threshold', ['Promised', 'What was promised.']),
    share('availability', ['Kept', 'What was kept, of the time that counts; null: none does.']),
    count('breaches', ['Breaches', 'How much of what is held against it is below.']),
    money('penalty', ['Penalty', 'What is due.']),
    seconds('down_s', ['Down', 'Time down that counts, by the bound of the contract.']),
    seconds('hours_s', ['Hours', 'Hours of the contract, over all devices or stores.'], aside),
    ...EXCLUDED,
    count('version', ['Version', 'Of the closed month; null: computed just now.']),
    text('hash', ['Hash', 'sha256 of the closed month; null: computed just now.'], aside),
  ],
}

export const SLA_OUTAGES_REPORT: ReportForm = {
  name: 'sla-outages',
  title: 'Outages of contracts',
  description: 'Each outage that counts, and what it is known by (`till report sla --outages --json`).',
  rows: 'outages',
  columns: [
    text('contract', ['Contract', 'Its name in tillwright.yaml.']),
    text('name', ['What', 'The device, or the store that could not sell.']),
    time('from', ['From', 'When it began, by the bound of the contract.']),
    time('to', ['To', 'When it ended, or the month did.']),
    seconds('counted_s', ['Counted', 'How much of it counts.']),
    text('cause', ['Cause', 'The fault, or the code of the failure; null: not known.'], { flexible: true }),
    text('run', ['Run', 'The run that found it first: till runs show RUN.']),
  ],
}

/** All reports, in the order of their names. */
export const REPORT_FORMS: readonly ReportForm[] = [AVAILABILITY_REPORT, SLA_REPORT, SLA_OUTAGES_REPORT]
