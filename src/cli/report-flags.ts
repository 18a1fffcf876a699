import { Flags } from '@oclif/core'
import { REPORT_FORMATS } from '../app/reports/show-report.ts'
import { CSV_LOCALES } from '../reporters/sheet-csv.ts'
import { sandboxFlag } from './run-flags.ts'

/** The flags by which a report is told from when to when. */
export const periodFlags = {
  period: Flags.string({
    description: 'a month, day or year by the clocks of each store: 2026-11',
    exclusive: ['since', 'until'],
    helpValue: 'PERIOD',
    helpGroup: 'PERIOD',
  }),
  since: Flags.string({
    description: 'from when on: a day, a minute, or a length of time before now. Default: 30d',
    helpValue: 'TIME',
    helpGroup: 'PERIOD',
  }),
  until: Flags.string({ description: 'until when, likewise. Default: now', helpValue: 'TIME', helpGroup: 'PERIOD' }),
}

/** How far back a report reads that is made of what runs have told. */
export const pastRunsFlag = Flags.integer({
  description: 'look through at most so many runs, newest first',
  default: 50,
  min: 1,
})

/** Where a report is written to. */
export const reportOutputFlag = Flags.string({
  char: 'o',
  description: 'a file for it, in place of stdout; it appears when it is whole',
  helpValue: 'FILE',
  helpGroup: 'OUTPUT',
})

/** The flags by which a report is written. */
export const reportFlags = {
  format: Flags.string({
    description: 'how it is written; xlsx needs --output. Default: table',
    options: [...REPORT_FORMATS],
    helpGroup: 'OUTPUT',
  }),
  json: Flags.boolean({ description: 'as --format json', exclusive: ['csv', 'html', 'format'], helpGroup: 'OUTPUT' }),
  csv: Flags.boolean({ description: 'as --format csv', exclusive: ['html', 'format'], helpGroup: 'OUTPUT' }),
  html: Flags.boolean({ description: 'as --format html', exclusive: ['format'], helpGroup: 'OUTPUT' }),
  xlsx: Flags.boolean({
    description: 'as --format xlsx',
    exclusive: ['json', 'csv', 'html', 'format'],
    helpGroup: 'OUTPUT',
  }),
  locale: Flags.string({
    description: 'how CSV is written: en has , and 1.5; pl has ; and 1,5 behind a mark by which Excel knows UTF-8',
    options: [...CSV_LOCALES],
    default: 'en',
    helpGroup: 'OUTPUT',
  }),
  output: reportOutputFlag,
  sandbox: sandboxFlag,
}
