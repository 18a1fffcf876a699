import { Args, Flags } from '@oclif/core'
import { compareRuns } from '../../app/history/compare-runs.ts'
import { resolveRun } from '../../app/history/resolve-run.ts'
import { differenceText } from '../../app/history/show-difference.ts'
import { jsonDocument } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { counted } from '../../core/counted.ts'

export default class RunsDiff extends BaseCommand {
  static override summary = 'Show which devices ended differently in two runs, and which of their steps.'
  static override description = [
    'Steps whose state is the same are named when what they found or changed differs. With --json the answer is one',
    'document (schema till.runs-diff/1).',
  ].join(' ')
  static override examples = [
    {
      description: 'What is new since a run of yesterday?',
      command: '<%= config.bin %> runs diff 20261121T2200 latest',
    },
    {
      description: 'Devices that got worse, for another program',
      command: `<%= config.bin %> runs diff 20261121T2200 latest --json | jq -r '.devices[] | select(.after.state == "failed") | .device'`,
    },
  ]
  static override args = {
    first: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
    second: Args.string({ required: true, description: 'the run to compare it with' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunsDiff)
    const project = await this.openProject(flags)
    const store = await project.store()
    const [first, second] = [await resolveRun(store, args.first), await resolveRun(store, args.second)]
    const devices = await compareRuns(store, first, second)
    const head = { schema: 'till.runs-diff/1', first: first.run, second: second.run }
    const parts = flags.json
      ? jsonDocument(head, 'devices', devices)
      : differenceText([first, second], devices, { color: this.color })
    for (const part of parts) await this.write(part)
    if (!flags.json) process.stderr.write(`${counted(devices.length, 'device')} ended differently\n`)
    await project.close()
  }
}
