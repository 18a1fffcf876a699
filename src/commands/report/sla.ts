import { Flags } from '@oclif/core'
import { closeMonths } from '../../app/reports/close-months.ts'
import { namedContracts } from '../../app/reports/named-contracts.ts'
import { type ReportPeriod, reportPeriod } from '../../app/reports/report-period.ts'
import { type SlaQuestion, slaAnswers, slaOutages, slaReport } from '../../app/reports/sla-report.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { periodFlags, reportFlags } from '../../cli/report-flags.ts'

export default class ReportSla extends ReportCommand {
  static override summary = 'Show what was promised of devices, and what was kept, by contract.'
  static override description =
    `Contracts stand in tillwright.yaml (docs/reports.md). A month is closed by --close: what it comes to is kept with a hash and does not
change any more; corrections are further versions with a reason. Closed months are shown as they were closed, unless --anew. With
--json the answer is one document (schema till.report-sla/1, or till.report-sla-outages/1 with --outages).`
  static override examples = [
    { description: 'How November stands', command: '<%= config.bin %> report sla --period 2026-11' },
    {
      description: 'Each outage that counts, and the run that found it',
      command: '<%= config.bin %> report sla serwis-kas --period 2026-11 --outages',
    },
    { description: 'Close October for good', command: '<%= config.bin %> report sla --close 2026-10' },
    {
      description: 'Correct it',
      command: `<%= config.bin %> report sla serwis-kas --close 2026-10 --because 'the flood of the 12th was no fault of theirs'`,
    },
  ]
  // Any number of them.
  static override strict = false
  static override flags = {
    ...periodFlags,
    outages: Flags.boolean({ description: 'a line for each outage that counts' }),
    anew: Flags.boolean({
      description: 'from what is known now, also where the month is closed',
      exclusive: ['close'],
    }),
    close: Flags.string({
      description: 'close a month that is over: 2026-10',
      exclusive: ['period', 'since', 'until'],
      helpValue: 'MONTH',
    }),
    because: Flags.string({
      description: 'why a closed month is corrected, or why something is left out of the count',
      dependsOn: ['close'],
      helpValue: 'WHY',
    }),
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ReportSla)
    this.formatOf(flags)
    const now = new Date()
    const period = this.#periodOf(flags, now)
    const project = await this.openProject(flags)
    const contracts = namedContracts(project.settings.contracts(), argv.map(String))
    const fleet = await workingFleet(project, flags)
    const settings = project.settings.availability()
    const isAnew = flags.anew || flags.close !== undefined
    const question: SlaQuestion = { fleet, store: await project.store(), settings, period, contracts, now, isAnew }
    let answers = await slaAnswers(question)
    if (flags.close !== undefined) answers = await closeMonths(project, question, { ...answers, why: flags.because })
    await project.close()
    await this.writeReport(flags.outages ? slaOutages(question, answers) : slaReport(question, answers), flags)
  }

  #periodOf(
    flags: { readonly close?: string | undefined; readonly period?: string | undefined },
    now: Date,
  ): ReportPeriod {
    return reportPeriod(flags.close === undefined ? flags : { period: flags.close }, now.getTime())
  }
}
