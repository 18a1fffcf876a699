import { Args, Flags } from '@oclif/core'
import { collectedText } from '../../app/evidence/collected-text.ts'
import { resolveRun } from '../../app/history/resolve-run.ts'
import { showRun } from '../../app/history/show-run.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class RunsShow extends BaseCommand {
  static override summary = 'Show what a run found and did, device by device.'
  static override description = [
    'Devices that were in sync are only counted, unless they are named with --device or --verbose is given. With --json',
    'the answer is the result document of the run (schema till.result/1), with --ndjson its events (schema till.event/1);',
    'with a filter, of the devices that it keeps, while the summary stays that of the whole run.',
  ].join(' ')
  static override examples = [
    { description: 'The last run', command: '<%= config.bin %> runs show latest' },
    { description: 'What went wrong, and what to do', command: '<%= config.bin %> runs show 20261122T0347 --failed' },
    {
      description: 'Everything about one device: what was read, raw facts of failures',
      command: '<%= config.bin %> runs show latest --device PL-0412/pos1 --verbose',
    },
    {
      description: 'The evidence that it has gathered of a device',
      command: '<%= config.bin %> runs show latest --device PL-0412/pos1 --collected',
    },
    {
      description: 'The result document of an earlier run',
      command: '<%= config.bin %> runs show latest --json > result.json',
    },
  ]
  static override args = {
    run: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = {
    device: Flags.string({ char: 'd', description: 'only this device', multiple: true, helpGroup: 'SELECT' }),
    failed: Flags.boolean({
      description: 'only devices that failed, were unreachable, held back, stopped, or could not be judged',
      helpGroup: 'SELECT',
    }),
    verbose: Flags.boolean({ char: 'v', description: 'also show what is as it should be', helpGroup: 'OUTPUT' }),
    collected: Flags.boolean({
      description: 'what its steps of the module collect have gathered, in full',
      exclusive: ['json', 'ndjson', 'failed'],
      helpGroup: 'OUTPUT',
    }),
    json: Flags.boolean({ description: 'the result as one JSON document', exclusive: ['ndjson'], helpGroup: 'OUTPUT' }),
    ndjson: Flags.boolean({ description: 'the events, one a line', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunsShow)
    const project = await this.openProject(flags)
    const store = await project.store()
    const run = await resolveRun(store, args.run)
    if (flags.collected) {
      const shown = await collectedText(store, run.run, { devices: flags.device, write: (text) => this.write(text) })
      if (shown === 0) process.stderr.write('The run has gathered nothing there.\n')
      await project.close()
      return
    }
    const output = {
      write: (text: string) => this.write(text),
      isTerminal: process.stdout.isTTY === true,
      columns: this.columns,
      color: this.color,
    }
    const shown = await showRun(store, run, { ...flags, output })
    if (shown === 0) process.stderr.write('No device of the run is like that.\n')
    await project.close()
  }
}
