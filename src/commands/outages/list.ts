import { Flags } from '@oclif/core'
import { jsonDocument } from '../../app/json-document.ts'
import { type OutageView, outageViews, whereText } from '../../app/outages/change-outages.ts'
import { allOutages, outageZone } from '../../app/outages/known-outages.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { outageState } from '../../core/outage.ts'
import { wallTime } from '../../core/zoned-time.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'

type Row = OutageView & { readonly zone: string }

const COLUMNS: readonly TableColumn<Row>[] = [
  { title: 'OUTAGE', value: ({ outage }) => outage, whole: true },
  { title: 'STATE', value: ({ state, closed }) => (closed ? `${state}, closed` : state), whole: true },
  { title: 'WHERE', value: ({ where }) => whereText(where), flexible: true },
  { title: 'DEVICES', value: ({ devices }) => String(devices), align: 'right', spare: 2 },
  { title: 'FROM', value: ({ from, zone }) => clockText(from, zone), whole: true },
  { title: 'UNTIL', value: ({ until, zone }) => clockText(until, zone), whole: true },
  { title: 'CLOCK', value: ({ zone }) => zone, whole: true },
  { title: 'BY', value: ({ by }) => by, spare: 1 },
  { title: 'WHY', value: ({ why }) => why, flexible: true },
]

export default class OutagesList extends BaseCommand {
  static override summary = 'List outages that are known: those that go on and those to come, with who said so and why.'
  static override examples = [
    { description: 'What is known', command: '<%= config.bin %> outages list' },
    { description: 'Those that are over, too', command: '<%= config.bin %> outages list --all --json' },
  ]
  static override flags = {
    all: Flags.boolean({ description: 'those that are over, too; they are kept for two years' }),
    json: Flags.boolean({ description: 'as JSON (schema till.outages/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(OutagesList)
    const project = await this.openProject(flags)
    const [fleet, store] = await Promise.all([project.fleet(), project.store()])
    const now = Date.now()
    const all = await allOutages(store, fleet)
    await project.close()
    const wanted = flags.all ? all : all.filter((one) => outageState(one, now) !== 'over')
    const outages = outageViews(fleet, wanted, now)
    if (flags.json) {
      for (const part of jsonDocument({ schema: 'till.outages/1' }, 'outages', outages)) await this.write(part)
    } else if (outages.length === 0) process.stderr.write('No outages are known.\n')
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      const rows = outages.map((one) => ({ ...one, zone: outageZone(fleet, one.where) }))
      await this.writePaged(`${formatTable(rows, COLUMNS, { width, color: this.color }).join('\n')}\n`)
    }
  }
}

function clockText(iso: string, zone: string): string {
  return new Date(wallTime(Date.parse(iso), zone)).toISOString().slice(0, 16).replace('T', ' ')
}
