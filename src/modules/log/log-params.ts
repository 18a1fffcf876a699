import type { NewSample } from '../../core/sample.ts'
import type { WINDOWS_ENCODINGS } from '../../core/windows-encodings.ts'

/** Which entries of the journal of systemd are looked at. */
export interface JournalSource {
  readonly unit?: string
  readonly identifier?: string
  readonly priority?: 'emerg' | 'alert' | 'crit' | 'err' | 'warning' | 'notice' | 'info' | 'debug'
  readonly since?: string
  readonly unseen?: boolean
}

export interface LogParams {
  readonly path?: string
  readonly pattern?: string
  readonly lines?: number
  readonly encoding?: (typeof WINDOWS_ENCODINGS)[number]
  readonly event_log?: string
  readonly level?: 'critical' | 'error' | 'warning' | 'information'
  readonly source?: string
  readonly ids?: readonly number[]
  readonly within_minutes?: number
  readonly journal?: JournalSource
  readonly max_age_minutes?: number
  readonly min?: number
  readonly max?: number
}

export interface Hits {
  readonly count: number
  /** The latest, shortened. */
  readonly latest: readonly string[]
  /** Since the file was written to; null of an event log and of a journal. */
  readonly age: number | null
  /** Of a file on Windows: what it was read in. */
  readonly encoding?: string | null
  /** The newest of the files that it was rotated into, where it has fewer lines than were asked for. */
  readonly rotated?: { readonly path: string; readonly age_seconds: number }
  /** Not all that was asked for was looked at. */
  readonly isCut?: boolean
  /** The file begins with NULs, which were passed over. */
  readonly hasHole?: boolean
  /** Up to where a journal was read. */
  readonly samples?: readonly NewSample[]
}
