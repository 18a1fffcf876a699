import { Flags } from '@oclif/core'
import { type AvailabilityOf, availabilityReport } from '../../app/reports/availability-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { GROUPINGS, type Grouping } from '../../core/report-names.ts'

export default class ReportAvailability extends ReportCommand {
  static override summary = 'Show how long devices worked, or stores could sell, within trading hours.'
  static override description =
    `Asks no device: the answer is folded from what runs have found (docs/reports.md says how). What was not looked at is unknown, and
never counted as up: "known" says how much of the time the rest speaks of. With --json the answer is one document (schema
till.report-availability/1).`
  static override examples = [
    {
      description: 'Which regions could sell in November',
      command: '<%= config.bin %> report availability --of selling --by region --period 2026-11',
    },
    {
      description: 'The fiscal printers of the last week, by model',
      command: '<%= config.bin %> report availability --kind fiscal-printer --by model --since 7d',
    },
    {
      description: 'For Excel in Polish',
      command: '<%= config.bin %> report availability --csv --locale pl --output dostepnosc.csv',
    },
    {
      description: 'As a page to print or to send',
      command: '<%= config.bin %> report availability --html --output availability.html',
    },
  ]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    by: Flags.string({ description: 'what is told together', options: [...GROUPINGS], default: 'region' }),
    of: Flags.string({
      description: 'devices: whether they work; selling: whether stores can sell',
      options: ['devices', 'selling'],
      default: 'devices',
    }),
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportAvailability)
    await this.report(flags, (question) =>
      availabilityReport({ ...question, by: flags.by as Grouping, of: flags.of as AvailabilityOf }),
    )
  }
}
