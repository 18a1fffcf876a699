import { GROUPINGS, NAMED_REPORTS } from '../../core/report-names.ts'
import { REPORT_PERIODS, REPORT_WEEKDAYS } from '../../core/report-schedule.ts'

const TEXTS = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } } as const

const SCHEDULED_REPORT = {
  title: 'Scheduled report',
  description: 'A report that `till serve` sends by itself, once each time that it is due.',
  type: 'object',
  additionalProperties: false,
  required: ['report', 'every', 'at', 'time_zone'],
  anyOf: [{ required: ['to'] }, { required: ['folder'] }],
  properties: {
    report: { description: 'Which one, as `till report` names them.', enum: NAMED_REPORTS, examples: ['availability'] },
    period: {
      description:
        'What it is about, told from the day that it is due: last-week is from Monday to Sunday. Unless given, what `every` repeats: ' +
        'yesterday, last-week, last-month. Nothing for `board`, `horizon`, `visits`, `versions` and `checklist`.',
      enum: REPORT_PERIODS,
      examples: ['last-week'],
    },
    by: {
      description: 'What is told together, as --by; for availability, recurring and trends.',
      enum: GROUPINGS,
      examples: ['store'],
    },
    of: {
      description: 'As --of: devices (default), or whether stores can sell; for availability.',
      enum: ['devices', 'selling'],
      examples: ['selling'],
    },
    store: { description: 'Of these stores alone; not for sla and sla-outages.', ...TEXTS, examples: [['PL-0412']] },
    region: {
      description: 'Of these regions alone; not for sla and sla-outages.',
      ...TEXTS,
      examples: [['mazowieckie']],
    },
    kind: {
      description: 'Of these kinds of devices alone; not for sla and sla-outages.',
      ...TEXTS,
      examples: [['till']],
    },
    contract: {
      description: 'Of these contracts alone; for sla, sla-outages and board.',
      ...TEXTS,
      examples: [['serwis-kas']],
    },
    as: {
      description: 'Name of an account of `server.accounts`: it holds what exists for that one, and nothing else.',
      type: 'string',
      minLength: 1,
      examples: ['acme'],
    },
    format: { description: 'How it is written. Default: html.', enum: ['html', 'xlsx', 'csv'], examples: ['xlsx'] },
    locale: { description: 'How CSV is written. Default: en.', enum: ['en', 'pl'], examples: ['pl'] },
    every: { description: 'How often.', enum: ['day', 'week', 'month'], examples: ['week'] },
    on: {
      description: 'The day of the week (default: mon), or of the month from 1 to 28 (default: 1).',
      anyOf: [{ enum: REPORT_WEEKDAYS }, { type: 'integer', minimum: 1, maximum: 28 }],
      examples: ['mon', 1],
    },
    at: {
      description: 'The time of the day.',
      type: 'string',
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      examples: ['06:00'],
    },
    time_zone: {
      description: 'By whose clocks: an IANA name.',
      type: 'string',
      minLength: 1,
      examples: ['Europe/Warsaw'],
    },
    to: {
      description: 'Whom it is mailed to: contacts of `responsibility` with a channel of `smtp`.',
      ...TEXTS,
      examples: [['regional-north']],
    },
    folder: {
      description: 'A folder that it is written to, relative to tillwright.yaml; it is made where there is none.',
      type: 'string',
      minLength: 1,
      examples: ['reports/'],
    },
  },
} as const

/** `reports` of tillwright.yaml. */
export const SCHEDULED_REPORTS = {
  title: 'Scheduled reports',
  description: 'Reports that are sent by themselves, by name.',
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
  additionalProperties: SCHEDULED_REPORT,
  examples: [
    {
      monday: {
        report: 'availability',
        of: 'selling',
        by: 'store',
        region: ['mazowieckie'],
        every: 'week',
        at: '06:00',
        time_zone: 'Europe/Warsaw',
        to: ['regional-north'],
      },
    },
  ],
} as const
