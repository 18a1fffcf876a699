import { Args } from '@oclif/core'
import { resolveRun } from '../app/history/resolve-run.ts'
import { hereFlag } from '../app/project.ts'
import { accountName } from '../app/run/account.ts'
import { pauseRun } from '../app/run/pause-run.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { becauseFlag, sandboxFlag } from '../cli/run-flags.ts'

export default class Pause extends BaseCommand {
  static override summary =
    'Hold a run in progress: what is being changed is finished, nothing new begins, until till resume.'
  static override description =
    `Whichever process of this machine or another works on it stays, waits, and goes on with till resume; no device is put off, whatever
--wait says. Devices that are being changed are seen through, and proven; no other one is begun, from the moment that this command has
ended. A wave that was under way stays under way. If the process ends meanwhile, till resume carries the run on as any other.

Not to be mistaken for till hold, by which stores and devices are left alone by all runs. Exit codes: 0 it is paused, 2 it cannot be.`
  static override examples = [
    {
      description: 'A till behaves strangely after the update: look before more of them get it',
      command: `<%= config.bin %> pause latest --because 'pos1 in PL-0412 shows a blank screen'`,
    },
    { description: 'It was something else: go on', command: '<%= config.bin %> resume latest --yes' },
  ]
  static override args = {
    run: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = {
    because: becauseFlag,
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Pause)
    const project = await this.openProject(flags)
    const [fleet, store] = await Promise.all([project.fleet(), project.store()])
    const key = await store.fleets.keyOf(fleet)
    const run = await resolveRun(store, args.run)
    const word = { by: accountName(), at: Date.now(), why: flags.because }
    const known = await pauseRun(store, { fleet: key, run }, word).finally(() => project.close())
    const said = known
      ? `was paused by ${known.by} already: ${known.why}.`
      : 'is paused: what is being changed is finished.'
    await this.write(`Run ${run.run} ${said}\nGo on: till resume ${run.run}${hereFlag(project)}\n`)
  }
}
