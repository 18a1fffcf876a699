import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { acceptRestore } from '../../app/state/accept-restore.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class StateAcceptRestore extends BaseCommand {
  static override summary = 'Say that the state store was restored from a backup, so that devices take changes again.'
  static override description =
    `A device remembers the latest lease under which it was changed, and refuses an earlier one (LEASE_LOST). A backup knows nothing of the
leases that were given after it. By this all that are given from now on are later than those; it goes on the audit log. Say it once after each
restore, before anything else runs: it waits for processes that may still be there, and refuses where one is. Where nothing was restored
it does no harm.

What was done since the backup is not known any more. Shown are the runs that were in progress in the backup and the devices that they
had in hand: look at them first, with till resume or till plan.

Exit codes: 0 done, 2 nothing was written.`
  static override examples = [
    { description: 'After psql has read the dump', command: '<%= config.bin %> state accept-restore' },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document (schema till.state-restored/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(StateAcceptRestore)
    const project = await this.openProject(flags)
    const restored = await acceptRestore(project).finally(() => project.close())
    if (flags.json) {
      await this.write(jsonLine({ schema: 'till.state-restored/1', ...restored }))
      return
    }
    const { where, runs, devices } = restored
    await this.write(`${where} is taken as restored: devices take changes from it again.\n`)
    for (const run of runs)
      await this.write(`Run ${run} was in progress in the backup; go on with it: till resume ${run}\n`)
    if (devices.length > 0) await this.write(`In hand of a run then: ${devices.join(', ')}\n`)
  }
}
