import { Args, Flags } from '@oclif/core'
import { jsonPage } from '../../app/json-document.ts'
import { replaySink } from '../../app/streams/replay-sink.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { counted } from '../../core/counted.ts'
import { EXIT } from '../../core/outcome.ts'

export default class SinksReplay extends BaseCommand {
  static override summary = 'Put events into the queue of a sink again: those that it refused, or all since a time.'
  static override description =
    `They go behind what waits already and keep their ids, by which whoever gets them twice tells. What the history has
forgotten cannot be sent again. Nothing is sent by this; \`till sinks drain\` does it now.`
  static override examples = [
    {
      description: 'What was refused, once its reason is gone',
      command: '<%= config.bin %> sinks replay archive --refused',
    },
    { description: 'All of a day', command: '<%= config.bin %> sinks replay archive --since 2026-11-30T00:00:00Z' },
    { description: 'What was refused, and why', command: '<%= config.bin %> sinks replay archive --list' },
  ]
  static override args = { sink: Args.string({ description: 'the sink', required: true }) }
  static override flags = {
    refused: Flags.boolean({ description: 'what it refused', exclusive: ['since', 'list'] }),
    since: Flags.string({ description: 'all events since then (ISO 8601)', helpValue: 'TIME', exclusive: ['list'] }),
    list: Flags.boolean({ description: 'only show what was refused, and why' }),
    json: Flags.boolean({ description: 'as JSON (schema till.sinks-replayed/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags, args } = await this.parse(SinksReplay)
    const project = await this.openProject(flags)
    const replayed = await replaySink(project, {
      sink: args.sink,
      refused: flags.refused,
      since: flags.since,
      list: flags.list,
    })
    await project.close()
    if (flags.json)
      await this.write(
        jsonPage({
          schema: 'till.sinks-replayed/1',
          ...replayed,
          refused: replayed.refused.map((one) => ({ ...one })),
        }),
      )
    else {
      const listed = replayed.refused.map(({ run, seq, at, why }) => `${run}/${seq}  ${at}  ${why}\n`).join('')
      const { queued, forgotten } = replayed
      const lost =
        forgotten > 0
          ? `Not in the history any more: ${forgotten} that ${forgotten === 1 ? 'was' : 'were'} refused.\n`
          : ''
      await this.write(
        flags.list
          ? listed || 'Nothing was refused.\n'
          : `${counted(queued, 'event waits', 'events wait')} for "${args.sink}" again.\n${lost}`,
      )
    }
    this.exit(EXIT.ok)
  }
}
