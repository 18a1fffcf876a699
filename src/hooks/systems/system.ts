import type { FleetKey } from '../../core/fleet-key.ts'

/** Whether somebody wants to be left alone with an alert: a silence, a maintenance. What cannot be known is no yes. */
export type Hush =
  | { readonly state: 'open' }
  | { readonly state: 'hushed'; readonly why: string }
  | { readonly state: 'unknown'; readonly why: string }

export type Told = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** Whose a silence is: a run of a fleet, by the state store that it is kept in, and the device that it works on. */
export interface SilenceMark {
  readonly authority: string
  readonly fleet: FleetKey
  readonly run: string
  /** Full name. */
  readonly device: string
}

/** A silence that is to begin. */
export interface SilenceAsk {
  readonly mark: SilenceMark
  /** Labels of Alertmanager and their values, all of which an alert has to have. */
  readonly matchers: Readonly<Record<string, string>>
  /** Names by which a host of Zabbix may be known. */
  readonly hosts: readonly string[]
  /** Who, why and which run, for people; nothing secret. */
  readonly comment: string
  readonly until: Date
}

export type Silenced = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }

/** `over`: there is nothing to renew, as somebody has ended it, or as it has run out or been forgotten. */
export type Renewed = Silenced | { readonly ok: false; readonly why: string; readonly over?: 'by hand' | 'by itself' }

export interface LeftSilence {
  readonly id: string
  readonly mark: SilenceMark
  readonly since: Date
  /** It has run out already. */
  readonly isOver: boolean
}

/** An occurrence by the id that its source gives it, and since when its device was silenced. */
export interface SilencedAlert {
  readonly id: string
  readonly since: Date
}

/** Silences of our own, in a system that has them. Each ends by itself at the time that it was given. */
export interface Silencing {
  open(ask: SilenceAsk): Promise<Silenced>
  /** Puts its end off, and gives the id that it has then; one that is over stays over. */
  renew(id: string, until: Date): Promise<Renewed>
  /** Ends it; one that has ended is no problem. */
  close(id: string): Promise<Told>
  /** Those of runs of this state that nobody has ended: they last, or have run out within the last `lastsMs`. */
  left(of: {
    readonly authority: string
    readonly fleet: FleetKey
    readonly lastsMs: number
  }): Promise<
    { readonly ok: true; readonly silences: readonly LeftSilence[] } | { readonly ok: false; readonly why: string }
  >
  /** Which of these have gone out, by their ids, in a system that tells nobody of an end while it is silenced. */
  gone?(silenced: readonly SilencedAlert[]): Promise<readonly string[]>
}

/** The API of a system that tells alerts. */
export interface MonitoringSystem {
  /** Name of the source whose alerts it knows. */
  readonly source: string
  /** Of occurrences, by the ids that the source gives them. */
  hush(ids: readonly string[]): Promise<Hush>
  readonly silencing: Silencing
  /** Says at its alerts what was done about them; absent where it has no place for that. */
  tell?(ids: readonly string[], what: { readonly isRepaired: boolean; readonly message: string }): Promise<Told>
}
