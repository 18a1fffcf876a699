import { Flags } from '@oclif/core'
import { BaseCommand } from '../app/base-command.ts'
import { countStates, type KnownState, knownStates, STATUS_FILTERS } from '../app/device-status.ts'
import { sandboxFlag } from '../app/run-flags.ts'
import { styledState } from '../app/run-history.ts'
import { selectDevices, selectionFlags } from '../app/selection.ts'
import { workingFleet } from '../app/targets.ts'
import { InputError } from '../core/diagnostic.ts'
import { parseDuration } from '../lang/duration.ts'
import { formatCount, formatDuration } from '../reporters/format-duration.ts'
import { jsonText } from '../reporters/json-text.ts'
import { formatTable, type TableColumn } from '../reporters/table.ts'

const COLUMNS: readonly TableColumn<KnownState>[] = [
  { title: 'DEVICE', value: ({ device }) => device },
  {
    title: 'STATE',
    value: ({ state, unknown }) => (unknown && state !== 'never' ? `${state} (unknown steps)` : state),
    style: (text, { state }) => styledState(text, state),
  },
  { title: 'AGE', value: ({ age_s }) => (age_s === null ? '' : formatDuration(age_s * 1000)), align: 'right' },
  { title: 'RUNBOOKS', value: ({ runbooks }) => runbooks.join(', '), flexible: true },
  { title: 'RUN', value: ({ run }) => run ?? '' },
  { title: 'WHY', value: ({ code, message }) => (code === null ? '' : `${code}: ${message ?? ''}`), flexible: true },
]

export default class Status extends BaseCommand {
  static override summary = 'Show the last known state of every device of the inventory, and how old it is.'
  static override description =
    `Asks no device: the answer comes from the history of plan, apply and drift. "never" are devices that no run has looked
at. The exit code is 0 whatever the states are. With --json the answer is one document (schema till.status/1), with
--ndjson one device a line.`
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
      description: 'only devices in this state; unknown: with steps that could not be judged, or never seen',
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
    const all = await knownStates(await project.store(), devices, { filter, now: new Date() })
    const known = all.slice(0, flags.limit)
    if (flags.json) await this.#json(known)
    else if (flags.ndjson) for (const device of known) await this.write(`${jsonText(device)}\n`)
    else await this.#table(known)
    await project.close()
  }

  async #json(known: readonly KnownState[]): Promise<void> {
    const head = jsonText({ schema: 'till.status/1', ...countStates(known) })
    await this.write(`${head.slice(0, -1)},"devices":[`)
    for (const [index, device] of known.entries()) await this.write(`${index === 0 ? '' : ','}\n${jsonText(device)}`)
    await this.write('\n]}\n')
  }

  async #table(known: readonly KnownState[]): Promise<void> {
    const width = process.stdout.isTTY ? this.columns : undefined
    if (known.length > 0) await this.write(`${formatTable(known, COLUMNS, { width, color: this.color }).join('\n')}\n`)
    const { counts } = countStates(known)
    const present = Object.entries(counts).filter(([, count]) => count > 0)
    const text = present.map(([state, count]) => `${formatCount(count)} ${state}`).join(', ')
    // Beside the list, so that counting its lines counts devices.
    process.stderr.write(`${formatCount(known.length)} devices${text === '' ? '' : `: ${text}`}\n`)
  }
}

/** Milliseconds of `30m`, `12h`, `7d`. Throws InputError. */
function ageOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text.replace(/(\d+)d/, (_, days: string) => `${Number(days) * 24}h`))
  if (ms !== undefined) return ms
  const detail = 'Write a number with its unit, as 30m, 12h, 7d.'
  throw new InputError([
    { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary: `"${text}" is no span of time`, detail },
  ])
}
