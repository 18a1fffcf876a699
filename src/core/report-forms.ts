import type { ReportColumn, ReportForm, ReportType } from './report.ts'

type Words = readonly [title: string, description: string]
type Column = (key: string, words: Words, more?: Partial<ReportColumn>) => ReportColumn

const of =
  (type: ReportType): Column =>
  (key, [title, description], more = {}) => ({ key, title, type, description, ...more })
const [text, count, seconds] = [of('text'), of('count'), of('seconds')]
const [share, money, time] = [of('share'), of('money'), of('time')]
const [day, number] = [of('day'), of('number')]
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

export const BOARD_REPORT: ReportForm = {
  name: 'board',
  title: 'Could the stores sell?',
  description: 'Week by week, whether stores could sell (`till report board --json`).',
  rows: 'weeks',
  columns: [
    day('week', ['Week from', 'Its Monday.']),
    share('availability', ['Able to sell', 'Share of trading hours, of what is known; null: nothing is.']),
    share('known', ['Known', 'How much of the trading hours is known.']),
    seconds('down_s', ['Could not', 'Trading hours in which stores could not sell, over all stores.']),
    count('stores', ['Stores', 'Stores that could not sell at some time.']),
    count('outages', ['Outages', 'Times in which a store could not sell.']),
    money('lost', ['Not sold', 'By `sales.per_hour` of the stores; null: no store says it.']),
  ],
}

export const RECURRING_REPORT: ReportForm = {
  name: 'recurring',
  title: 'What fails again and again',
  description: 'Outages counted by group and cause (`till report recurring --json`).',
  rows: 'faults',
  columns: [
    text('group', ['Group', 'The device, model, store … that it is counted by.']),
    text('cause', ['Cause', 'The fault, or the code of the failure; null: not known.'], { flexible: true }),
    count('times', ['Times', 'How many outages.']),
    count('devices', ['Devices', 'How many devices had them.']),
    count('of_devices', ['Of', 'How many devices the group has.']),
    seconds('down_s', ['Down', 'Time down, trading hours or not.']),
    seconds('mean_s', ['Mean', 'Mean length of an outage.']),
    time('last_at', ['Last', 'When the last one was found.']),
    text('run', ['Run', 'The run that found the last one.'], aside),
  ],
}

export const HORIZON_REPORT: ReportForm = {
  name: 'horizon',
  title: 'What is due',
  description: 'What is due on devices, by when and whose it is (`till report horizon --json`).',
  rows: 'items',
  columns: [
    text('device', ['Device', 'Its full name.']),
    text('condition', ['What', 'What is due.']),
    text('due', ['Due', 'When, as the device told it or by reckoning; null: no day is known.']),
    number('days_left', ['Days', 'Days left when it was looked at; null: no day is known.']),
    text('severity', ['Severity', 'How bad it is, or will be.']),
    text('owner', ['Owner', 'Who is to act.']),
    text('remedy', ['Remedy', 'What helps.'], { flexible: true }),
    time('seen_at', ['Seen', 'When it was looked at.'], aside),
    text('run', ['Run', 'The run that did.'], aside),
  ],
}

export const VISITS_REPORT: ReportForm = {
  name: 'visits',
  title: 'Visits',
  description: 'Stores that somebody has to go to, and what for (`till report visits --json`).',
  rows: 'visits',
  columns: [
    text('store', ['Store', 'Its id.']),
    text('city', ['City', 'Where it is.'], { flexible: true }),
    text('owner', ['Owner', 'Who is to act; null: nobody is named.']),
    text('severity', ['Severity', 'The worst of it.']),
    count('devices', ['Devices', 'How many devices it is about.']),
    count('items', ['Items', 'How many things there are to do.']),
    text('due', ['Due', 'The nearest day; null: none is known.']),
    time('seen_at', ['Seen', 'When the oldest of it was seen last.']),
    text('what', ['What', 'Device and condition, the worst first.'], { flexible: true }),
  ],
}

export const VERSIONS_REPORT: ReportForm = {
  name: 'versions',
  title: 'Versions',
  description: 'Which systems devices run, beside the inventory (`till report versions --json`).',
  rows: 'versions',
  columns: [
    text('profile', ['Profile', 'Of the devices.']),
    text('expected', ['Inventory', 'What the inventory says.']),
    text('system', ['System', 'What was read; null: no run has told.']),
    text('version', ['Version', 'Of the system.']),
    text('kernel', ['Kernel', 'Of the system.'], { flexible: true }),
    count('devices', ['Devices', 'How many are so.']),
    text('as_expected', ['As said', 'yes, no or unknown: whether that is what the inventory says.']),
  ],
}

export const COMPLETENESS_REPORT: ReportForm = {
  name: 'completeness',
  title: 'Completeness',
  description: 'How much is known, by day and store (`till report completeness --json`).',
  rows: 'days',
  columns: [
    day('day', ['Day', 'By the clocks of the store.']),
    text('store', ['Store', 'Its id.']),
    text('region', ['Region', 'Its region.'], { flexible: true }),
    share('known', ['Known', 'Share of the trading hours of its devices, without maintenance.']),
    count('devices', ['Devices', 'How many devices were asked for.']),
    count('incomplete', ['Gaps in', 'How many of them are not known as a whole.']),
    seconds('missing_s', ['Missing', 'Trading hours that are not known, over all its devices.']),
    seconds('never_seen_s', ['Never seen', 'Of them before the first answer.'], aside),
    text('why', ['Why', 'Why they are not known; null: all of it is known.'], { flexible: true }),
  ],
}

