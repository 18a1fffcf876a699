import { Args, Errors, Flags } from '@oclif/core'
import { jsonPage } from '../app/json-document.ts'
import { openRunbook, parseParams } from '../app/revision/runbooks.ts'
import { someDevices } from '../app/revision/targets.ts'
import { calendarJson, calendarPage, calendarText, rolloutCalendar } from '../app/safety/rollout-calendar.ts'
import { fileWriter } from '../app/writer.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { paramFlag, sandboxFlag } from '../cli/run-flags.ts'
import { selectionFlags } from '../cli/selection-flags.ts'
import { EXIT } from '../core/outcome.ts'
import { readTime } from '../core/written-time.ts'

export default class Schedule extends BaseCommand {
  static override summary = 'Show the calendar of a rollout before it starts: which store in which wave at which time.'
  static override description =
    `Puts the rules of the policy to every device, at the times at which a run would ask: windows, freezes, holds, caps, waves. It takes
for granted that all goes well, that each change lasts as long as the policy guesses, that every device was seen working, and that
nobody else changes anything. Asks no device. Exit codes: 0 every device has its time, 6 some would not begin within 90 days.`
  static override examples = [
    { description: 'When would the new agent be everywhere?', command: '<%= config.bin %> schedule agent-update' },
    {
      description: 'A page with a picture, for a meeting',
      command: '<%= config.bin %> schedule agent-update --region mazowieckie --html calendar.html',
    },
  ]
  static override args = {
    runbook: Args.string({ required: true, description: 'name of a runbook of this repository, or a file' }),
  }
  static override flags = {
    ...selectionFlags,
    param: paramFlag,
    sandbox: sandboxFlag,
    start: Flags.custom<number>({
      description: 'begin then and not now: 2026-12-01T20:00Z; without a zone, that of this machine',
      helpValue: 'TIME',
      async parse(text) {
        const at = readTime(text, { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, now: Date.now() })
        if (at === undefined) throw new Errors.CLIError(`a time is written as 2026-12-01T20:00Z, not "${text}"`)
        return at
      },
    })(),
    parallel: Flags.integer({
      char: 'p',
      description: 'devices at a time (default: `run.parallel` of tillwright.yaml)',
      min: 1,
      max: 10_000,
    }),
    json: Flags.boolean({ description: 'as JSON (schema till.schedule/1)', helpGroup: 'OUTPUT' }),
    html: Flags.string({
      description: 'also write a page with a picture to this file',
      helpValue: 'FILE',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Schedule)
    const project = await this.openProject(flags)
    const runbook = openRunbook(project, args.runbook, parseParams(flags.param))
    const fleet = await project.fleet()
    const devices = await someDevices(project, fleet, { ...flags, targets: runbook.targets })
    const { start = Date.now() } = flags
    const calendar = await rolloutCalendar(project, fleet, { runbook, devices, start, parallel: flags.parallel })
    await project.close()
    if (flags.html !== undefined) {
      const writer = await fileWriter(flags.html)
      await writer.write(calendarPage(calendar))
      await writer.close()
    }
    await this.write(flags.json ? jsonPage(calendarJson(calendar)) : calendarText(calendar))
    this.exit(calendar.never.length === 0 ? EXIT.ok : EXIT.held)
  }
}
