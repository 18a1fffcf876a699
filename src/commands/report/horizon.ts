import { horizonReport } from '../../app/reports/horizon-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { pastRunsFlag, periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'

export default class ReportHorizon extends ReportCommand {
  static override summary = 'Show what is due on devices, by when, and whose it is.'
  static override description =
    `Certificates, memories, licences, inspections: the lists that steps of the module fiscal (the runbook fiscal-readiness) have told of, the
latest of each device. Asks no device. With --json the answer is one document (schema till.report-horizon/1).`
  static override examples = [
    { description: 'All of it, worst first', command: '<%= config.bin %> report horizon' },
    {
      description: 'For the service of fiscal printers',
      command: '<%= config.bin %> report horizon --region mazowieckie --xlsx --output due.xlsx',
    },
  ]
  static override flags = {
    ...selectionFlags,
    ...periodFlags,
    runs: pastRunsFlag,
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportHorizon)
    await this.report(flags, (question) => horizonReport({ ...question, runs: flags.runs }))
  }
}
