import { Flags } from '@oclif/core'
import { jsonPage } from '../app/json-document.ts'
import { breakerOf } from '../app/safety/breaker.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { sandboxFlag } from '../cli/run-flags.ts'
import { EXIT } from '../core/outcome.ts'

export default class Breaker extends BaseCommand {
  static override summary = 'Show whether the breaker stops changes, and close it.'
  static override description =
    `Many devices that fail within a short time, over all runs, open the breaker of a policy: then nothing newly changes. Look at
what failed first; who closes it lets changes go on. Exit codes: 0 it is closed, 6 it is open.`
  static override examples = [
    { description: 'Is it open, and why?', command: '<%= config.bin %> breaker' },
    { description: 'After the cause is gone', command: `<%= config.bin %> breaker --close 'the mirror is back'` },
  ]
  static override flags = {
    sandbox: sandboxFlag,
    close: Flags.string({ description: 'close it, and say why', helpValue: 'WHY' }),
    json: Flags.boolean({ description: 'as JSON (schema till.breaker/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Breaker)
    const project = await this.openProject(flags)
    const { before, breaker } = await breakerOf(project, flags.close)
    await project.close()
    const { opened, closed: last } = breaker
    const since = opened && new Date(opened.at).toISOString()
    if (flags.json) {
      const document = { schema: 'till.breaker/1', open: opened !== undefined }
      await this.write(
        jsonPage({
          ...document,
          ...(opened && { since: since ?? '', why: opened.why }),
          ...(last && { closed: { at: new Date(last.at).toISOString(), by: last.by, why: last.why } }),
        }),
      )
    } else if (opened) {
      await this.write(
        `open since ${since}: ${opened.why}\n  → Look at what failed, then run: till breaker --close WHY\n`,
      )
    } else {
      await this.write(
        flags.close !== undefined && before.opened ? 'The breaker was open, and is closed.\n' : 'closed\n',
      )
    }
    this.exit(opened ? EXIT.held : EXIT.ok)
  }
}
