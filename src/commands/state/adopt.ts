import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { shownPath } from '../../app/shown-path.ts'
import { adoptStore } from '../../app/state/adopt-store.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class StateAdopt extends BaseCommand {
  static override summary = 'Write into tillwright.yaml that the state store here is the one that counts.'
  static override description =
    `From then on another store (the folder of a pipeline that is thrown away, the file of a laptop) may plan, and not change anything:
its caps, leases and breaker would know nothing of what is in progress elsewhere. The id is that of the store, which stays when it is moved
by till state migrate. Everything else in tillwright.yaml stays as it is written. Commit it: it holds where that commit is.

With --move this store takes the place of another one, in which nothing may be in progress, out or held, and whose breaker must be closed: its
file is sealed, and then tillwright.yaml is written; say it again where it was interrupted between the two. The history stays there; to take it
along, use till state migrate in its place.

Exit codes: 0 it counts now, or did already; 2 nothing was written.`
  static override examples = [
    { description: 'This one counts from now on', command: '<%= config.bin %> state adopt' },
    {
      description: 'In the place of the one on the old server',
      command: '<%= config.bin %> state adopt --move /mnt/old/.till/state.db',
    },
  ]
  static override flags = {
    move: Flags.string({ description: 'state file that counted until now; it is sealed', helpValue: 'FILE' }),
    json: Flags.boolean({ description: 'one JSON document (schema till.state-adopted/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(StateAdopt)
    const project = await this.openProject(flags)
    const adopted = await adoptStore(project, flags.move).finally(() => project.close())
    if (flags.json) {
      await this.write(jsonLine({ schema: 'till.state-adopted/1', ...adopted }))
      return
    }
    const { id, where, file, already, sealed } = adopted
    if (already) return this.write(`${where} (${id}) counts already.\n`)
    if (sealed !== null) await this.write(`${sealed} is sealed.\n`)
    await this.write(`${where} counts from now on: state.id is ${id}.\n`)
    await this.write(`Commit it: git commit -m 'Which state store counts' ${shownPath(file)}\n`)
  }
}
