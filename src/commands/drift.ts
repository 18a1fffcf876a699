import { Flags } from '@oclif/core'
import { assignedWork } from '../app/assignments.ts'
import { BaseCommand } from '../app/base-command.ts'
import { runReporters } from '../app/reporting.ts'
import { runFlags } from '../app/run-flags.ts'
import { referenceTo } from '../app/runbooks.ts'
import { startRun } from '../app/start-run.ts'
import { workingFleet } from '../app/targets.ts'

export default class Drift extends BaseCommand {
  static override summary = 'Read every device that has runbooks assigned and show where it differs; change nothing.'
  static override description =
    `The assignments of tillwright.yaml say which runbooks hold for which devices. Every device is read once, for all of its
runbooks. Exit codes as for plan: 0 no drift, 3 drift, 4 a check failed, 5 unreachable or unknown.`
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
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const { work, runbooks } = await assignedWork(project, fleet, flags)
    const end = await startRun({
      mode: 'drift',
      project,
      fleet,
      work,
      runbooks: runbooks.map(referenceTo),
      parallel: flags.parallel,
      workers: flags.workers,
      reporters: runReporters(flags),
    })
    await project.close()
    this.exit(end.exitCode)
  }
}
