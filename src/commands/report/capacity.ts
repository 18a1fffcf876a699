import { Errors, Flags } from '@oclif/core'
import { capacityReport } from '../../app/reports/capacity-report.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { ASSUMPTIONS, CAPACITY_FLAGS, type CapacityFlag } from '../../core/capacity.ts'
import { usageError } from '../../core/diagnostic.ts'

/** A number of 0 or more, as people write it. */
const numberFlag = Flags.custom<number>({
  async parse(text) {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isFinite(value) || value > 1e12)
      throw new Errors.CLIError(`a number of 0 or more is meant, not "${text}"`)
    return value
  },
})

const assumptionFlags = Object.fromEntries(
  CAPACITY_FLAGS.map((flag) => {
    const { what, unit, how } = ASSUMPTIONS[flag]
    return [flag, numberFlag({ description: `${what} (${unit}): ${how}`, helpValue: 'N', helpGroup: 'ASSUMPTIONS' })]
  }),
) as Record<CapacityFlag, ReturnType<typeof numberFlag>>

export default class ReportCapacity extends ReportCommand {
  static override summary =
    'Reckon what a fleet needs: disk, rows a second, connections, and what the events of its tills take.'
  static override description =
    `Each number is a line that says where it is from: of the inventory, measured in the history of the period (looks at a device a day, events
of a look, bytes of an event in the store), or assumed; each of them can be given by a flag. What is measured needs a day of history and 20
looks. The events of tills are those that brokers carry and keep, which Tillwright adds up and does not keep. With --json the answer is
one document (schema till.report-capacity/1).`
  static override examples = [
    { description: 'What this fleet needs', command: '<%= config.bin %> report capacity' },
    {
      description: 'A fleet to come, looked at every five minutes, kept for a year',
      command: '<%= config.bin %> report capacity --devices 17500 --tills 10000 --looks 288 --days 365',
    },
    {
      description: 'Receipts of 1,000 tills: 5.4 GB a day',
      command: `<%= config.bin %> report capacity --tills 1000 --receipts 200 --json | jq '.lines[] | select(.key == "gb-a-day").value'`,
    },
  ]
  static override flags = { ...selectionFlags, ...periodFlags, ...assumptionFlags, ...reportFlags }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportCapacity)
    const given = Object.fromEntries(
      CAPACITY_FLAGS.flatMap((flag) => (flags[flag] === undefined ? [] : [[flag, Number(flags[flag])]])),
    )
    if (given['open-hours'] === 0)
      throw usageError('--open-hours is 0', 'Events come in some hours of a day: give more than 0.')
    await this.report(flags, (question) => capacityReport({ ...question, given }))
  }
}
