import { Flags } from '@oclif/core'
import { jsonPage } from '../../app/json-document.ts'
import { sinksOf } from '../../app/streams/open-sinks.ts'
import { registeredOutbox, sinksStatus, statusDocument, statusText } from '../../app/streams/sinks-status.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class SinksStatus extends BaseCommand {
  static override summary = 'Show how far each sink is: what waits for it, since when, and why.'
  static override description =
    `Events of runs wait in the state store until every sink of tillwright.yaml has taken them. Exit codes: 0, also while events
wait; 3 where a sink takes nothing, is full, or has refused events.`
  static override examples = [
    { description: 'What waits?', command: '<%= config.bin %> sinks status' },
    { description: 'For a script', command: '<%= config.bin %> sinks status --json' },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'as JSON (schema till.sinks/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SinksStatus)
    const project = await this.openProject(flags)
    const settings = sinksOf(project)
    const outbox = await registeredOutbox(project, settings)
    const sinks = await sinksStatus(settings, outbox)
    await outbox.close()
    await project.close()
    await this.write(flags.json ? jsonPage(statusDocument(sinks)) : statusText(sinks, new Date()))
    const isWell = sinks.every(({ trouble, full, refused }) => trouble === null && !full && refused === 0)
    this.exit(isWell ? EXIT.ok : EXIT.drift)
  }
}
