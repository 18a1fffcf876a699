import { Args, Flags } from '@oclif/core'
import { resolveRun } from '../app/history/resolve-run.ts'
import { selectDevices } from '../app/revision/selection.ts'
import { quietReporters, runReporters } from '../app/run/reporting.ts'
import { rollbackWork } from '../app/run/rollback-work.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { devicesText, planAndAsk } from '../cli/plan-first.ts'
import { conductFlags, failingStates, safetyFlags } from '../cli/run-flags.ts'
import { selectionFlags } from '../cli/selection-flags.ts'
import { EXIT } from '../core/outcome.ts'

export default class Rollback extends BaseCommand {
  static override summary = 'Take back what a run has changed, by the rollback steps of its runbook.'
  static override description =
    `On each device that the run has changed, the rollback steps of those steps are made that had changed something, the last one first; of
a device that failed this was done within the run. What another run has taken back is left as it is. It is a run of its own: admission
is asked for each device, so many are brought back at a time as the policy says (rollback.at_once), and when some could not be, no more
are begun (rollback.stop_after). Guards, freezes and windows hold. The runbook has to be the one that the run had.

Exit codes: 0 all that was to be taken back is, 4 some device failed or is in doubt, 5 some was unreachable, 6 held back by safety,
130 interrupted, 2 bad input, or there is nothing to take back.`
  static override examples = [
    {
      description: 'The update of an hour ago was a mistake',
      command: '<%= config.bin %> rollback latest',
    },
    {
      description: 'In one store only, in a pipeline',
      command: '<%= config.bin %> rollback 20261122T0347 --store PL-0412 --yes --json',
    },
  ]
  static override args = {
    run: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = {
    ...selectionFlags,
    ...conductFlags,
    output: Flags.string({
      char: 'o',
      description: 'also write the result to this file (schema till.result/1)',
      helpGroup: 'OUTPUT',
    }),
    wait: safetyFlags.wait,
    'break-glass': safetyFlags['break-glass'],
    yes: Flags.boolean({ char: 'y', description: 'do not ask; needed where nobody can be asked' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Rollback)
    const controller = await this.openController(flags)
    const { project } = controller
    const [fleet, store] = await Promise.all([controller.fleet(), controller.store()])
    const run = await resolveRun(store, args.run)
    const selected = await selectDevices(fleet, flags, { store: () => project.store() })
    const wanted = new Set(selected.map(({ name }) => name))
    const isWanted = (name: string): boolean => wanted.has(name)
    const { opened, without, done, ...rest } = await rollbackWork(run, { project, fleet, store }, isWanted)
    if (without.length > 0) process.stderr.write(`${leftText(NO_WAY, without)}\n`)
    if (done.length > 0) process.stderr.write(`${leftText(DONE, done)}\n`)
    const failOn = failingStates(flags)
    const asked = { ...rest, parallel: flags.parallel, workers: flags.workers, failOn, undoes: run.run }
    if (!flags.yes) {
      const question = `Take back ${run.runbooks.join(', ')} of run ${run.run} on`
      const word = await planAndAsk(controller, asked, {
        runbooks: opened,
        question,
        reporters: quietReporters(flags, opened),
        otherwise: 'Elsewhere give --yes.',
      })
      if ('exitCode' in word) this.exit(word.exitCode)
      if (word.kind === 'no') {
        this.log('Nothing was changed.')
        this.exit(EXIT.interrupted)
      }
    } else process.stderr.write(`Taking back run ${run.run} on ${devicesText(asked.work)}.\n`)
    const end = await this.seeThrough(controller, {
      ...asked,
      mode: 'apply',
      reporters: runReporters(flags, opened),
      waitMs: flags.wait,
      breakGlass: flags['break-glass'],
    })
    this.exit(end.exitCode)
  }
}

const NO_WAY = 'Not taken back here, as nothing says how, or it was done within the run'
const DONE = 'Taken back before, and left as it is'

function leftText(why: string, devices: readonly string[]): string {
  const names = devices.slice(0, 5).join(', ')
  const more = devices.length > 5 ? ` and ${devices.length - 5} more` : ''
  return `${why}: ${names}${more}.`
}
