import type { EscalationStore } from './escalation-store.ts'
import type { Incident, IncidentEvent, IncidentEventBody, IncidentOpening } from './incident.ts'

/** For whose eyes: no other incidents exist. What is absent hides nothing. */
export interface IncidentEyes {
  /** Those that the matrix of responsibility gave to this partner. */
  readonly partner?: string | undefined
  /** Those whose place it says. */
  readonly sees?: ((place: Pick<Incident, 'device' | 'store'>) => boolean) | undefined
}

/** Which incidents. */
export interface IncidentQuery extends IncidentEyes {
  readonly closed?: boolean
  readonly limit?: number
  /** Opened at or after it, ISO 8601. */
  readonly since?: string | undefined
}

/** Incidents and what happened to them. What a method promises is on disk when it resolves, and outlives the machine. */
export interface IncidentStore {
  readonly escalations: EscalationStore
  /** Opens an incident, unless one of its key is open and not clear for long: then that is given. */
  open(opening: IncidentOpening, now: Date): Promise<{ readonly incident: Incident; readonly isNew: boolean }>
  /** Newest first. */
  incidents(query?: IncidentQuery): Promise<readonly Incident[]>
  incident(id: string, eyes?: IncidentEyes): Promise<Incident | undefined>
  events(id: string): Promise<readonly IncidentEvent[]>
  /** Episodes that belong to it, oldest first, at most `limit`, and how many there are. */
  episodes(id: string, limit: number): Promise<{ readonly episodes: readonly string[]; readonly count: number }>
  /** Whether an episode of it is not closed. */
  isFiring(id: string): Promise<boolean>
  /**
   * Notes what `say` says happens to an incident, in one transaction with reading it; gives it as it is then. Undefined where there
   * is none, or none for these eyes. What `say` throws is thrown, and nothing is noted.
   */
  note(
    id: string,
    say: (incident: Incident, isFiring: boolean) => readonly IncidentEventBody[],
    eyes?: IncidentEyes,
  ): Promise<Incident | undefined>
  /** Deletes what was closed before `before` and has no corrective action left. */
  forget(before: Date): Promise<void>
  close(): Promise<void>
}
