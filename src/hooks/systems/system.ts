/** Whether somebody wants to be left alone with an alert: a silence, a maintenance. What cannot be known is no yes. */
export type Hush =
  | { readonly state: 'open' }
  | { readonly state: 'hushed'; readonly why: string }
  | { readonly state: 'unknown'; readonly why: string }

export type Told = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** Whose a silence is: a run of a fleet, by the state store that it is kept in, and the device that it works on. */
export interface SilenceMark {
  readonly authority: string
  readonly fleet: string
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

export interface LeftSilence {
  readonly id: string
  readonly mark: SilenceMark
  readonly since: Date
  /** It has ended already. */
  readonly isOver: boolean
}

/** Silences of our own, in a system that has them. Each ends by itself at the time that it was given. */
export interface Silencing {
  open(ask: SilenceAsk): Promise<Silenced>
  /** Puts its end off; one that somebody has ended stays ended. */
  renew(id: string, until: Date): Promise<Told>
  /** Ends it; one that has ended is no problem. */
  close(id: string): Promise<Told>
  /** Those of runs of this state, as far as it still knows of them. */
  left(
    authority: string,
    fleet: string,
  ): Promise<
    { readonly ok: true; readonly silences: readonly LeftSilence[] } | { readonly ok: false; readonly why: string }
  >
  /** Which of these occurrences have gone out, in a system that tells nobody of an end while it is silenced. */
  gone?(ids: readonly string[], since: Date): Promise<readonly string[]>
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
