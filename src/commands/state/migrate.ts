import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { moveState } from '../../app/state/move-state.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { counted } from '../../core/counted.ts'

export default class StateMigrate extends BaseCommand {
  static override summary = 'Move the state from its file to a PostgreSQL, whole and compared.'
  static override description =
    `All tables are copied in one transaction; rows and a digest of each are compared with the file before it is committed. Then the file
is sealed: it stays where it is, nothing writes it any more, and whoever opens it is told where its history is. A move that was
interrupted has changed nothing, and is begun again. The database must have no history yet.

Exit codes: 0 all is moved, 2 nothing was.`
  static override examples = [
    {
      description: 'To a database whose address is in a variable',
      command: '<%= config.bin %> state migrate --to env:TILL_DATABASE',
    },
  ]
  static override flags = {
    to: Flags.string({
      description: 'where the address is (env:NAME, file:PATH …), or itself',
      helpValue: 'ADDRESS',
      required: true,
    }),
    json: Flags.boolean({ description: 'one JSON document (schema till.state-moved/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(StateMigrate)
    const project = await this.openProject(flags)
    const moved = await moveState(project, flags.to)
    await project.close()
    if (flags.json) await this.write(jsonLine({ schema: 'till.state-moved/1', ...moved }))
    else {
      const rows = moved.tables.reduce((sum, table) => sum + table.rows, 0)
      await this.write(
        `In ${moved.to}: ${counted(rows, 'row')} of ${moved.tables.length} tables, each table compared.\n${moved.from} is sealed.\n${nextStep(flags.to, project.settings.postgres)}`,
      )
    }
  }
}

/** What is left to be done where tillwright.yaml does not name the database yet; an address itself may hold a password, and is not repeated. */
function nextStep(to: string, named: string | undefined): string {
  if (named === to) return ''
  const place = /^(env|file|command):/.test(to) ? to : 'env:NAME'
  const who = 'in tillwright.yaml, where whoever runs till can read it.'
  return `Next: \`state: {postgres: ${JSON.stringify(place)}}\` ${who}\n`
}
