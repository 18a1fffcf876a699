import { Args, Flags } from '@oclif/core'
import { historyText, sinceOf } from '../app/history/device-history.ts'
import { jsonPage } from '../app/json-document.ts'
import { deviceNamed } from '../app/safety/device-named.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { durationFlag } from '../cli/duration-flag.ts'
import { sandboxFlag } from '../cli/run-flags.ts'

export default class History extends BaseCommand {
  static override summary =
    'Show what became of a device, run by run: since when it is as it is, and what was changed before.'
  static override description =
    `Newest first, from the history of this repository; the device is not asked. Runs that found the same as the one after them are one
line with their number. Below a line stand the steps that were not as desired, or were changed. With --json every run stands
by itself (schema till.history/1).`
  static override examples = [
    { description: 'What happened to this till?', command: '<%= config.bin %> history PL-0412/pos1' },
    { description: 'Each run of the last week', command: '<%= config.bin %> history PL-0412/pos1 --since 7d --whole' },
    {
      description: 'Since when it is as it is, for another program',
      command: '<%= config.bin %> history PL-0412/pos1 --json | jq -r .since',
    },
  ]
  static override args = { device: Args.string({ required: true, description: 'its full name: PL-0412/pos1' }) }
  static override flags = {
    limit: Flags.integer({ char: 'n', description: 'at most so many runs', default: 200, min: 1 }),
    since: durationFlag({ description: 'only runs that ended there within so long: 7d', helpValue: 'TIME' }),
    whole: Flags.boolean({ description: 'a line for every run', exclusive: ['json'] }),
    json: Flags.boolean({ description: 'as JSON (schema till.history/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(History)
    const project = await this.openProject(flags)
    const { name } = deviceNamed(await project.fleet(), args.device)
    const since = flags.since === undefined ? undefined : new Date(Date.now() - flags.since)
    const visits = await (await project.store()).visits(name, { limit: flags.limit, since })
    await project.close()
    if (flags.json) {
      await this.write(jsonPage({ schema: 'till.history/1', device: name, since: sinceOf(visits), runs: visits }))
    } else if (visits.length === 0) process.stderr.write(`No run that is kept has looked at ${name}.\n`)
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(historyText(visits, { width, color: this.color, isWhole: flags.whole }))
    }
  }
}
