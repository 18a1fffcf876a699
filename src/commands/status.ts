import { Flags } from '@oclif/core'
import { ageOf, countStates, type KnownState, knownStates, STATUS_FILTERS } from '../app/history/device-status.ts'
import { countsText } from '../app/history/list-runs.ts'
import { DEFAULT_HOST, sendStatus } from '../app/history/send-status.ts'
import { prometheusLines, zabbixDiscovery, zabbixValues } from '../app/history/status-for-monitoring.ts'
import { ROOM_FOR_DAYS, statusTable } from '../app/history/status-table.ts'
import { killedRuns, killedText } from '../app/history/unfinished-runs.ts'
import { jsonDocument, jsonLines } from '../app/json-document.ts'
import { type KnownOutages, knownOutages, type OutageNote, outageNote } from '../app/outages/known-outages.ts'
import { hereFlag, type Project } from '../app/project.ts'
import { assignedNames } from '../app/revision/assignments.ts'
import { selectDevices } from '../app/revision/selection.ts'
import { workingFleet } from '../app/revision/targets.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { sandboxFlag } from '../cli/run-flags.ts'
import { selectionFlags } from '../cli/selection-flags.ts'
import { counted } from '../core/counted.ts'
import type { Fleet } from '../core/fleet.ts'
import { EXIT } from '../core/outcome.ts'

/** More devices than people read are shown without their last day. */
const MOST_DAYS = 500
const MOST_KILLED = 5

function notesOf(outages: KnownOutages, fleet: Fleet, { device }: KnownState): readonly OutageNote[] {
  return outages.of({ device, store: fleet.devices.get(device)?.store ?? null }).map(outageNote)
}

export default class Status extends BaseCommand {
  static override summary = 'Show the last known state of every device of the inventory, and how old it is.'
  static override description = [
    'Asks no device: the answer comes from the history of plan, apply and drift. Each runbook has its last word on a device; the',
    'worst of them counts. The last word of a runbook that is not assigned to the device counts for 7 days. "never" are devices',
    'that no run has looked at. The exit code is 0 whatever the states are; with --send 4 where values were not taken. With --json the answer is one document (schema till.status/1), with',
    '--ndjson one device a line. A terminal of 150 columns has the last 24 hours, too: █ up, ▁ down, · unknown, ─ maintenance.',
  ].join(' ')
  static override examples = [
    { description: 'One store', command: '<%= config.bin %> status --store PL-0412' },
    { description: 'What is broken?', command: '<%= config.bin %> status --state failed --state unreachable' },
    {
      description: 'Tills that nobody has looked at for a day',
      command: '<%= config.bin %> status --kind till --older-than 1d',
    },
    {
      description: 'For the textfile collector of node-exporter, whole or not at all',
      command: '<%= config.bin %> status --format prometheus > till.prom.new && mv till.prom.new till.prom',
    },
    {
      description: 'To a Zabbix server, where the host "tillwright" has items of type trapper',
      command: '<%= config.bin %> status --send zabbix://zabbix.example:10051/tillwright',
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
    format: Flags.string({
      description:
        'prometheus: for the textfile collector of node-exporter; zabbix: values of trapper items, as JSON; zabbix-lld: the list of devices for low-level discovery',
      options: ['prometheus', 'zabbix', 'zabbix-lld'],
      exclusive: ['json', 'ndjson'],
      helpGroup: 'OUTPUT',
    }),
    send: Flags.string({
      description:
        'send the values of --format zabbix there, to the items of that host; zabbix-api:HOST: by the API of hooks.systems.zabbix (history.push, Zabbix 7.0)',
      helpValue: 'zabbix://SERVER:10051/HOST',
      exclusive: ['json', 'ndjson', 'format'],
      helpGroup: 'OUTPUT',
    }),
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
    const outages = await knownOutages(await project.store(), fleet)
    const known = all.slice(0, flags.limit).map((one) => ({ ...one, outages: notesOf(outages, fleet, one) }))
    const head = { schema: 'till.status/1', ...countStates(known) }
    if (flags.send !== undefined) return this.#send(flags.send, { known, fleet, now, project })
    if (flags.format === 'prometheus') await this.writeAll(prometheusLines(known, fleet, now))
    else if (flags.format === 'zabbix-lld') await this.write(`${JSON.stringify(zabbixDiscovery(known, fleet))}\n`)
    else if (flags.format === 'zabbix') {
      const data = zabbixValues(known, { fleet, host: DEFAULT_HOST, now })
      await this.writeAll(jsonDocument({ request: 'sender data' }, 'data', data))
    } else if (flags.json) await this.writeAll(jsonDocument(head, 'devices', known))
    else if (flags.ndjson) await this.writeAll(jsonLines(known))
    else {
      await this.#table(known, now, () => this.#days(project, { fleet, known, now }))
      const killed = await killedRuns(await project.store())
      for (const run of killed.slice(0, MOST_KILLED)) process.stderr.write(`${killedText(run, hereFlag(project))}\n`)
      if (killed.length > MOST_KILLED) process.stderr.write('More of these: till resume --list\n')
    }
    await project.close()
  }

  async #send(
    to: string,
    of: { readonly known: readonly KnownState[]; readonly fleet: Fleet; readonly now: Date; readonly project: Project },
  ): Promise<void> {
    const { processed, failed } = await sendStatus(to, of)
    await of.project.close()
    await this.write(
      `${counted(processed, 'value was', 'values were')} taken, ${failed} ${failed === 1 ? 'was' : 'were'} not.\n`,
    )
    if (failed > 0) this.exit(EXIT.failed)
  }

  /** The last day of what is shown, where there is room for it and it is not too much. */
  async #days(
    project: Project,
    { fleet, known, now }: { readonly fleet: Fleet; readonly known: readonly KnownState[]; readonly now: Date },
  ): Promise<ReadonlyMap<string, string> | undefined> {
    if (!process.stdout.isTTY || this.columns < ROOM_FOR_DAYS || known.length > MOST_DAYS) return undefined
    const { lastDays } = await import('../app/history/last-day.ts')
    const devices = known.flatMap(({ device }) => fleet.devices.get(device) ?? [])
    return lastDays({ fleet, store: await project.store(), settings: project.settings.availability(), devices, now })
  }

  async #table(
    known: readonly KnownState[],
    now: Date,
    days: () => Promise<ReadonlyMap<string, string> | undefined>,
  ): Promise<void> {
    const width = process.stdout.isTTY ? this.columns : undefined
    if (known.length > 0)
      await this.writePaged(statusTable(known, { width, color: this.color, now, days: await days() }))
    const counts = countsText(countStates(known).counts)
    // Beside the list, which may go into a pipe.
    process.stderr.write(`${counted(known.length, 'device')}${counts === '' ? '' : `: ${counts}`}\n`)
  }
}