export const INCIDENTS_REPORT: ReportForm = {
  name: 'incidents',
  title: 'Incidents',
  description: 'Faults that people saw to, and what their clocks came to (`till report incidents --json`).',
  rows: 'incidents',
  columns: [
    text('incident', ['Incident', 'Its id.']),
    time('opened_at', ['Opened', 'When.']),
    text('state', ['State', 'open, taken, paused, cleared or closed.']),
    text('fault', ['Fault', 'Its fault class.']),
    text('severity', ['How bad', 'As it was told.'], aside),
    text('title', ['What', 'In words.'], { flexible: true }),
    text('device', ['Device', 'Its full name; null: it is about none.']),
    text('store', ['Store', 'Its id; null: it is about none.'], aside),
    text('team', ['Team', 'Who is responsible; null: nobody is named.']),
    text('owner', ['Owner', 'Who has it; null: nobody.'], aside),
    seconds('reaction_s', ['Reaction', 'Time of the contract until somebody had it, or until now.']),
    seconds('diagnosis_s', ['Diagnosis', 'Until its cause was said, or until now.']),
    seconds('fix_s', ['Fix', 'Until it was gone, or until now.']),
    text('late', ['Late', 'Clocks that took longer than promised; null: none did.']),
    text('cause', ['Cause', 'What it came from; null: not said.'], { flexible: true }),
    time('closed_at', ['Closed', 'null: it is not.'], aside),
  ],
}

export const TRENDS_REPORT: ReportForm = {
  name: 'trends',
  title: 'What fails more than it did',
  description: 'Outages of the later half of a period beside those of the earlier half (`till report trends --json`).',
  rows: 'trends',
  columns: [
    text('group', ['Group', 'The device, model, store … that it is counted by.']),
    text('cause', ['Cause', 'The fault, or the code of the failure; null: not known.'], { flexible: true }),
    count('before', ['Before', 'Outages that began in the earlier half.']),
    count('after', ['After', 'Outages that began in the later half.']),
    number('change', [
      'Change',
      'How many more than at the rate of the earlier half, by the time that is known; negative: fewer; null: less than half of either is known.',
    ]),
    count('devices', ['Devices', 'How many devices had them.']),
    seconds('down_s', ['Down', 'Time down, trading hours or not.']),
  ],
}

export const RUN_REPORT: ReportForm = {
  name: 'run',
  title: 'Run',
  description: 'A run, device by device, the worst first (`till report run --json`).',
  rows: 'devices',
  columns: [
    text('device', ['Device', 'Its full name.']),
    text('store', ['Store', 'Its id.'], aside),
    text('state', ['State', 'How it ended.']),
    text('phase', ['Phase', 'Where it failed; null: it did not.']),
    text('code', ['Code', 'Of the failure; null: there was none.']),
    text('message', ['Why', 'The failure in words.'], { flexible: true }),
    text('fault', ['Cause', 'What the truth table of its runbook said; null: nothing.']),
    text('remedy', ['What helps', 'By that table.'], { flexible: true, aside: true }),
    text('what', ['What differs', 'Steps that were not as desired.'], { flexible: true }),
    seconds('took_s', ['Took', 'Time that it took.'], aside),
  ],
}

export const CAPACITY_REPORT: ReportForm = {
  name: 'capacity',
  title: 'Capacity',
  description:
    'What a fleet needs in disk, rows a second and connections, line by line (`till report capacity --json`).',
  rows: 'lines',
  columns: [
    text('part', ['Of', '`fleet`, `state` (the store of Tillwright) or `events` (what tills tell, and who keeps it).']),
    text('key', ['Key', 'By which the line is known.'], aside),
    text('what', ['What', 'In words.']),
    number('value', ['Value', 'In its unit.']),
    text('unit', ['Unit', 'GB are 10^9 bytes.']),
    text('source', [
      'From',
      '`inventory`, `settings` (tillwright.yaml), `measured`, `assumed`, `given` by a flag, or `computed`.',
    ]),
    text('flag', ['Set by', 'The flag that sets it, without its dashes; null: it is computed.']),
    text('how', ['How', 'What it is made of, or what it stands for.'], { flexible: true }),
  ],
}

/** As it is sent by itself, and by the API; `till report checklist --json` is a document of its own. */
export const CHECKLIST_REPORT: ReportForm = {
  name: 'checklist',
  title: 'Checklist',
  description: 'Where tills are, when they were last seen, and when they sold last.',
  rows: 'devices',
  columns: [
    text('device', ['Device', 'Its full name.'], aside),
    text('store', ['Store', 'Its id.']),
    text('city', ['City', 'Of the store.'], { flexible: true }),
    text('address', ['Address', 'Street of the store.'], { flexible: true }),
    text('till', ['Till', 'Id of the device in its store.']),
    text('id', ['Id', 'By which others know it; null: nobody has said.'], { flexible: true }),
    time('seen_at', ['Last seen', 'When it last answered; null: never.']),
    text('ip', ['IP', 'Its address; null: it has none of its own.']),
    time('last_receipt_at', ['Last receipt', 'Its own, or that of a printer that hangs on it; null: never.']),
  ],
}

/** All reports that commands answer, in the order in which they stand here. */
export const REPORT_FORMS: readonly ReportForm[] = [
  AVAILABILITY_REPORT,
  SLA_REPORT,
  SLA_OUTAGES_REPORT,
  BOARD_REPORT,
  RECURRING_REPORT,
  HORIZON_REPORT,
  VISITS_REPORT,
  VERSIONS_REPORT,
  COMPLETENESS_REPORT,
  INCIDENTS_REPORT,
  TRENDS_REPORT,
  RUN_REPORT,
  CAPACITY_REPORT,
]
