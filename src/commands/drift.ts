import { Flags } from '@oclif/core'
import { driftSince, driftSinceCode, driftSinceText } from '../app/gitops/since/drift-since.ts'
import { jsonPage } from '../app/json-document.ts'
import { assignedWork } from '../app/revision/assignments.ts'
import { referenceTo } from '../app/revision/runbooks.ts'
import { someDevices } from '../app/revision/targets.ts'
import { runReporters } from '../app/run/reporting.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { durationFlag } from '../cli/duration-flag.ts'
import { failingStates, runFlags } from '../cli/run-flags.ts'

export default class Drift extends BaseCommand {
  static override summary = 'Read every device that has runbooks assigned and show where it differs; change nothing.'
  static override description =
    `The assignments of tillwright.yaml say which runbooks hold for which devices. Every device is read once, for all of its
runbooks. With --since no device is asked: what differs by the last looks is told from history, since when, in which run it was
seen first, and whether a commit made it so (--json has the schema till.drift/1); 4 is then for devices on which the last look failed, 5 for those
that it could not judge, or that nobody looked at. Exit codes as for plan: 0 as desired, 3 drift or an unmet check, 4 failed, 5 unreachable or unknown.`
  static override examples = [
    { description: 'The whole fleet, as JSON for monitoring', command: '<%= config.bin %> drift --json' },
    {
      description: 'What began to differ within a week, and by which commit, from history',
      command: '<%= config.bin %> drift --since 7d',
    },
    { description: 'One region, live', command: '<%= config.bin %> drift --region slaskie' },
  ]
  static override flags = {
    ...runFlags,
    since: durationFlag({
      description: 'from history: what began to differ within so long, and by what; no device is asked',
      helpValue: 'TIME',
      exclusive: ['ndjson', 'output', 'junit', 'markdown', 'html', 'code-quality', 'sarif', 'fail-on'],
    }),
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
    if (flags.since !== undefined) {
      const store = await controller.store()
      const devices = await someDevices(project, fleet, flags)
      const found = await driftSince(project, { store, devices, since: new Date(Date.now() - flags.since) })
      await this.write(flags.json ? jsonPage(found) : driftSinceText(found, project))
      this.exit(driftSinceCode(found))
    }
    const { work, runbooks, warnings } = await assignedWork(project, fleet, flags)
    if (warnings.length > 0) this.sayBeside(warnings)
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
