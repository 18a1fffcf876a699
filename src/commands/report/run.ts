import { Args } from '@oclif/core'
import { resolveRun } from '../../app/history/resolve-run.ts'
import { zoneOfMost } from '../../app/reports/report-frame.ts'
import { runReport } from '../../app/reports/run-report.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { reportFlags } from '../../cli/report-flags.ts'

export default class ReportRun extends ReportCommand {
  static override summary = 'Write what a run found and did as one page, for a ticket or for people without a terminal.'
  static override description =
    `Device by device, the worst first, with what differs and why. --html is one file with charts that needs nothing else and runs nothing.
With --json the answer is one document (schema till.report-run/1); the whole of a run is told by till runs show.`
  static override examples = [
    {
      description: 'The last run, to attach to a ticket',
      command: '<%= config.bin %> report run latest --format html --output run.html',
    },
    { description: 'As a workbook', command: '<%= config.bin %> report run 20261122T0347 --xlsx --output run.xlsx' },
  ]
  static override args = {
    run: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = { ...reportFlags }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ReportRun)
    this.formatOf(flags)
    const project = await this.openProject(flags)
    const store = await project.store()
    const run = await resolveRun(store, args.run)
    const report = await runReport(store, run, {
      zone: zoneOfMost(await workingFleet(project, flags)),
      now: new Date(),
      isSandbox: project.isSandbox,
    })
    await project.close()
    await this.writeReport(report, flags)
  }
}
