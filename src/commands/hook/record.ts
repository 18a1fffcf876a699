import { Flags } from '@oclif/core'
import { openHookStore } from '../../app/history/open-store.ts'
import type { RecordedDelivery } from '../../app/hooks/try-alerts.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { usageError } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'

export default class HookRecord extends BaseCommand {
  static override summary = 'Write out the payloads that monitoring sent, for `till hook test`.'
  static override description = [
    'Each is a line of JSON on stdout (schema till.hook-delivery/1), oldest first, as it came; one that came several times is there',
    'once. A file of them belongs in the repository, beside the rules that it tests.',
  ].join('\n')
  static override examples = [
    { description: 'Those of a week', command: '<%= config.bin %> hook record --since 7d > alerts.ndjson' },
  ]
  static override flags = {
    since: Flags.string({ description: 'how far back', default: '30d', helpValue: 'DURATION' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(HookRecord)
    const ms = parseDuration(flags.since)
    if (ms === undefined)
      throw usageError(`--since: "${flags.since}" is no time`, 'How far back is written as 12h or 7d.')
    const project = await this.openProject(flags)
    const store = await openHookStore(project.state)
    for await (const { at, source, times, body } of store.inbox(new Date(Date.now() - ms).toISOString())) {
      const recorded: RecordedDelivery = { schema: 'till.hook-delivery/1', at, source, times, body }
      await this.write(jsonLine({ ...recorded }))
    }
    await store.close()
    await project.close()
  }
}
