import type { AdmissionStore } from './admission.ts'
import type { AssignmentStore } from './assignment-store.ts'
import type { AuditCutting, AuditLog } from './audit.ts'
import type { ChangeTimeStore } from './change-times.ts'
import type { EventHead, RunEvent, RunEventBody } from './events.ts'
import type { FleetKeys } from './fleet-key.ts'
import type { WorkStore } from './handed-work.ts'
import type { KeptRuns } from './kept-run.ts'
import type { LeaseStore, LeaseToken } from './lease.ts'
import type { AvailabilityStore } from './ledger.ts'
import type { OutageStore } from './outage.ts'
import type { ReportDeliveryStore } from './report-schedule.ts'
import type { RevisionStore } from './revision-store.ts'
import type { DeviceStatus, PastVisit, RunPlace, RunSummary } from './run.ts'
import type { RunReads } from './run-reads.ts'
import type { DeviceFact, DeviceMark, Marks, Sample } from './sample.ts'
import type { SessionStore } from './session.ts'
import type { StateFacts } from './state-facts.ts'
import type { StateUsage } from './state-usage.ts'
import type { Period } from './trading-hours.ts'

/** How much of the history is kept: runs of so many days, oldest first gone, in so many million bytes. */
export interface Retention {
  readonly days: number
  readonly megabytes: number
  /** What is done with rows of the audit log that are too old. Default: they are cut off, unsigned. */
  readonly audit?: AuditCutting
}

/** An event that has no number yet: the store counts, since several may write to a run. */
export type NewEvent = Omit<EventHead, 'seq'> & RunEventBody

/** Events, in order. */
export interface JournalStore {
  /**
   * Durable against the death of the process when it resolves; an announcement of a change against that of the machine, too.
   * Events of a run are numbered 1, 2, 3… without gaps. `leasesOf`: what must still be held for an event to be written, so
   * that nobody writes who has slept through a lease. Answers with the events as they stand, or undefined in the place of
   * one that was refused for that.
   */
  append(
    events: readonly NewEvent[],
    leasesOf?: (event: NewEvent) => readonly LeaseToken[],
  ): Promise<readonly (RunEvent | undefined)[]>
  /** In order, those after `after`; empty for an unknown run. */
  events(run: string, after?: number): AsyncIterable<RunEvent>
}

/** Journal, history, last known states and leases. */
export interface RunStore extends JournalStore {
  readonly fleets: FleetKeys
  readonly leases: LeaseStore
  readonly admission: AdmissionStore
  readonly outages: OutageStore
  readonly reportDeliveries: ReportDeliveryStore
  readonly kept: KeptRuns
  readonly changeTimes: ChangeTimeStore
  readonly audit: AuditLog
  readonly availability: AvailabilityStore
  readonly sessions: SessionStore
  /** For machines that share it; on one machine a file beside the store remembers. */
  readonly assignments: AssignmentStore
  readonly revisions: RevisionStore
  readonly reads: RunReads
  readonly work: WorkStore
  /** Milliseconds since 1970 by the clock that all who share it have in common: that of a machine may be wrong. */
  nowMs(): number
  /**
   * Newest first; `within` of milliseconds since 1970: those that began in it; `among`: those of these ids. A run whose process is
   * dead and that has no `run.finished` is `interrupted`.
   */
  runs(options?: {
    readonly limit?: number
    readonly after?: RunPlace
    readonly within?: Period
    readonly among?: readonly string[]
  }): Promise<readonly RunSummary[]>
  /** Last known state of every device that was ever looked at; with `since` of those that a run told of then or later. */
  status(options?: { readonly since?: string }): AsyncIterable<DeviceStatus>
  /** Another text once something was told of a device. */
  statusMark(): Promise<string>
  /** How runs ended on a device, newest first: at most `limit`, none that ended before `since`. Those in progress there are left out. */
  visits(
    device: string,
    options: { readonly limit: number; readonly since?: Date | undefined },
  ): Promise<readonly PastVisit[]>
  /** Of one series of a device, by time; two at the same time are one, the later one noted. */
  samples(device: string, series: string, since: Date, until?: Date): Promise<readonly Sample[]>
  fact(device: string, name: string, source: string): Promise<DeviceFact | null>
  /** Marks by which the machine of a device is known again; not those that many devices claim, as clones of an image do. */
  machineOf(device: string): Promise<Marks>
  /** The last mark of each name of every device, by device. */
  marks(): AsyncIterable<DeviceMark>
  /**
   * At the end of `run`, deletes old runs and samples beyond what is to be kept; never `run` itself or one in progress, nor the last
   * known state of a device. May leave some for the next time, so that it takes a fraction of the run.
   */
  forget(run: string, keep: Retention): Promise<void>
  /** About the store itself. */
  facts(): Promise<StateFacts>
  /** What history there is of runs that began from `since` on, and before `until`. */
  usage(of: { readonly since: Date; readonly until: Date }): Promise<StateUsage>
  close(): Promise<void>
}
