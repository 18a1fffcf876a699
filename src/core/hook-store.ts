import type { Alert } from './alert.ts'
import type { Episode, EpisodeEvent, EpisodeHead } from './episode.ts'
import type { HookSettings } from './hook-rule.ts'
import type { IncidentOpening } from './incident.ts'

/** What a source sent, as it came. */
export interface Delivery {
  readonly source: string
  /** Who brought it: a token's name, `command line`. */
  readonly sender: string
  readonly body: string
}

export interface InboxEntry extends Delivery {
  /** Tells it from others: the same source, sender and body are one entry, however often it comes. */
  readonly entry: string
  readonly at: string
  /** How often it came. */
  readonly times: number
  readonly done: boolean
}

/** An alert with what was found out about it. */
export interface Told {
  readonly alert: Alert
  /** Its id may fire again after its end: its system takes an alert for resolved that it only has not heard of for a while. */
  readonly mayReturn?: true
  /** Absent: no episode comes of it, for the reason in `why`. */
  readonly head?: Omit<EpisodeHead, 'episode'>
  readonly why: string | null
}

/** What became of an alert. */
export interface ToldAnswer {
  readonly source: string
  readonly alert: string
  readonly id: string
  readonly state: 'firing' | 'resolved'
  readonly device: string | null
  readonly store: string | null
  readonly rule: string | null
  readonly episode: string | null
  readonly why: string | null
}

/** What else is going on, as far as it bears on what is done about one episode. Times are milliseconds since 1970. */
export interface EpisodeWorld {
  /** Attempts at the device within 24 hours. */
  readonly deviceAttempts: number
  /** When the last attempt at the device ended; null: there was none. */
  readonly lastAttemptAt: number | null
  /** Attempts of the rule within an hour. */
  readonly ruleAttempts: number
  /** Attempts of the rule on devices of the same class in a row within 24 hours, up to the last one, that were seen not to help. */
  readonly useless: number
  /** Another run is working on the device. */
  readonly busy: boolean
  /** When occurrences began in closed episodes of the same fault, since the last repair in them; none unless the rule looks back. */
  readonly earlier: readonly number[]
  /** An episode about the store, which is still firing. */
  readonly cause: string | null
  /** The open incident of a storm that it is part of. */
  readonly storm: string | null
  /** Episodes that count among those which began within the time of the breaker (`countsFrom`). */
  readonly opened: number
  /** When they are no longer too many, if no others begin; null: they are not. */
  readonly calmAt: number | null
}

export interface AttemptStarted {
  readonly episode: Episode
  readonly attempt: number
}

/** What happens to an episode, and when to look at it again; null: when something happens to it. */
export interface EpisodeStep {
  readonly events: readonly EpisodeEvent[]
  readonly due: Date | null
  readonly opens?: IncidentOpening | undefined
}

/** Who works the inbox off, if somebody does. */
export interface HookWorker {
  readonly host: string
  readonly pid: number
  readonly since: string
}

/**
 * Inbox, episodes and attempts. What a method promises is on disk when it resolves, and outlives the machine. Any number of
 * processes may work on one store.
 */
export interface HookStore {
  /** Keeps what was delivered; gives the entries. What brought nothing about the last time, or came long ago, is taken up again. */
  receive(deliveries: readonly Delivery[]): Promise<readonly string[]>
  /** Entries that nobody has worked off, oldest first. */
  pending(limit: number): Promise<readonly InboxEntry[]>
  entry(entry: string): Promise<InboxEntry | undefined>
  /** Everything that is kept, oldest first. */
  inbox(since: string): AsyncIterable<InboxEntry>
  /**
   * Takes the alerts of an entry into their episodes; an entry that was worked off meanwhile changes nothing. One that is resolved ends
   * what it has begun, by whatever rule and at whatever device that was, where `mayEnd` says that its sender may tell of it.
   * Default: all.
   */
  join(
    entry: string,
    told: readonly Told[],
    mayEnd?: (place: Pick<Episode, 'device' | 'store'>) => boolean,
  ): Promise<readonly ToldAnswer[]>
  /** What became of the alerts of an entry. */
  answers(entry: string): Promise<readonly ToldAnswer[]>
  /** Open episodes whose time has come, by it. */
  due(now: Date, limit: number): Promise<readonly string[]>
  /** Has open episodes judged now that wait for a time: a clock that was ahead may have said it. To judge one early changes nothing. */
  lookAgain(now: Date): Promise<void>
  /** When the next one's time comes; of `episodes` only, if they are given. */
  nextDue(episodes?: readonly string[]): Promise<Date | undefined>
  /**
   * Lets `step` say, in one transaction, what happens to an open episode and when to look at it again. A started attempt
   * among it is taken by this process alone, and by nobody ever after. Where it `opens` an incident, the episode joins the open
   * one of that key, or begins it, unless it is part of one already.
   */
  advance(
    episode: string,
    options: {
      readonly now: Date
      readonly breaker: HookSettings['breaker']
      readonly classOf: (device: string) => string
      /** How far a rule looks back. */
      readonly looksBackMs: (rule: string) => number
      readonly step: (episode: Episode, world: EpisodeWorld) => EpisodeStep
    },
  ): Promise<{ readonly episode: Episode; readonly started: number | null } | undefined>
  /**
   * Notes something that happened to an episode, and has it looked at again; nothing, where it is closed, and neither its end while a
   * repair of it is under way.
   */
  note(episode: string, event: EpisodeEvent): Promise<Episode | undefined>
  /**
   * Attempts whose process is gone become doubtful, and those of this one that are not `isUnderWay`: nobody makes them. Gives how many.
   */
  settleDoubt(now: Date, isUnderWay: (episode: string) => boolean): Promise<number>
  episodes(options?: { readonly closed?: boolean; readonly limit?: number }): Promise<readonly Episode[]>
  episode(id: string): Promise<Episode | undefined>
  events(episode: string): Promise<readonly EpisodeEvent[]>
  /** Says that this process works the inbox off, for so long from now on; false where another one does. */
  claim(ttlMs: number): Promise<boolean>
  release(): Promise<void>
  worker(): Promise<HookWorker | undefined>
  /** Entries that nobody has worked off, and episodes that are not closed. */
  count(): Promise<{ readonly pending: number; readonly open: number }>
  /** Deletes what was closed and worked off before `before`, incidents too. */
  forget(before: Date): Promise<void>
  close(): Promise<void>
}
