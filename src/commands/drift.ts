import { Flags } from '@oclif/core'
import { assignedWork } from '../app/revision/assignments.ts'
import { referenceTo } from '../app/revision/runbooks.ts'
import { runReporters } from '../app/run/reporting.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { failingStates, runFlags } from '../cli/run-flags.ts'

export default class Drift extends BaseCommand {
  static override summary = 'Read every device that has runbooks assigned and show where it differs; change nothing.'
  static override description =
    `The assignments of tillwright.yaml say which runbooks hold for which devices. Every device is read once, for all of its
runbooks. Exit codes as for plan: 0 as desired, 3 drift or an unmet check, 4 failed, 5 unreachable or unknown.`
  static override examples = [
    { description: 'The whole fleet, as JSON for monitoring', command: '<%= config.bin %> drift --json' },
    { description: 'One region, live', command: '<%= config.bin %> drift --region slaskie' },
  ]
  static override flags = {
    ...runFlags,
    output: Flags.string({
      char: 'o',
      description: 'also write the result to this file (schema till.result/1)',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Drift)
    const controller = await this.openController(flags)
    const { project } = controller
    const fleet = await controller.fleet()
    const { work, runbooks } = await assignedWork(project, fleet, flags)
    const end = await this.seeThrough(controller, {
      mode: 'drift',
      project,
      fleet,
      work,
      runbooks: runbooks.map(referenceTo),
      parallel: flags.parallel,
      workers: flags.workers,
      failOn: failingStates(flags),
      reporters: runReporters(flags, runbooks),
    })
    this.exit(end.exitCode)
  }
}
