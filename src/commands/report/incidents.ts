import { openIncidentStore } from '../../app/history/open-store.ts'
import { incidentsReport } from '../../app/reports/incidents-report.ts'
import { reportPeriod } from '../../app/reports/report-period.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { incidentFlags } from '../../cli/incident-command.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'

export default class ReportIncidents extends ReportCommand {
  static override summary = 'Show the incidents of a period, and what their clocks came to.'
  static override description =
    `Those that were opened in it, newest first, closed or not; clocks count time of the contract, without pauses. With --json the answer is one
document (schema till.report-incidents/1).`
  static override examples = [
    {
      description: 'November, as a workbook',
      command: '<%= config.bin %> report incidents --period 2026-11 --xlsx --output incidents.xlsx',
    },
    { description: 'Those of a partner', command: '<%= config.bin %> report incidents --partner acme' },
  ]
  static override flags = { ...periodFlags, partner: incidentFlags.partner, ...reportFlags }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportIncidents)
    this.formatOf(flags)
    const now = new Date()
    const period = reportPeriod(flags, now.getTime())
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const incidents = await openIncidentStore(project.state)
    try {
      const report = await incidentsReport({ fleet, incidents, period, now, partner: flags.partner })
      await this.writeReport(report, flags)
    } finally {
      await incidents.close()
      await project.close()
    }
  }
}
