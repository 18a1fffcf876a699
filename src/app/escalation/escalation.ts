import {
  type ChainStep,
  type Channel,
  type Contact,
  type Escalated,
  escalate,
  followUps,
  gatherMsOf,
  isOver,
  type Message,
  NO_LONGER_NEEDED,
} from '../../core/escalation.ts'
import type {
  Attempted,
  ClaimedBatch,
  ClaimedMessage,
  EscalationStore,
  MessageResult,
} from '../../core/escalation-store.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { HookStore } from '../../core/hook-store.ts'
import type { Incident } from '../../core/incident.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { RunStore } from '../../core/run-store.ts'
import { tradingAround } from '../../core/trading-hours.ts'
import { failed } from '../../hooks/channels/outgoing.ts'
import { LONGEST_SILENCE_MS } from '../../hooks/decide.ts'
import { selectorScope } from '../../lang/expression.ts'
import { type Duties, storeOf } from '../incidents/duties.ts'
import { incidentView } from '../incidents/incident-view.ts'
import { type KnownOutages, knownOutages } from '../outages/known-outages.ts'
import type { Project } from '../project.ts'
import { ChannelSenders } from './channel-senders.ts'
import { batchText, MOST_TOLD, messageText } from './message-text.ts'

/** Attempts at a message until it is given up, where its channel says nothing else. */
const ATTEMPTS = 10
/** What came of an attempt and could not be noted is noted anew after that. */
const NOTED_AGAIN_MS = 1_000
/** A store that never opens is asked again the next day. */
const CLOSED_MS = 86_400_000

/** What people are told by: a revision of the repository. */
export interface Escalating {
  readonly project: Project
  readonly fleet: Fleet
  readonly duties: Duties | undefined
}

/** What is sent goes by, too. */
interface Telling extends Escalating {
  readonly outages: KnownOutages
}

interface Stores {
  readonly runs: () => Promise<Pick<RunStore, 'outages' | 'fleets'>>
  readonly incidents: IncidentStore
  readonly hooks: HookStore
}

/** Notes what came of an attempt. */
type Noting = () => Promise<readonly Message[]>

/** What goes out as one, and by what. */
interface Sending extends ClaimedBatch {
  readonly channel: Channel
}

/** Tells people of incidents: looks at chains whose time has come, and sends what is in the outbox. One a process. */
export class Escalation {
  readonly #stores: Stores
  /** Messages that were claimed here, until what came of them is noted. */
  readonly #underWay = new Set<string>()
  readonly #unnoted = new Map<string, { readonly noting: Noting; readonly from: number }>()
  readonly #senders = new WeakMap<Project, ChannelSenders>()

  constructor(stores: Stores) {
    this.#stores = stores
  }

  /** Takes the steps of chains whose time has come; gives how many incidents were looked at. */
  async look(by: Escalating, limit: number): Promise<number> {
    const { escalations } = this.#stores.incidents
    const due = await escalations.due(new Date(), limit)
    if (due.length === 0) return 0
    const outages = await this.#outages(by)
    for (const id of due) await escalations.advance(id, (of) => stepsOf(by.duties, of, outages))
    return due.length
  }

