import { Flags } from '@oclif/core'
import { openEventStore } from '../../app/history/open-store.ts'
import { jsonPage } from '../../app/json-document.ts'
import { sourcesDocument, sourcesStatus, sourcesText } from '../../app/streams/sources-status.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class SourcesStatus extends BaseCommand {
  static override summary =
    'Show what comes from each source of events, what nobody knows of it, and which devices are silent.'
  static override description =
    `Events of devices are taken in by \`till serve\`; this reads what it has kept. Exit codes: 0 all is well; 3 where a source brings
nothing, or devices are silent for longer than its \`silence\` allows.`
  static override examples = [
    { description: 'What comes?', command: '<%= config.bin %> sources status' },
    { description: 'For a script', command: '<%= config.bin %> sources status --json' },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'as JSON (schema till.sources/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SourcesStatus)
    const project = await this.openProject(flags)
    const settings = project.settings.sources()
    const store = await openEventStore(project.state)
    const now = new Date()
    const sources = await sourcesStatus(settings, store, { fleet: await project.fleet(), now: now.getTime() })
    await store.close()
    await project.close()
    await this.write(flags.json ? jsonPage(sourcesDocument(sources)) : sourcesText(sources, now))
    const isWell = sources.every(({ trouble, silent, isQuiet }) => trouble === null && silent.length === 0 && !isQuiet)
    this.exit(isWell ? EXIT.ok : EXIT.drift)
  }
}
