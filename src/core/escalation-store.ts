import type { Escalated, Message } from './escalation.ts'
import type { Incident, IncidentEvent } from './incident.ts'

/** A message that this process has taken to send. */
export interface ClaimedMessage {
  readonly message: Message
  readonly incident: Incident
  /** An attempt before this one may have arrived: nobody heard how it ended. Since when; null: none may. */
  readonly doubtSince: string | null
  /** Key of the ticket that an earlier message of the same step made; null: it made none yet. */
  readonly ticket: string | null
  /** The first message of the step was given up: where that was to make a ticket, there will be none. */
  readonly isWithoutTicket: boolean
}

/** Messages that this process has taken to send as one: to one contact about one store. Mostly it is one. */
export interface ClaimedBatch {
  /** The name of its message, or of all of them together: the same in every attempt. */
  readonly name: string
  readonly messages: readonly ClaimedMessage[]
}

/** What came of an attempt at one message. */
export interface Attempted {
  readonly message: string
  readonly result: MessageResult
  /** Somebody has to say that it was heard, within so long; then it comes up again. */
  readonly acknowledged?: { readonly withinMs: number } | undefined
}

/** What came of one attempt to send. */
export type MessageResult =
  | { readonly ok: true; readonly reference: string | null }
  | {
      readonly ok: false
      readonly why: string
      /** It may have arrived all the same. */
      readonly inDoubt: boolean
      /** It makes no sense to try again. */
      readonly isFinal: boolean
      /** Not before; milliseconds from now. */
      readonly afterMs?: number
      /** It was not tried: it does not count. */
      readonly isPostponed?: boolean
    }

/** Who is told what: the outbox of incidents. What a method promises is on disk when it resolves. */
export interface EscalationStore {
  /** Incidents whose chain is to be looked at, by time. */
  due(now: Date, limit: number): Promise<readonly string[]>
  /** Lets `decide` say, in one transaction, what happens to an incident and which messages there are from now on, each key once. */
  advance(
    id: string,
    decide: (of: {
      readonly incident: Incident
      readonly events: readonly IncidentEvent[]
      readonly messages: readonly Message[]
    }) => Escalated,
  ): Promise<void>
  /**
   * Takes messages whose time has come for this process alone; those of a process that is gone, too, as in doubt, and its own that
   * are not among those `underWay`. What was never sent goes together with others to the same contact about the same store that are
   * due within `gatherMs` of their channel; what may have arrived goes again with those that it went with, and no others.
   */
  claim(
    now: Date,
    options: {
      /** Batches. */
      readonly limit: number
      readonly underWay: ReadonlySet<string>
      readonly gatherMs: (channel: string) => number
    },
  ): Promise<readonly ClaimedBatch[]>
  /** Notes what came of an attempt at messages that were taken together, of all or of none; gives those that are known. */
  record(
    attempted: readonly Attempted[],
    options: { readonly now: Date; readonly attempts: number },
  ): Promise<readonly Message[]>
  /**
   * Somebody says that a message was heard, or that it was not, and with it all that it went together with; `message` may be the name
   * of either. False where there is no such message on these channels.
   */
  acknowledge(
    message: string,
    of: {
      readonly heard: boolean
      readonly by: string | null
      readonly channels: readonly string[]
      readonly now: Date
    },
  ): Promise<boolean>
  messages(incident: string): Promise<readonly Message[]>
  /** Ids of incidents with a message that has this reference elsewhere: the number of a ticket, as that system writes it. */
  incidentsOf(reference: string): Promise<readonly string[]>
  /** When something is to be done next. */
  next(): Promise<Date | undefined>
}
