import { Args, Flags } from '@oclif/core'
import { jsonPage } from '../../app/json-document.ts'
import { drainSinks } from '../../app/streams/drain-sinks.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { durationFlag } from '../../cli/duration-flag.ts'
import { EXIT } from '../../core/outcome.ts'

export default class SinksDrain extends BaseCommand {
  static override summary = 'Send what waits for the sinks now.'
  static override description =
    `Each process that has run something sends for three seconds when it is done, and \`till serve\` always; what was left then
is sent by this. Exit codes: 0 nothing waits any more, 4 something does.`
  static override examples = [
    { description: 'All sinks', command: '<%= config.bin %> sinks drain' },
    {
      description: 'One of them, for ten minutes at most',
      command: '<%= config.bin %> sinks drain kafka --within 10m',
    },
  ]
  static override args = { sink: Args.string({ description: 'the sink; all unless named' }) }
  static override flags = {
    within: durationFlag({ description: 'for so long at most', default: async () => 60_000 }),
    json: Flags.boolean({ description: 'as JSON (schema till.sinks-drained/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags, args } = await this.parse(SinksDrain)
    const project = await this.openProject(flags)
    const drained = await drainSinks(project, { sink: args.sink, withinMs: flags.within })
    await project.close()
    if (flags.json)
      await this.write(jsonPage({ schema: 'till.sinks-drained/1', sinks: drained.map((one) => ({ ...one })) }))
    else {
      const lines = drained.map(
        ({ sink, sent, pending, trouble }) =>
          `${sink}  ${sent} sent, ${pending} wait${trouble === null ? '' : `: ${trouble}`}\n`,
      )
      await this.write(lines.length === 0 ? 'There are no sinks.\n' : lines.join(''))
    }
    this.exit(drained.every(({ pending }) => pending === 0) ? EXIT.ok : EXIT.failed)
  }
}
