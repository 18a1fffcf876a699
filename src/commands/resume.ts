import { Args, Flags } from '@oclif/core'
import { unfinishedRuns, unfinishedTable } from '../app/history/unfinished-runs.ts'
import { jsonLine } from '../app/json-document.ts'
import { accountName } from '../app/run/account.ts'
import { isHeldWhereItRuns, resolveResumable, unpauseRun } from '../app/run/pause-run.ts'
import { runReporters } from '../app/run/reporting.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { confirm } from '../cli/confirm.ts'
import { underSignals } from '../cli/interrupts.ts'
import { conductFlags, failingStates, onFlag, safetyFlags } from '../cli/run-flags.ts'
import type { PastDoubt } from '../controller/past-doubt.ts'
import { InputError, usageError } from '../core/diagnostic.ts'
import { EXIT } from '../core/outcome.ts'

export default class Resume extends BaseCommand {
  static override summary = 'Go on with an apply that was interrupted, killed, held back by safety, or paused.'
  static override description =
    `What is left is done: devices that the run did not get to, or not to the end of, and those that safety has put off. It is in the
waves that it had, with the runbook, the modules and the plan that it began with; a policy that was made stricter since holds, too.
Devices are looked at first: what an earlier attempt was changing is settled by what is seen. What cannot be seen (a restart, a
command) is not repeated, and stays in doubt: look at the device yourself, then --past-doubt DEVICE has it go on with what
is behind that; the action in doubt is told as unknown, with who said so and why, what reacts to it is not run, and where a step
behind it fails, its rollback steps are made. A device whose inventory data, or a file of the repository that it gets, has changed
since is left alone (RUN_MOVED).

A run that is paused and whose process is there goes on in that process, which tells its result: flags about how it works and what it
writes are refused here, and with --json or --ndjson nothing is on stdout.

The run keeps its id; the result is that of the whole run. Exit codes: as for till apply, over all of its devices.`
  static override examples = [
    { description: 'What can be resumed?', command: '<%= config.bin %> resume --list' },
    { description: 'The newest of these', command: '<%= config.bin %> resume latest' },
    {
      description: 'Somebody has looked at a till that is in doubt for good',
      command: `<%= config.bin %> resume latest --past-doubt PL-0001/pos1 --because 'it was restarted at 03:47'`,
    },
    {
      description: 'In a pipeline, waiting for windows and soak times',
      command: '<%= config.bin %> resume 20261122T0347 --wait 2h --yes --json',
    },
  ]
  static override args = {
    run: Args.string({ description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = {
    ...conductFlags,
    on: onFlag,
    'past-doubt': Flags.string({
      description: 'go on with this device although nobody can tell how a change of it came out; may be repeated',
      helpValue: 'DEVICE',
      multiple: true,
      multipleNonGreedy: true,
      dependsOn: ['because'],
    }),
    because: Flags.string({
      description: 'why --past-doubt; it is on record',
      helpValue: 'WHY',
      dependsOn: ['past-doubt'],
    }),
    list: Flags.boolean({ description: 'show the runs of which something is left; with --json as till.unfinished/1' }),
    output: Flags.string({
      char: 'o',
      description: 'also write the result to this file (schema till.result/1)',
      helpGroup: 'OUTPUT',
    }),
    ...safetyFlags,
    yes: Flags.boolean({ char: 'y', description: 'do not ask (it is asked on a terminal only)' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Resume)
    if (flags.list) return this.#list(flags)
    if (args.run === undefined) throw new InputError([NO_RUN])
    const controller = await this.openController(flags)
    const store = await controller.store()
    const fleet = await store.fleets.keyOf(await controller.project.fleet())
    const run = await resolveResumable(store, fleet, args.run)
    const isHeld = await isHeldWhereItRuns(store, { fleet, run })
    if (isHeld) refuseWhatItHas(run.run, flags)
    if (!flags.yes && !(await confirm(`Go on with ${run.runbooks.join(', ')}, run ${run.run}?`))) {
      this.log('Nothing was changed.')
      this.exit(EXIT.interrupted)
    }
    if (isHeld && (await unpauseRun(store, { fleet, run }, accountName()))) {
      const isForMachines = flags.json || flags.ndjson
      const said = `Run ${run.run} goes on, where it runs.\n`
      if (isForMachines) process.stderr.write(said)
      else await this.write(said)
      await controller.close()
      return
    }
    const resumed = await controller.resumeRun(run, {
      parallel: flags.parallel,
      workers: flags.workers,
      on: flags.on,
      failOn: failingStates(flags),
      reporters: runReporters(flags),
      waitMs: flags.wait,
      breakGlass: flags['break-glass'],
      maxFailures: flags['max-failures'],
      goOn: flags['go-on'],
      pastDoubt: pastDoubtOf(flags),
    })
    // Not before: a pause holds on where this is refused.
    await unpauseRun(store, { fleet, run }, accountName())
    const end = await underSignals(resumed, () => controller.close())
    this.exit(end.exitCode)
  }

  async #list(flags: { readonly json: boolean; readonly project?: string | undefined; readonly sandbox: boolean }) {
    const project = await this.openProject(flags)
    const runs = await unfinishedRuns(await project.store())
    if (flags.json) await this.write(jsonLine({ schema: 'till.unfinished/1', runs }))
    else if (runs.length === 0) process.stderr.write('There is no run of which something is left.\n')
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(unfinishedTable(runs, { width, color: this.color }))
    }
    await project.close()
  }
}

function pastDoubtOf(flags: {
  readonly 'past-doubt'?: readonly string[] | undefined
  readonly because?: string | undefined
}): PastDoubt | undefined {
  const { 'past-doubt': devices, because: why } = flags
  return devices && why !== undefined ? { devices, by: accountName(), why } : undefined
}

/** What says how a run works and what it writes: one whose process is there has these already. */
const OF_ITS_PROCESS = [
  ...['output', 'junit', 'markdown', 'html', 'code-quality', 'sarif', 'parallel', 'fail-on', 'workers', 'on'],
  ...['wait', 'break-glass', 'max-failures', 'go-on', 'past-doubt', 'because'],
]

function refuseWhatItHas(run: string, flags: Readonly<Record<string, unknown>>): void {
  const given = OF_ITS_PROCESS.filter((name) => flags[name] !== undefined && flags[name] !== false)
  if (given.length === 0) return
  const names = given.map((name) => `--${name}`).join(', ')
  const summary = `Run "${run}" is paused, and goes on in the process that has it: ${names} would mean nothing`
  const detail = `Leave ${given.length === 1 ? 'it' : 'them'} out; that process tells the result.`
  throw usageError(summary, detail)
}

const NO_RUN = {
  code: 'USAGE_INVALID',
  severity: 'error',
  summary: 'Which run?',
  detail: 'Name it by its id, the beginning of it, or as latest; --list shows those of which something is left.',
} as const
