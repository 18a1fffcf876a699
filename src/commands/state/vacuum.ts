import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { vacuumState } from '../../app/state/vacuum-state.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class StateVacuum extends BaseCommand {
  static override summary = 'Give disk back that the state does not need any more.'
  static override description =
    `What the history forgets leaves room that is used again, and the file stays as large as it ever was. This gives it back: a file
page by page, in transactions of some milliseconds, so that runs go on; one that was made by an older version is written anew once, beside
a run only where that takes a second or two. PostgreSQL is asked for VACUUM of our tables, which gives back what lies at their end;
--full writes all of it anew, while nobody is at work.

Exit codes: 0 done, 2 nothing was changed.`
  static override examples = [
    { description: 'After history was shortened', command: '<%= config.bin %> state vacuum' },
    { description: 'As much as can be, at night', command: '<%= config.bin %> state vacuum --full --json' },
  ]
  static override flags = {
    full: Flags.boolean({ description: 'write all of it anew; nobody may be at work' }),
    json: Flags.boolean({ description: 'one JSON document (schema till.state-vacuumed/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(StateVacuum)
    const project = await this.openProject(flags)
    const done = await vacuumState(project, flags).finally(() => project.close())
    if (flags.json) {
      await this.write(jsonLine({ schema: 'till.state-vacuumed/1', ...done }))
      return
    }
    const { where, before_bytes, after_bytes, longest_ms, pending } = done
    const [before, after] = [before_bytes, after_bytes].map((bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`)
    const waited = longest_ms === null ? '' : `; others could not write for ${longest_ms} ms at most`
    await this.write(`${where}: ${before} before, ${after} now${waited}.\n`)
    if (pending) await this.write('Somebody reads the file: it becomes smaller once they are done.\n')
  }
}
