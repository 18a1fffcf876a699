import { Flags } from '@oclif/core'
import { trendsReport } from '../../app/reports/trends-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { GROUPINGS, type Grouping } from '../../core/report-names.ts'

export default class ReportTrends extends ReportCommand {
  static override summary = 'Show what fails more than it did, and what fails less.'
  static override description =
    `Counts outages that began in the later half of a period beside those of the earlier half, by cause and model or whatever --by says. With
--json the answer is one document (schema till.report-trends/1).`
  static override examples = [
    { description: 'This month, by model', command: '<%= config.bin %> report trends --since 30d' },
    {
      description: 'Fiscal printers by store, with a chart',
      command: '<%= config.bin %> report trends --kind fiscal-printer --by store --html --output trends.html',
    },
  ]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    by: Flags.string({ description: 'what is counted together', options: [...GROUPINGS], default: 'model' }),
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportTrends)
    await this.report(flags, (question) => trendsReport({ ...question, by: flags.by as Grouping }))
  }
}
