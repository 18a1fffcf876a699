import type { AvailabilitySettings } from '../../core/availability-settings.ts'
import type { Contract } from '../../core/contract.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { IncidentEyes, IncidentStore } from '../../core/incident-store.ts'
import type { Report } from '../../core/report.ts'
import type { Grouping, NamedReport } from '../../core/report-names.ts'
import type { RunStore } from '../../core/run-store.ts'
import { wallTime } from '../../core/zoned-time.ts'
import { type AvailabilityOf, availabilityReport } from './availability-report.ts'
import { boardReport } from './board-report.ts'
import { checklistReport } from './checklist-report.ts'
import { completenessReport } from './completeness-report.ts'
import { horizonReport, visitsReport } from './horizon-report.ts'
import { incidentsReport } from './incidents-report.ts'
import { recurringReport } from './recurring-report.ts'
import { zoneOfMost } from './report-frame.ts'
import { type ReportPeriod, reportPeriod } from './report-period.ts'
import type { SlaRecord } from './sla-record.ts'
import { type SlaQuestion, slaAnswers, slaOutages, slaReport } from './sla-report.ts'
import { trendsReport } from './trends-report.ts'
import { versionsReport } from './versions-report.ts'

export interface NamedQuestion {
  readonly name: NamedReport
  readonly fleet: Fleet
  /** The fleet that contracts are of, where `fleet` is a part of it: they hang on the lines of stores, too. */
  readonly whole?: Fleet | undefined
  /** Whether a closed month exists for who asks; absent: all do. */
  readonly seesRecord?: ((record: SlaRecord) => boolean) | undefined
  readonly store: RunStore
  readonly incidents: IncidentStore
  /** Which incidents exist for who asks, among those that are asked for. */
  readonly eyes: IncidentEyes
  readonly settings: AvailabilitySettings
  readonly contracts: readonly Contract[]
  readonly devices: readonly Device[]
  /** They are some that were asked for, and not all there are. */
  readonly isPart?: boolean | undefined
  readonly period: ReportPeriod
  readonly now: Date
  readonly by?: Grouping | undefined
  readonly of?: AvailabilityOf | undefined
  /** Of what recurs, fewer times are left out. Default: 2. */
  readonly atLeast?: number | undefined
  /** Default: 13. */
  readonly weeks?: number | undefined
  /** Also days of which everything is known. */
  readonly isWhole?: boolean | undefined
  /** How many runs are looked through. Default: 50. */
  readonly runs?: number | undefined
}

/** The report of that name: the same that the command of that name writes. */
export async function reportByName(question: NamedQuestion): Promise<Report> {
  const { by, of = 'devices', atLeast = 2, isWhole = false, runs = 50 } = question
  switch (question.name) {
    case 'availability':
      return availabilityReport({ ...question, by: by ?? 'region', of })
    case 'recurring':
      return recurringReport({ ...question, by: by ?? 'device', atLeast })
    case 'trends':
      return trendsReport({ ...question, by: by ?? 'model' })
    case 'completeness':
      return completenessReport({ ...question, isWhole })
    case 'horizon':
      return horizonReport({ ...question, runs })
    case 'visits':
      return visitsReport({ ...question, runs })
    case 'versions':
      return versionsReport({ ...question, runs })
    case 'incidents':
      return incidentsReport({ ...question, ...question.eyes })
    case 'checklist':
      return checklistReport(question)
    case 'board':
      return boardOf(question)
    case 'sla':
    case 'sla-outages': {
      const asked: SlaQuestion = { ...question, fleet: question.whole ?? question.fleet, isAnew: false }
      const answers = await slaAnswers(asked)
      return question.name === 'sla' ? slaReport(asked, answers) : slaOutages(asked, answers)
    }
  }
}

/** With what contracts came to in the last whole month; of some devices without: that would be of all of them. */
export async function boardOf(
  question: Omit<NamedQuestion, 'name' | 'period' | 'incidents' | 'eyes'>,
): Promise<Report> {
  const { now, weeks = 13, isPart = false, fleet, whole = fleet } = question
  const contracts = isPart ? [] : question.contracts
  const today = new Date(wallTime(now.getTime(), zoneOfMost(whole)))
  const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 1)).toISOString().slice(0, 7)
  const period = reportPeriod({ period: month }, now.getTime())
  const { answers } =
    contracts.length > 0
      ? await slaAnswers({ ...question, fleet: whole, contracts, period, isAnew: false })
      : { answers: [] }
  const isWithout = isPart && question.contracts.length > 0
  return boardReport({ ...question, weeks, sla: { month, answers, isWithout } })
}