  /**
   * Takes messages whose time has come, those that go out as one to be sent by calling it. One that rejects could not note what came of it: that is
   * done by a later one, which sends nothing.
   */
  async claim(by: Escalating, limit: number): Promise<readonly Noting[]> {
    const again = this.#notedAgain()
    // What is claimed has to be sent: everything that may fail is done before.
    const outages = await this.#outages(by)
    const { escalations } = this.#stores.incidents
    const channels = by.duties?.responsibility.channels
    const gatherMs = (channel: string): number => gatherMsOf(channels?.get(channel))
    const claimed = await escalations.claim(new Date(), { limit, underWay: this.#underWay, gatherMs })
    for (const { messages } of claimed) for (const { message } of messages) this.#underWay.add(message.message)
    return [...again, ...claimed.map((each) => () => this.#deliver({ ...by, outages }, each))]
  }

  #notedAgain(): readonly Noting[] {
    const ready = [...this.#unnoted].filter(([, { from }]) => from <= Date.now())
    return ready.map(([message, { noting }]) => () => {
      this.#unnoted.delete(message)
      return noting()
    })
  }

  async #outages({ fleet }: Escalating): Promise<KnownOutages> {
    return knownOutages(await this.#stores.runs(), fleet)
  }

  async #deliver(by: Telling, batch: ClaimedBatch): Promise<readonly Message[]> {
    const [{ message }] = batch.messages as readonly [ClaimedMessage]
    const channel = by.duties?.responsibility.channels.get(message.channel)
    const attempted = channel ? await this.#attempt(by, { channel, ...batch }) : sameFor(batch.messages, GONE)
    const attempts = (channel?.kind === 'http' ? channel.attempts : undefined) ?? ATTEMPTS
    return this.#note(batch, attempted, { now: new Date(), attempts })
  }

  async #note(batch: ClaimedBatch, ...noted: Parameters<EscalationStore['record']>): Promise<readonly Message[]> {
    try {
      const messages = await this.#stores.incidents.escalations.record(...noted)
      for (const { message } of batch.messages) this.#underWay.delete(message.message)
      return messages
    } catch (error) {
      // Sending it once more would have somebody called twice.
      const noting = (): Promise<readonly Message[]> => this.#note(batch, ...noted)
      this.#unnoted.set(batch.name, { noting, from: Date.now() + NOTED_AGAIN_MS })
      throw error
    }
  }

  /** What came of each message: those that are held back are left out of what is sent. */
  async #attempt(by: Telling, batch: Sending): Promise<readonly Attempted[]> {
    const { channel, messages } = batch
    try {
      const held = new Map(messages.map((each) => [each, heldBack(by, { ...each, channel })]))
      const wanted = messages.filter((each) => !held.get(each))
      // What may have arrived goes again as it was, but for what is over by now.
      const needed = wanted.filter((each) => !isNeedless(by, each))
      const sent = needed.length > 0 ? needed : wanted
      const result = sent.length > 0 ? await this.#send(by, { ...batch, messages: sent }) : NEEDLESS
      return messages.map((each) => ({
        message: each.message.message,
        result: held.get(each) ?? (sent.includes(each) ? result : NEEDLESS),
        acknowledged: acknowledgementOf(channel, each),
      }))
    } catch (error) {
      // A fault of ours must not send a message again and again.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.stderr.write(`This is a fault of Tillwright itself: ${text}\n`)
      return sameFor(messages, failed('A fault of Tillwright itself; its messages say more.', { isFinal: true }))
    }
  }

  async #send(by: Telling, batch: Sending): Promise<MessageResult> {
    const { channel, name, messages } = batch
    const [{ message, doubtSince, ticket }] = messages as readonly [ClaimedMessage]
    const contact = by.duties?.responsibility.contacts.get(message.contact)
    if (!contact) return GONE
    const parts = await Promise.all(messages.map((each) => this.#part(by, each)))
    const [first] = parts
    const said = parts.length === 1 && first ? first : batchText(first?.incident.store ?? '', parts)
    const body = bodyOf(by, batch, { contact, ...said })
    if (body && !body.ok)
      return failed(`${channel.name}: its body cannot be filled in: ${body.error}`, { isFinal: true })
    const senders = this.#sendersOf(by.project)
    const sender = await senders.of(channel)
    if ('why' in sender) return failed(sender.why)
    const incidents = parts.map(({ incident }) => incident.incident)
    const { subject, text } = said
    const of = { message: name, incidents, kind: message.kind, to: contact.to, subject, text }
    const result = await sender.send({ ...of, doubtSince, ticket, ...(body && { body: body.value }) })
    if (!result.ok) senders.forget(channel)
    return result
  }

  /** What is said of one incident. */
  async #part(by: Telling, { incident, message }: ClaimedMessage) {
    const { episodes: ids, count } = await this.#stores.incidents.episodes(incident.incident, MOST_TOLD)
    const found = await Promise.all(ids.map((id) => this.#stores.hooks.episode(id)))
    const episodes = found.filter((each) => each !== undefined)
    const outages = by.outages.of(incident).map((known) => by.outages.textOf(known))
    return { incident, ...messageText(incident, { kind: message.kind, episodes, count, now: new Date(), outages }) }
  }

  #sendersOf(project: Project): ChannelSenders {
    const senders = this.#senders.get(project) ?? new ChannelSenders(project)
    this.#senders.set(project, senders)
    return senders
  }
}

const NEEDLESS = failed(NO_LONGER_NEEDED, { isFinal: true })

function sameFor(messages: readonly ClaimedMessage[], result: MessageResult): readonly Attempted[] {
  return messages.map(({ message }) => ({ message: message.message, result }))
}

/** Whether somebody has to say that a message was heard, and within what time. */
function acknowledgementOf(channel: Channel, { message, incident }: ClaimedMessage): Attempted['acknowledged'] {
  const isAsked = channel.kind === 'http' && message.kind === 'call' && !isSeenTo(incident)
  return isAsked ? channel.acknowledged : undefined
}

/** Somebody has it, or it is over. */
function isSeenTo(incident: Incident): boolean {
  return incident.taken_at !== null || isOver(incident, 'fixed')
}

const GONE = failed('Its channel or contact is no longer in the repository.', { isFinal: true })

function stepsOf(
  duties: Duties | undefined,
  of: Parameters<Parameters<IncidentStore['escalations']['advance']>[1]>[0],
  outages: KnownOutages,
): Escalated {
  const { incident, messages, events } = of
  const now = Date.now()
  // A revision may say again who they are.
  const again = incident.closed_at !== null ? null : now + LONGEST_SILENCE_MS
  if (!duties) return { bodies: [], messages: [], due: again }
  const { contacts, channels } = duties.responsibility
  const chain = chainOf(duties, incident)
  const [known] = outages.of(incident)
  const asked = chain
    ? escalate({ incident, chain, contacts, messages, now })
    : { bodies: [], messages: [], due: again }
  // Tickets that were made still hear what becomes of it.
  const calls = known ? standingStill(asked, Math.min(known.until, now + LONGEST_SILENCE_MS)) : asked
  const jira = (name: string) => {
    const channel = channels.get(name)
    return channel?.kind === 'jira' ? channel : undefined
  }
  const hasTickets = (name: string): boolean => jira(name) !== undefined
  const closes = (name: string): boolean => jira(name)?.closeBy !== undefined
  const wanted = [...calls.messages, ...followUps(messages, { events, hasTickets, closes })]
  return { ...calls, messages: wanted.map((each) => ({ ...each, gatherMs: gatherMsOf(channels.get(each.channel)) })) }
}

/** The chain of its team, or of whose it is now where it had none or that one is gone; undefined where that is nobody's. */
function chainOf(duties: Duties, { team, fault, device, store }: Incident): readonly ChainStep[] | undefined {
  const { teams } = duties.responsibility
  const now = teams.get(team ?? '') ?? teams.get(duties.find(fault, { device, store }, new Date()).row?.team ?? '')
  return now?.chain
}

/** Nothing of it is done now; it is looked at again by then where something would have been, and otherwise when it would be. */
function standingStill({ bodies, messages, due }: Escalated, again: number): Escalated {
  return { bodies: [], messages: [], due: bodies.length + messages.length > 0 ? again : due }
}

/** Why a message is not sent now, or not at all. */
function heldBack(by: Telling, claimed: ClaimedMessage & { readonly channel: Channel }): MessageResult | undefined {
  const { channel, message, doubtSince } = claimed
  if (message.kind === 'call') return heldCall(by, claimed)
  // Tickets hear of everything.
  if (channel.kind === 'jira')
    return claimed.isWithoutTicket ? failed('Its issue was given up.', { isFinal: true }) : undefined
  const isFresh = message.sent_at === null && doubtSince === null
  return isFresh && isNeedless(by, claimed) ? NEEDLESS : heldCall(by, claimed)
}

function heldCall(by: Telling, claimed: ClaimedMessage & { readonly channel: Channel }): MessageResult | undefined {
  const { channel, message, incident, doubtSince } = claimed
  if (message.sent_at === null && doubtSince === null) {
    if (channel.kind !== 'jira' && message.kind === 'call' && isNeedless(by, claimed)) return NEEDLESS
    const [known] = by.outages.of(incident)
    if (known) {
      const afterMs = Math.max(0, Math.min(known.until - Date.now(), LONGEST_SILENCE_MS))
      return { ...failed(`${by.outages.textOf(known)}.`), isPostponed: true, afterMs }
    }
  }
  return channel.kind === 'http' ? heldPost(by, { ...claimed, channel }) : undefined
}

/** What is posted to a service may be heard by now, or has to wait for the shop. */
function heldPost(
  { fleet }: Telling,
  of: ClaimedMessage & { readonly channel: Extract<Channel, { kind: 'http' }> },
): MessageResult | undefined {
  const { message, incident, doubtSince } = of
  const { acknowledged, inTradingHours } = of.channel
  if (message.sent_at !== null && isSeenTo(incident)) return { ok: true, reference: message.reference }
  if (acknowledged && message.sent_at !== null && message.attempts > acknowledged.times)
    return failed('Nobody has said that it was heard.', { isFinal: true })
  const store = storeOf(fleet, incident)
  if (!inTradingHours || !store || doubtSince !== null) return undefined
  const { open, opens } = tradingAround({ hours: store.hours, time_zone: store.time_zone }, Date.now())
  if (open) return undefined
  const afterMs = opens === undefined ? CLOSED_MS : opens - Date.now()
  return { ...failed('The store does not trade at this hour.'), isPostponed: true, afterMs }
}

/** Whether whoever was to be called need not know any more. */
function isNeedless({ duties }: Telling, { message, incident }: ClaimedMessage): boolean {
  if (message.kind !== 'call') return isOver(incident, 'fixed')
  const step = duties && chainOf(duties, incident)?.find(({ key }) => key === message.key)
  return isOver(incident, step?.until ?? 'taken')
}

/** The body of a channel that takes JSON. */
function bodyOf(
  { fleet, outages }: Telling,
  { channel, name: id, messages }: Sending,
  said: { readonly contact: Contact; readonly subject: string; readonly text: string },
): { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly error: string } | undefined {
  if (channel.kind !== 'http') return undefined
  const { contact, subject, text } = said
  const [{ message, incident }] = messages as readonly [ClaimedMessage]
  const [neighbour] = storeOf(fleet, incident)?.devices ?? []
  const views = messages.map((each) => incidentView(each.incident, new Date(), outages))
  const incidents = JSON.parse(JSON.stringify(views)) as readonly [JsonObject]
  const attempt = Math.max(...messages.map((each) => each.message.attempts))
  return channel.body.render({
    store: neighbour ? selectorScope(fleet, neighbour).store : {},
    device: {},
    params: {},
    vars: {},
    steps: {},
    incident: incidents[0],
    incidents,
    contact: { name: contact.name, to: contact.to },
    message: { id, kind: message.kind, attempt, subject, text },
  })
}
