import { Flags } from '@oclif/core'
import { completenessReport } from '../../app/reports/completeness-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'

export default class ReportCompleteness extends ReportCommand {
  static override summary = 'Show day by day and store by store what is not known, and why.'
  static override description =
    `How much of the trading hours of devices runs have covered. Days of which everything is known are left out, unless --whole. With
--json the answer is one document (schema till.report-completeness/1).`
  static override examples = [
    { description: 'Gaps of the last week', command: '<%= config.bin %> report completeness --since 7d' },
    {
      description: 'Every day of November, for others to read',
      command: '<%= config.bin %> report completeness --period 2026-11 --whole --csv --output days.csv',
    },
  ]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    whole: Flags.boolean({ description: 'also days of which everything is known' }),
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportCompleteness)
    await this.report(flags, (question) => completenessReport({ ...question, isWhole: flags.whole }))
  }
}
