import { Flags } from '@oclif/core'
import type { Project } from '../app/project.ts'
import { referenceTo } from '../app/revision/runbooks.ts'
import { someDevices } from '../app/revision/targets.ts'
import { commandRunbook } from '../app/run/command-runbook.ts'
import { execReporters } from '../app/run/reporting.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { failingStates, maxFailuresFlag, runFlags } from '../cli/run-flags.ts'
import { counted } from '../core/counted.ts'
import { usageError } from '../core/diagnostic.ts'
import type { Device, Fleet } from '../core/fleet.ts'

export default class Exec extends BaseCommand {
  static override summary = 'Run a command on devices and show what they answer, identical answers once.'
  static override description =
    `For a look around. What changes devices belongs in a runbook, where it can be planned and reviewed; still, a command is
taken to change something, so it passes the same admission as an apply: one run a device at a time.
Without --kind and --device, devices that have no shell (printers, routers) are left out, and their number is told.

One word is given to the device's sh as it stands; several are a program and its arguments, taken literally.
Exit codes: 0 the command ended with 0 everywhere, 3 it did not on some device, 4 some device failed, 5 some device
was unreachable.`
  static override examples = [
    { description: 'Which kernels are out there?', command: '<%= config.bin %> exec --kind till -- uname -r' },
    {
      description: 'A pipeline, in one store',
      command: `<%= config.bin %> exec --store PL-0412 -- 'df -P / | tail -1'`,
    },
  ]
  static override strict = false
  static override usage = 'exec [FLAGS] -- COMMAND...'
  static override flags = {
    ...runFlags,
    'max-failures': maxFailuresFlag,
    timeout: Flags.integer({ char: 't', description: 'seconds that the command may take', default: 60, min: 1 }),
    output: Flags.string({
      char: 'o',
      description: 'also write the result to this file (schema till.result/1)',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Exec)
    const words = argv.map(String)
    if (words.join('').trim() === '') {
      const detail = 'It comes behind two dashes: till exec --store PL-0412 -- uname -r'
      throw usageError('No command is given', detail)
    }
    const controller = await this.openController(flags)
    const { project } = controller
    const fleet = await controller.fleet()
    const runbook = commandRunbook(words, flags.timeout * 1000)
    const devices = await this.#devices(project, fleet, flags)
    const end = await this.seeThrough(controller, {
      mode: 'exec',
      project,
      fleet,
      work: devices.map((device) => ({ device, runbooks: [runbook] })),
      runbooks: [referenceTo(runbook)],
      parallel: flags.parallel,
      workers: flags.workers,
      maxFailures: flags['max-failures'],
      failOn: failingStates(flags),
      reporters: execReporters(flags),
    })
    this.exit(end.exitCode)
  }

  /** Who names no kind and no device means those that can run a command. */
  async #devices(project: Project, fleet: Fleet, flags: Parameters<typeof someDevices>[2]): Promise<readonly Device[]> {
    const selected = await someDevices(project, fleet, flags)
    if (flags.kind?.length || flags.device?.length) return selected
    const able = selected.filter(({ os }) => os.family !== 'none')
    if (able.length === 0 || able.length === selected.length) return selected
    const kinds = [...new Set(selected.filter(({ os }) => os.family === 'none').map(({ kind }) => kind))]
    const left = selected.length - able.length
    process.stderr.write(`Left out: ${counted(left, 'device')} without a shell (${kinds.join(', ')}).\n`)
    return able
  }
}
