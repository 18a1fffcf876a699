import type { TradingHours } from './fleet.ts'
import type { Incident, IncidentEvent, IncidentEventBody } from './incident.ts'
import { reaches } from './incident-clocks.ts'
import type { Template } from './runbook.ts'
import { isOpen } from './trading-hours.ts'

/** Until what a step of a chain is still of use. */
export const CHAIN_UNTIL = ['taken', 'diagnosed', 'fixed'] as const
export type ChainUntil = (typeof CHAIN_UNTIL)[number]

/** Who is told, and when: in the time of the contract, from the beginning of the incident. */
export interface ChainStep {
  /** Tells it from the others of its chain, whatever their order: a contact, and a number from the second time on. */
  readonly key: string
  readonly contact: string
  readonly afterMs: number
  readonly until: ChainUntil
}

export interface Contact {
  readonly name: string
  readonly channel: string
  /** An address, a number: what the channel takes. */
  readonly to: string
  /** When somebody is there; absent: always. */
  readonly duty?: { readonly hours: TradingHours; readonly timeZone: string }
}

/**
 * A way to tell people. Secrets are references. `gatherMs`: a message waits so long for others to the same contact about the same
 * store, and goes out with them as one; 0: each by itself.
 */
export type Channel = { readonly name: string } & (
  | {
      readonly kind: 'smtp'
      readonly host: string
      readonly port: number
      /** `starttls` and `tls` check the certificate. */
      readonly security: 'starttls' | 'tls' | 'none'
      readonly from: string
      readonly login?: { readonly user: string; readonly password: string }
      readonly gatherMs: number
    }
  | {
      readonly kind: 'http'
      readonly url: string
      readonly token?: string
      readonly basic?: { readonly user: string; readonly password: string }
      readonly headers: Readonly<Record<string, string>>
      readonly body: Template
      /** So often it is tried; absent: a usual number of times. */
      readonly attempts?: number
      /** Requests a second; absent: as many as there are. */
      readonly perSecond?: number
      /** Only while the store of the incident trades. */
      readonly inTradingHours: boolean
      /** Somebody has to say that it was heard; otherwise it is sent again. */
      readonly acknowledged?: { readonly withinMs: number; readonly times: number }
      readonly gatherMs: number
    }
  | {
      readonly kind: 'jira'
      readonly url: string
      readonly flavour: 'cloud' | 'server'
      readonly user?: string
      readonly token: string
      readonly project: string
      readonly issueType: string
      readonly priority?: string
      readonly components: readonly string[]
      /** Name of the transition when the incident is closed; absent: none. */
      readonly closeBy?: string
      readonly resolution?: string
      /** How long its index may not show what was made. */
      readonly indexMs: number
    }
)

/** `call`: the step of a chain. The others follow a ticket that a step made. */
export const MESSAGE_KINDS = ['call', 'cleared', 'returned', 'closed', 'transition'] as const
export type MessageKind = (typeof MESSAGE_KINDS)[number]

/** `unheard`: it was sent, and somebody has to say that it was heard. */
export const MESSAGE_STATES = ['waiting', 'sending', 'sent', 'unheard', 'acknowledged', 'given-up'] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/** What is to be sent, once for each key of an incident. */
export interface NewMessage {
  readonly key: string
  readonly kind: MessageKind
  readonly contact: string
  readonly channel: string
}

export interface Message extends NewMessage {
  readonly message: string
  /** What those that went out together with it are called as one; null: it goes alone. */
  readonly batch: string | null
  readonly incident: string
  readonly state: MessageState
  readonly attempts: number
  readonly created_at: string
  readonly next_at: string | null
  readonly sent_at: string | null
  /** What the other side calls it: the key of a ticket. */
  readonly reference: string | null
  readonly why: string | null
}

/** Why a message was given up that nobody needs any more: nobody else is told in its place. */
export const NO_LONGER_NEEDED = 'It was over before it could be sent.'

/** How long a message by a channel waits for others; 0 where each goes by itself. */
export function gatherMsOf(channel: Channel | undefined): number {
  return channel === undefined || channel.kind === 'jira' ? 0 : channel.gatherMs
}

/** What happens to an incident whose chain is looked at, and when to look again. */
export interface Escalated {
  readonly bodies: readonly IncidentEventBody[]
  /** `gatherMs`: not before that, see `Channel`. */
  readonly messages: readonly (NewMessage & { readonly gatherMs?: number })[]
  readonly due: number | null
}

