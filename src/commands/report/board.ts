import { Flags } from '@oclif/core'
import { boardOf } from '../../app/reports/report-by-name.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { reportFlags } from '../../cli/report-flags.ts'

export default class ReportBoard extends ReportCommand {
  static override summary =
    'Show week by week whether stores could sell, what was lost by it, and what contracts came to.'
  static override description =
    `For those who want one page. Weeks begin on Monday by the clocks of each store; the last one goes up to now. Contracts are told for the
last whole month, as it was closed where it was. With --json the answer is one document (schema till.report-board/1).`
  static override examples = [
    {
      description: 'The last quarter, on a page',
      command: '<%= config.bin %> report board --html --output board.html',
    },
    { description: 'The last year', command: '<%= config.bin %> report board --weeks 53' },
  ]
  static override flags = {
    weeks: Flags.integer({ description: 'how many weeks', default: 13, min: 1, max: 106 }),
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportBoard)
    this.formatOf(flags)
    const now = new Date()
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const store = await project.store()
    const [settings, contracts] = [project.settings.availability(), project.settings.contracts()]
    const devices = [...fleet.devices.values()]
    const report = await boardOf({ fleet, store, settings, contracts, devices, now, weeks: flags.weeks })
    await project.close()
    await this.writeReport(report, flags)
  }
}
