import { Args, Flags } from '@oclif/core'
import { hooksOf } from '../../app/hooks/open-hooks.ts'
import { jsonPage } from '../../app/json-document.ts'
import { deviceFinder } from '../../app/streams/event-devices.ts'
import { namedSource } from '../../app/streams/sources-status.ts'
import { isAllKnown, readRecordedEvents, triedDocument, triedText, tryEvents } from '../../app/streams/try-events.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class SourcesTest extends BaseCommand {
  static override summary = 'Hold recorded events against a source, and say what they would come to.'
  static override description =
    `Nothing is written. A file has an event a line, as the source would get it; of SetEvents also objects one behind the other. Exit
codes: 0 every event is known and finds its device; 3 one is not, or cannot be read; 2 bad input.`
  static override examples = [
    { description: 'The only source', command: '<%= config.bin %> sources test events.ndjson' },
    {
      description: 'One of several, for a pipeline',
      command: '<%= config.bin %> sources test events.ndjson --source tills --json',
    },
  ]
  static override args = {
    file: Args.string({ required: true, description: 'a file with recorded events', name: 'FILE' }),
  }
  static override flags = {
    source: Flags.string({ description: 'which source. Default: the only one that there is', helpValue: 'NAME' }),
    topic: Flags.string({ description: 'the topic that the events came by', helpValue: 'TOPIC', default: '' }),
    json: Flags.boolean({ description: 'as JSON (schema till.sources-tried/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SourcesTest)
    const project = await this.openProject(flags)
    const settings = namedSource(project.settings.sources(), flags.source)
    const bytes = readRecordedEvents(args.file)
    const find = deviceFinder(await hooksOf(project, { sandbox: false }))
    const tried = tryEvents(settings, { bytes, find, now: Date.now(), topic: flags.topic })
    await project.close()
    await this.write(flags.json ? jsonPage(triedDocument(tried)) : triedText(tried))
    this.exit(isAllKnown(tried) ? EXIT.ok : EXIT.drift)
  }
}