interface Asked {
  readonly incident: Incident
  readonly chain: readonly ChainStep[]
  readonly contacts: ReadonlyMap<string, Contact>
  readonly messages: readonly Message[]
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Pure: which steps of a chain are to be taken now. Whoever is not there is passed over and the next one is told at once, and so is
 * the next one where a message was given up; the last one is always told. What was taken is not taken again.
 */
export function escalate(asked: Asked): Escalated {
  const bodies: IncidentEventBody[] = []
  const messages: NewMessage[] = []
  const times: number[] = []
  let isPassedOn = false
  for (const [index, step] of asked.chain.entries()) {
    const taken = takeStep(asked, { step, index, isPassedOn })
    if (taken.do === 'wait' && taken.until !== undefined) times.push(taken.until)
    if (taken.do === 'pass') bodies.push(taken.body)
    if (taken.do === 'call') messages.push(taken.message)
    isPassedOn = taken.isPassedOn ?? isPassedOn
  }
  return { bodies, messages, due: times.length === 0 ? null : Math.min(...times) }
}

/** What becomes of a step; `isPassedOn`: the next one is told at once. */
type Taken = { readonly isPassedOn?: boolean } & (
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly until: number | undefined }
  | { readonly do: 'pass'; readonly body: IncidentEventBody }
  | { readonly do: 'call'; readonly message: NewMessage }
)

function takeStep(
  { incident, chain, contacts, messages, now }: Asked,
  { step, index, isPassedOn }: { readonly step: ChainStep; readonly index: number; readonly isPassedOn: boolean },
): Taken {
  const before = incident.calls.find(({ step: key }) => key === step.key)
  if (before) {
    const isGivenUp = messages.some(
      ({ key, state, why }) => key === step.key && state === 'given-up' && why !== NO_LONGER_NEEDED,
    )
    return { do: 'nothing', isPassedOn: before.message === null || isGivenUp }
  }
  const contact = contacts.get(step.contact)
  if (!contact || isOver(incident, step.until)) return { do: 'nothing' }
  const time = reaches(incident, step.afterMs)
  if (!isPassedOn && (time === undefined || time > now)) return { do: 'wait', until: time }
  const isLast = chain.slice(index + 1).every(({ until }) => isOver(incident, until))
  if (isLast || isThere(contact, now)) {
    const { name, channel } = contact
    return { do: 'call', isPassedOn: false, message: { key: step.key, kind: 'call', contact: name, channel } }
  }
  const at = new Date(now).toISOString()
  const why = 'is not there at this hour'
  return {
    do: 'pass',
    isPassedOn: true,
    body: { type: 'called', at, step: step.key, contact: step.contact, message: null, why },
  }
}

/** What tickets that were made have to hear of; that it fires again is news for all who were told of it. */
export function followUps(
  messages: readonly Message[],
  {
    events,
    hasTickets,
    closes,
  }: {
    readonly events: readonly IncidentEvent[]
    readonly hasTickets: (channel: string) => boolean
    readonly closes: (channel: string) => boolean
  },
): readonly NewMessage[] {
  const kinds: Readonly<Partial<Record<IncidentEvent['type'], MessageKind>>> = {
    cleared: 'cleared',
    joined: 'returned',
    closed: 'closed',
  }
  const last = lastReturn(events)
  return messages.flatMap(({ kind, key, contact, channel, state, sent_at, why }) => {
    const isNeedless = state === 'given-up' && why === NO_LONGER_NEEDED
    if (kind !== 'call' || (state === 'given-up' && !isNeedless)) return []
    if (!hasTickets(channel)) {
      if (!last || (sent_at === null ? !isNeedless : sent_at > last.at)) return []
      return [{ contact, channel, kind: 'returned' as const, key: `${key} returned ${last.seq}` }]
    }
    return events.flatMap(({ type, seq }): readonly NewMessage[] => {
      const what = kinds[type]
      if (!what) return []
      const news = { contact, channel } as const
      const one: NewMessage = { ...news, kind: what, key: `${key} ${what} ${seq}` }
      const ends = what === 'closed' && closes(channel)
      return ends ? [one, { ...news, kind: 'transition', key: `${key} transition ${seq}` }] : [one]
    })
  })
}

/** When it fired again after it was clear, for the last time, if it still does. */
function lastReturn(events: readonly IncidentEvent[]): IncidentEvent | undefined {
  let last: IncidentEvent | undefined
  let isClear = false
  for (const event of events) {
    if (event.type === 'joined' && isClear) last = event
    if (event.type === 'cleared' || event.type === 'closed') last = undefined
    if (event.type === 'joined' || event.type === 'cleared') isClear = event.type === 'cleared'
  }
  return last
}

/** Whether nobody needs to be told of an incident any more whom a step tells until then. */
export function isOver({ taken_at, diagnosed_at, cleared_at, closed_at }: Incident, until: ChainUntil): boolean {
  if (closed_at !== null || cleared_at !== null) return true
  if (until === 'taken') return taken_at !== null
  return until === 'diagnosed' && diagnosed_at !== null
}

function isThere({ duty }: Contact, now: number): boolean {
  return duty === undefined || isOpen({ hours: duty.hours, time_zone: duty.timeZone }, now)
}
