import { visitsReport } from '../../app/reports/horizon-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { pastRunsFlag, periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'

export default class ReportVisits extends ReportCommand {
  static override summary = 'Show which stores somebody has to go to, and what for.'
  static override description =
    `What the last looks found wrong and what is due, by store and owner, so that one visit will do. Asks no device. With --json the answer
is one document (schema till.report-visits/1).`
  static override examples = [
    { description: 'Who has to go where', command: '<%= config.bin %> report visits' },
    {
      description: 'One region, to print',
      command: '<%= config.bin %> report visits --region mazowieckie --html --output visits.html',
    },
  ]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    runs: pastRunsFlag,
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportVisits)
    await this.report(flags, (question) => visitsReport({ ...question, runs: flags.runs }))
  }
}
