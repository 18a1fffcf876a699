import { Flags } from '@oclif/core'
import { ageOf, countStates, type KnownState, knownStates, STATUS_FILTERS } from '../app/history/device-status.ts'
import { countsText } from '../app/history/list-runs.ts'
import { statusTable } from '../app/history/status-table.ts'
import { jsonDocument, jsonLines } from '../app/json-document.ts'
import { assignedNames } from '../app/revision/assignments.ts'
import { selectDevices } from '../app/revision/selection.ts'
import { workingFleet } from '../app/revision/targets.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { sandboxFlag } from '../cli/run-flags.ts'
import { selectionFlags } from '../cli/selection-flags.ts'

export default class Status extends BaseCommand {
  static override summary = 'Show the last known state of every device of the inventory, and how old it is.'
  static override description = [
    'Asks no device: the answer comes from the history of plan, apply and drift. Each runbook has its last word on a device; the',
    'worst of them counts. The last word of a runbook that is not assigned to the device counts for 7 days. "never" are devices',
    'that no run has looked at. The exit code is 0 whatever the states are. With --json the answer is one document (schema till.status/1), with',
    '--ndjson one device a line.',
  ].join(' ')
  static override examples = [
    { description: 'One store', command: '<%= config.bin %> status --store PL-0412' },
    { description: 'What is broken?', command: '<%= config.bin %> status --state failed --state unreachable' },
    {
      description: 'Tills that nobody has looked at for a day',
      command: '<%= config.bin %> status --kind till --older-than 1d',
    },
    { description: 'Numbers for monitoring', command: '<%= config.bin %> status --json | jq .counts' },
  ]
  static override flags = {
    ...selectionFlags,
    state: Flags.string({
      description:
        'only devices in this state; unknown: also those in another state with steps that could not be judged, or never seen',
      multiple: true,
      options: [...STATUS_FILTERS],
      helpGroup: 'SELECT',
    }),
    'older-than': Flags.string({
      description: 'only what was looked at longer ago than this, or never: 30m, 12h, 7d',
      helpGroup: 'SELECT',
    }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    ndjson: Flags.boolean({ description: 'one device a line, as JSON', exclusive: ['json'], helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Status)
    const filter = { states: flags.state ?? [], olderThanMs: ageOf(flags['older-than']) }
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    // The limit is on what is shown, not on what is looked at.
    const devices = await selectDevices(fleet, { ...flags, limit: undefined }, { store: () => project.store() })
    const assigned = await assignedNames(project, fleet)
    const now = new Date()
    const all = await knownStates(await project.store(), devices, { filter, now, assigned })
    const known = all.slice(0, flags.limit)
    const head = { schema: 'till.status/1', ...countStates(known) }
    if (flags.json) await this.writeAll(jsonDocument(head, 'devices', known))
    else if (flags.ndjson) await this.writeAll(jsonLines(known))
    else await this.#table(known, now)
    await project.close()
  }

  async #table(known: readonly KnownState[], now: Date): Promise<void> {
    const width = process.stdout.isTTY ? this.columns : undefined
    if (known.length > 0) await this.writePaged(statusTable(known, { width, color: this.color, now }))
    const counts = countsText(countStates(known).counts)
    // Beside the list, which may go into a pipe.
    process.stderr.write(`${known.length} devices${counts === '' ? '' : `: ${counts}`}\n`)
  }
}
