import { Args } from '@oclif/core'
import { resolveRun } from '../app/history/resolve-run.ts'
import { resolveUnfinished } from '../app/history/unfinished-runs.ts'
import { accountName } from '../app/run/account.ts'
import { abortRun } from '../app/run/control-run.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { becauseFlag, sandboxFlag } from '../cli/run-flags.ts'

export default class Abort extends BaseCommand {
  static override summary = 'End a run for good: what is being changed is finished, the rest is not begun.'
  static override description =
    `A run in progress, whichever process of this machine or another works on it, is stopped within seconds as by Ctrl-C. A run that was
interrupted or held back cannot be resumed any more, and what was kept for it goes. What it did stays in the history.`
  static override examples = [
    {
      description: 'The update was withdrawn',
      command: `<%= config.bin %> abort 20261122T0347 --because 'agent 7.0.1 was withdrawn'`,
    },
  ]
  static override args = {
    run: Args.string({
      required: true,
      description: 'id of a run, its beginning, or "latest": the newest of which something is left',
    }),
  }
  static override flags = {
    because: becauseFlag,
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Abort)
    const project = await this.openProject(flags)
    const [fleet, store] = await Promise.all([project.fleet(), project.store()])
    const key = await store.fleets.keyOf(fleet)
    const run = args.run === 'latest' ? await resolveUnfinished(store, args.run) : await resolveRun(store, args.run)
    await abortRun(store, { fleet: key, run }, { by: accountName(), at: Date.now(), why: flags.because })
    await project.close()
    const goesOn = run.state === 'running' ? ' Its process finishes what is being changed.' : ''
    await this.write(`Run ${run.run} is over.${goesOn}\n`)
  }
}
