import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../app/base-command.ts'
import { resolveRun } from '../../app/resolve-run.ts'
import { sandboxFlag } from '../../app/run-flags.ts'
import { eventsOf, wantedDevices } from '../../app/run-history.ts'
import type { Reporter, RunStore } from '../../core/ports.ts'
import type { RunSummary } from '../../core/run.ts'
import { createHistoryReporter } from '../../reporters/history.ts'
import { createJsonReporter } from '../../reporters/json.ts'
import { createNdjsonReporter } from '../../reporters/ndjson.ts'
import type { Output } from '../../reporters/output.ts'

export default class RunsShow extends BaseCommand {
  static override summary = 'Show what a run found and did, device by device.'
  static override description =
    `Devices that were in sync are only counted, unless they are named with --device or --verbose is given. With --json
the answer is the result document of the run (schema till.result/1), with --ndjson its events (schema till.event/1);
with a filter, of the devices that it keeps, while the summary stays that of the whole run.`
  static override examples = [
    { description: 'The last run', command: '<%= config.bin %> runs show latest' },
    { description: 'What went wrong, and what to do', command: '<%= config.bin %> runs show 20261122T0347 --failed' },
    {
      description: 'Everything about one device: what was read, raw facts of failures',
      command: '<%= config.bin %> runs show latest --device PL-0412/pos1 --verbose',
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
    json: Flags.boolean({ description: 'the result as one JSON document', exclusive: ['ndjson'], helpGroup: 'OUTPUT' }),
    ndjson: Flags.boolean({ description: 'the events, one a line', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunsShow)
    const project = await this.openProject(flags)
    const store = await project.store()
    const run = await resolveRun(store, args.run)
    const reporter = this.#reporter(run, flags)
    const wanted = await wantedDevices(store, run, { devices: flags.device, failed: flags.failed })
    await replay(store, { run, wanted, reporter })
    if (wanted?.size === 0) process.stderr.write('No device of the run is like that.\n')
    await project.close()
  }

  #reporter(
    run: RunSummary,
    flags: {
      json: boolean
      ndjson: boolean
      verbose: boolean
      sandbox: boolean
      device?: readonly string[] | undefined
      failed: boolean
    },
  ): Reporter {
    const output: Output = {
      write: (text) => this.write(text),
      isTerminal: process.stdout.isTTY === true,
      columns: this.columns,
      color: this.color,
    }
    if (flags.json) return createJsonReporter(output, { goesOn: run.state === 'running' })
    if (flags.ndjson) return createNdjsonReporter(output)
    return createHistoryReporter(output, {
      run,
      verbose: flags.verbose,
      partial: flags.failed || flags.device !== undefined,
      inSync: flags.verbose || flags.device !== undefined,
      flags: flags.sandbox ? '--sandbox' : '',
    })
  }
}

async function replay(
  store: RunStore,
  what: { readonly run: RunSummary; readonly wanted: ReadonlySet<string> | undefined; readonly reporter: Reporter },
): Promise<void> {
  for await (const event of eventsOf(store, what.run.run, what.wanted)) await what.reporter.event(event)
  await what.reporter.close()
}
