import { Flags } from '@oclif/core'
import { recurringReport } from '../../app/reports/recurring-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { GROUPINGS, type Grouping } from '../../core/report-names.ts'

export default class ReportRecurring extends ReportCommand {
  static override summary = 'Show what fails again and again, and where.'
  static override description =
    `Counts outages of one cause by device, model or whatever --by says, from what runs have found. With --json the answer is one
document (schema till.report-recurring/1).`
  static override examples = [
    {
      description: 'Devices that failed three times in a month',
      command: '<%= config.bin %> report recurring --least 3',
    },
    { description: 'Which model fails by what', command: '<%= config.bin %> report recurring --by model --since 90d' },
  ]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    by: Flags.string({ description: 'what is counted together', options: [...GROUPINGS], default: 'device' }),
    least: Flags.integer({ description: 'what failed fewer times is left out', default: 2, min: 1 }),
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportRecurring)
    await this.report(flags, (question) =>
      recurringReport({ ...question, by: flags.by as Grouping, atLeast: flags.least }),
    )
  }
}
