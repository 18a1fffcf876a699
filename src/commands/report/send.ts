import { Args, Flags } from '@oclif/core'
import { openIncidentStore } from '../../app/history/open-store.ts'
import { dutiesOf } from '../../app/incidents/duties-in-force.ts'
import { checkScheduledReports } from '../../app/reports/check-scheduled-reports.ts'
import { makeReport, placeKey, placesOf, scheduledReport, sendReport } from '../../app/reports/send-report.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { fileWriter } from '../../app/writer.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { InputError } from '../../core/diagnostic.ts'
import { EXIT } from '../../core/outcome.ts'
import { lastDue } from '../../core/report-schedule.ts'

export default class ReportSend extends BaseCommand {
  static override summary = 'Send a scheduled report now, to whom it goes; or look at it first.'
  static override description =
    `It is the report that was due last, for its period. That till serve sends it when it is due is not affected. With --dry-run nobody
gets it: it says who would, and --output writes what would be attached. Exit codes: 0 it was sent everywhere, 4 somewhere it was not.`
  static override examples = [
    {
      description: 'Who would get what',
      command: '<%= config.bin %> report send monday --dry-run --output monday.html',
    },
    { description: 'Once more, after mail was broken', command: '<%= config.bin %> report send monday' },
  ]
  static override args = {
    name: Args.string({ required: true, description: 'as reports of tillwright.yaml names it' }),
  }
  static override flags = {
    'dry-run': Flags.boolean({ description: 'send nothing' }),
    output: Flags.string({
      char: 'o',
      description: 'a file for what would be attached',
      helpValue: 'FILE',
      dependsOn: ['dry-run'],
    }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ReportSend)
    const project = await this.openProject(flags)
    const incidents = await openIncidentStore(project.state)
    try {
      const fleet = await workingFleet(project, flags)
      const duties = dutiesOf(project, fleet)
      const report = scheduledReport(project, args.name)
      const wrong = checkScheduledReports(project, fleet, duties)
      if (wrong.length > 0) throw new InputError(wrong)
      const of = { project, fleet, store: await project.store(), incidents, duties }
      const now = Date.now()
      const made = await makeReport(of, report, lastDue(report.times, now))
      await this.write(`${made.subject}: ${made.file.name}, ${Math.ceil(made.file.content.length / 1024)} KiB\n`)
      if (flags.output !== undefined) {
        const file = await fileWriter(flags.output)
        await file.write(made.file.content)
        await file.close()
      }
      let isSent = true
      for (const place of placesOf(report)) {
        if (flags['dry-run']) {
          await this.write(`${placeKey(report, place)}: would be sent\n`)
          continue
        }
        const result = await sendReport(of, made, { report, place, nominal: `by hand ${new Date(now).toISOString()}` })
        isSent &&= result.ok
        await this.write(`${placeKey(report, place)}: ${result.ok ? 'sent' : result.why}\n`)
      }
      if (!isSent) this.exit(EXIT.failed)
    } finally {
      await incidents.close()
      await project.close()
    }
  }
}
