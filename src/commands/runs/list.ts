import { Flags } from '@oclif/core'
import { listedRuns, runsTable } from '../../app/history/list-runs.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class RunsList extends BaseCommand {
  static override summary = 'List the runs of this repository, newest first.'
  static override description = [
    'A run is "interrupted" when its process ended without finishing it: killed, or the machine went down. What it did',
    'until then is in the history; one that is "paused" is in progress and held by till pause ("paused" in JSON says by whom). With --json the answer is one document (schema till.runs/1).',
  ].join(' ')
  static override examples = [
    { description: 'The last runs', command: '<%= config.bin %> runs list' },
    {
      description: 'Runs that failed on some device, for another program',
      command: `<%= config.bin %> runs list --limit 1000 --json | jq -r '.runs[] | select(.exit_code == 4) | .run'`,
    },
  ]
  static override flags = {
    limit: Flags.integer({ char: 'n', description: 'at most so many', default: 20, min: 1 }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(RunsList)
    const project = await this.openProject(flags)
    const runs = await listedRuns(await project.store(), flags.limit)
    if (flags.json) await this.write(jsonLine({ schema: 'till.runs/1', runs }))
    else if (runs.length === 0) process.stderr.write('No runs yet.\n')
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(runsTable(runs, { width, color: this.color }))
    }
    await project.close()
  }
}
