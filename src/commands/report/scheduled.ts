import { Flags } from '@oclif/core'
import { shortTime } from '../../app/history/list-runs.ts'
import { jsonLine } from '../../app/json-document.ts'
import { placeKey, placesOf } from '../../app/reports/send-report.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { lastDue } from '../../core/report-schedule.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'

interface Scheduled {
  readonly name: string
  readonly report: string
  readonly place: string
  readonly due_last: string
  /** What became of the last one; never: nothing was due since it is there. */
  readonly state: string
  readonly sent_for: string | null
  readonly why: string | null
}

const COLUMNS: readonly TableColumn<Scheduled>[] = [
  { title: 'REPORT', value: ({ place }) => place, whole: true },
  { title: 'OF', value: ({ report }) => report },
  { title: 'DUE LAST', value: ({ due_last }) => shortTime(due_last) },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SENT FOR', value: ({ sent_for }) => (sent_for === null ? '' : shortTime(sent_for)) },
  { title: 'WHY', value: ({ why }) => why ?? '', flexible: true },
]

export default class ReportScheduled extends BaseCommand {
  static override summary =
    'List the reports that till serve sends by itself, to whom, and what became of the last ones.'
  static override description =
    `A report that is new is sent from the next time on that it is due: until then it is "never". What was missed while no server ran is
sent once. "waiting" is tried again, "given-up" is not, until it is due again.`
  static override examples = [
    { description: 'What is sent to whom', command: '<%= config.bin %> report scheduled' },
    {
      description: 'What could not be sent, for another program',
      command: `<%= config.bin %> report scheduled --json | jq '.reports[] | select(.state == "given-up")'`,
    },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'as JSON (schema till.scheduled-reports/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportScheduled)
    const project = await this.openProject(flags)
    const store = await project.store()
    const known = await store.reportDeliveries.list(await store.fleets.keyOf(await workingFleet(project, flags)))
    await project.close()
    const now = Date.now()
    const reports = project.settings.reports().flatMap((report) =>
      placesOf(report).map((place): Scheduled => {
        const key = placeKey(report, place)
        const { state = 'baseline', nominal = null, why = null } = known.get(key) ?? {}
        const isSent = state !== 'baseline'
        const due_last = new Date(lastDue(report.times, now)).toISOString()
        const head = { name: report.name, report: report.report, place: key, due_last }
        return { ...head, state: isSent ? state : 'never', sent_for: isSent ? nominal : null, why }
      }),
    )
    if (flags.json) await this.write(jsonLine({ schema: 'till.scheduled-reports/1', reports }))
    else if (reports.length === 0) process.stderr.write('tillwright.yaml schedules no reports.\n')
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(`${formatTable(reports, COLUMNS, { width, color: this.color }).join('\n')}\n`)
    }
  }
}
