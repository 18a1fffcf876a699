import { versionsReport } from '../../app/reports/versions-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { pastRunsFlag, periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'

export default class ReportVersions extends ReportCommand {
  static override summary = 'Show which systems devices run, beside what the inventory says.'
  static override description =
    `From what steps of the module facts have told of each device last; asks none. A device that none has told of is unknown. With --json
the answer is one document (schema till.report-versions/1).`
  static override examples = [{ description: 'All tills', command: '<%= config.bin %> report versions --kind till' }]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    runs: pastRunsFlag,
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportVersions)
    await this.report(flags, (question) => versionsReport({ ...question, runs: flags.runs }))
  }
}
