import {
  type MadeReport,
  makeReport,
  placeKey,
  placesOf,
  type Reporting,
  sendReport,
} from '../app/reports/send-report.ts'
import { firstSummary, InputError } from '../core/diagnostic.ts'
import type { FleetKey } from '../core/fleet-key.ts'
import { lastDue, type ReportDelivery } from '../core/report-schedule.ts'
import type { Metrics } from './metrics.ts'
import { Rounds } from './rounds.ts'
import type { ServerLog } from './server-log.ts'

const LOOK_MS = 1_000
/** Pauses after attempts that failed; when there is none left it is given up until it is due again. */
const PAUSES_MS = [5_000, 30_000, 120_000, 300_000, 900_000, 1_800_000, 1_800_000, 1_800_000, 3_600_000]

interface Loop {
  /** The revision in force. */
  readonly revision: () => Promise<Reporting>
  readonly isOurs: () => boolean
  readonly log: ServerLog
  readonly metrics: Metrics
}

/** What came of sending a report to a place; null: it was sent. */
type Failure = { readonly why: string; readonly isFinal: boolean } | null

/** Sends scheduled reports, one after the other, until it is stopped. */
export class ReportLoop {
  readonly #loop: Loop
  /** What came of it and could not be noted yet, by fleet and key: it is not sent once more meanwhile. */
  readonly #unnoted = new Map<string, { readonly fleet: FleetKey; readonly key: string; readonly failure: Failure }>()
  readonly #rounds = new Rounds(() => this.#round())

  constructor(loop: Loop) {
    this.#loop = loop
  }

  start(): void {
    this.#rounds.start()
  }

  /** Resolves when what is being sent has an end. */
  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  async #round(): Promise<number> {
    try {
      if (this.#loop.isOurs()) await this.#turn(await this.#loop.revision())
    } catch (error) {
      const why = error instanceof InputError ? firstSummary(error) : String(error)
      this.#loop.log.sayOf('reports', `Reports cannot be sent: ${why}`)
    }
    return LOOK_MS
  }

  async #turn(reporting: Reporting): Promise<void> {
    const reports = reporting.project.settings.reports()
    await this.#note(reporting)
    if (reports.length === 0) return
    const fleet = await reporting.store.fleets.keyOf(reporting.fleet)
    const known = await reporting.store.reportDeliveries.list(fleet)
    for (const report of reports) {
      const due = lastDue(report.times, Date.now())
      let made: Promise<MadeReport> | undefined
      for (const place of placesOf(report)) {
        if (this.#rounds.isStopping) return
        const key = placeKey(report, place)
        if (isSettled(known.get(key), due)) continue
        const nominal = new Date(due).toISOString()
        if (!(await reporting.store.reportDeliveries.claim(fleet, key, { nominal, now: new Date() }))) continue
        made ??= makeReport(reporting, report, due)
        const failure = await this.#send(reporting, made, { report, place, nominal })
        this.#unnoted.set(`${fleet} ${key}`, { fleet, key, failure })
        await this.#note(reporting)
      }
    }
  }

  async #note(reporting: Reporting): Promise<void> {
    for (const [entry, { fleet, key, failure }] of this.#unnoted) {
      await this.#record(reporting, { fleet, key }, failure)
      this.#unnoted.delete(entry)
    }
  }

  async #send(reporting: Reporting, made: Promise<MadeReport>, of: Parameters<typeof sendReport>[2]): Promise<Failure> {
    try {
      const result = await sendReport(reporting, await made, of)
      return result.ok ? null : result
    } catch (error) {
      if (error instanceof InputError) return { why: firstSummary(error), isFinal: false }
      this.#loop.log.sayOf('bug', `This is a fault of Tillwright itself: ${(error as Error).stack ?? String(error)}`)
      return { why: `A fault of Tillwright itself (${of.report.name} of ${reporting.fleet.name}).`, isFinal: true }
    }
  }

  async #record(
    { store }: Reporting,
    { fleet, key }: { readonly fleet: FleetKey; readonly key: string },
    failure: Failure,
  ): Promise<void> {
    const { log, metrics } = this.#loop
    const attempts = (await store.reportDeliveries.list(fleet)).get(key)?.attempts ?? 1
    const pause = failure && !failure.isFinal ? PAUSES_MS[attempts - 1] : undefined
    const now = new Date()
    const retryAt = pause === undefined ? null : new Date(now.getTime() + pause)
    await store.reportDeliveries.record(fleet, key, { why: failure?.why ?? null, retryAt, now })
    const state = failure === null ? 'sent' : retryAt === null ? 'given-up' : 'waiting'
    metrics.count('till_reports_total', 'Attempts to send scheduled reports, by what became of them.', { state })
    log.say(`Report ${key}: ${state}${failure === null ? '' : `, ${failure.why}`}`)
  }
}

/** There is nothing to be done about it; whether somebody else is at it is asked of the store. */
function isSettled(known: ReportDelivery | undefined, due: number): boolean {
  if (!known || Date.parse(known.nominal) < due) return false
  if (known.state === 'waiting') return known.next_at !== null && Date.parse(known.next_at) > Date.now()
  return known.state !== 'sending'
}
