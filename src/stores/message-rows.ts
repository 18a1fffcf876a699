import { createHash } from 'node:crypto'
import type { Message, MessageKind, MessageState, NewMessage } from '../core/escalation.ts'
import type { ClaimedMessage, EscalationStore, MessageResult } from '../core/escalation-store.ts'
import type { IncidentEvent, IncidentEventBody } from '../core/incident.ts'
import { applyToIncident, readIncident } from './incident-rows.ts'
import { incidentTables } from './incident-tables.ts'
import { type MessageRow, messageTables } from './message-tables.ts'
import { isThisProcess, thisProcess } from './process-identity.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'
import type { Witness } from './witness.ts'

/** Pauses after attempts that failed; the last one holds for all that follow. */
const PAUSES_MS = [1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 1_800_000]
/** No attempt takes so long. */
const UNHEARD_OF_MS = 600_000
/** Nobody there: nothing of it is owned by a process. */
const NOBODY = { host: null, pid: null, process: null } as const

/** The outbox of incidents, in a session of the state file. */
export function escalationStore(
  session: StoreSession,
  write: <T>(work: () => Steps<T>) => Promise<T>,
): EscalationStore {
  return {
    async due(now, limit) {
      const ready = incidentTables.selectFrom('incidents').select('incident')
      const rows = ready.where('escalate_at', '<=', now.toISOString()).orderBy('escalate_at').limit(limit)
      return (await session.read(rows)).map(({ incident }) => incident)
    },
    advance: (id, decide) => write(() => advance(id, decide)),
    async claim(now, options) {
      return (await mayBeReady(session, now)) ? write(() => claim(now, { ...options, witness: session.witness })) : []
    },
    record: (message, result, options) => write(() => record(message, result, options)),
    acknowledge: (message, of) => write(() => acknowledge(message, of)),
    async messages(incident) {
      const rows = messageTables.selectFrom('messages').selectAll().where('incident', '=', incident)
      return (await session.read(rows.orderBy('created_at').orderBy('key'))).map(messageOf)
    },
    async incidentsOf(reference) {
      const own = messageTables.selectFrom('messages').select('incident').distinct().where('reference', '=', reference)
      return (await session.read(own.orderBy('incident'))).map(({ incident }) => incident)
    },
    next: () => next(session),
  }
}

function* advance(id: string, decide: Parameters<EscalationStore['advance']>[1]): Steps<void> {
  const incident = yield* readIncident(id)
  if (!incident) return
  const rows = incidentTables.selectFrom('incident_events').select('json').where('incident', '=', id).orderBy('seq')
  const events = (yield* rowsOf(rows)).map(({ json }) => JSON.parse(json) as IncidentEvent)
  const own = messageTables.selectFrom('messages').selectAll().where('incident', '=', id)
  const known = (yield* rowsOf(own)).map(messageOf)
  const { bodies, messages, due } = decide({ incident, events, messages: known })
  const at = new Date().toISOString()
  const fresh = messages.filter(({ key }) => !known.some((each) => each.key === key))
  const called: IncidentEventBody[] = []
  for (const message of fresh) {
    const name = yield* insertMessage(id, { message, at })
    if (message.kind !== 'call') continue
    called.push({ type: 'called', at, step: message.key, contact: message.contact, message: name, why: null })
  }
  yield* applyToIncident(id, { known: incident, bodies: [...bodies, ...called] })
  const escalate_at = due === null ? null : new Date(due).toISOString()
  yield* put(incidentTables.updateTable('incidents').set({ escalate_at }).where('incident', '=', id))
}

function* insertMessage(
  incident: string,
  { message, at }: { readonly message: NewMessage; readonly at: string },
): Steps<string> {
  const name = `M${createHash('sha256').update(`${incident} ${message.key}`).digest('hex').slice(0, 16)}`
  const empty = { sent_at: null, reference: null, why: null, doubt_since: null } as const
  const row = { ...message, ...empty, ...NOBODY, message: name, incident, state: 'waiting', attempts: 0 }
  yield* put(messageTables.insertInto('messages').values({ ...row, created_at: at, next_at: at }))
  return name
}

/** Whether there may be something to send; asked again where it is taken. */
async function mayBeReady(session: StoreSession, now: Date): Promise<boolean> {
  const all = messageTables.selectFrom('messages').select('message')
  const due = all.where('state', 'in', ['waiting', 'unheard']).where('next_at', '<=', now.toISOString())
  const [[one], [sending]] = await Promise.all([
    session.read(due.limit(1)),
    session.read(all.where('state', '=', 'sending').limit(1)),
  ])
  return one !== undefined || sending !== undefined
}

type Claiming = Parameters<EscalationStore['claim']>[1] & { readonly witness: Witness }

/** Those whose time has come, and those of processes that are gone. */
function* readyRows(now: Date, { limit, underWay, witness }: Claiming): Steps<readonly MessageRow[]> {
  const all = messageTables.selectFrom('messages').selectAll()
  const due = all.where('state', 'in', ['waiting', 'unheard']).where('next_at', '<=', now.toISOString())
  const sending = yield* rowsOf(all.where('state', '=', 'sending'))
  const lost = sending.filter((row) =>
    isThisProcess(row) ? !underWay.has(row.message) : isGone(row, { now, witness }),
  )
  return [...lost, ...(yield* rowsOf(due.orderBy('next_at').limit(limit)))].slice(0, limit)
}

/** Of a process on another machine it is not known: an attempt is long over before it counts as gone. */
function isGone(
  { host, pid, process, next_at }: MessageRow,
  { now, witness }: { readonly now: Date; readonly witness: Witness },
): boolean {
  const where = witness.whereabouts({ host: host ?? '', pid: pid ?? 0, process })
  if (where !== 'elsewhere') return where === 'dead'
  return next_at !== null && Date.parse(next_at) < now.getTime() - UNHEARD_OF_MS
}

function* claim(now: Date, options: Claiming): Steps<readonly ClaimedMessage[]> {
  const claimed: ClaimedMessage[] = []
  for (const row of yield* readyRows(now, options)) {
    const incident = yield* readIncident(row.incident)
    if (!incident) continue
    // Whoever was sending it is gone, and may have sent it a moment ago.
    const doubt_since = row.state === 'sending' ? now.toISOString() : row.doubt_since
    const since = { state: 'sending', attempts: row.attempts + 1, doubt_since, next_at: now.toISOString() }
    const set = { ...thisProcess(), ...since }
    yield* put(messageTables.updateTable('messages').set(set).where('message', '=', row.message))
    const message = messageOf({ ...row, ...set })
    claimed.push({ message, incident, doubtSince: doubt_since, ...(yield* ticketOf(row)) })
  }
  return claimed
}

/** The ticket that the step of a message made, or is to make. */
function* ticketOf({ incident, key }: MessageRow): Steps<Pick<ClaimedMessage, 'ticket' | 'isWithoutTicket'>> {
  const [step = ''] = key.split(' ')
  const query = messageTables.selectFrom('messages').select(['reference', 'state']).where('incident', '=', incident)
  const [made] = yield* rowsOf(query.where('key', '=', step))
  const ticket = made?.reference ?? null
  return { ticket, isWithoutTicket: ticket === null && made?.state === 'given-up' }
}

function* record(
  id: string,
  result: MessageResult,
  { now, attempts: most, acknowledged }: Parameters<EscalationStore['record']>[2],
): Steps<Message | undefined> {
  const row = yield* read(id)
  // Whoever slept for too long finds that another one has taken it, and says nothing about what that one sends.
  if (row?.state !== 'sending' || !isThisProcess(row)) return row && messageOf(row)
  const after = afterSending(row, result, { now, most, acknowledged })
  yield* put(
    messageTables
      .updateTable('messages')
      .set({ ...after, ...NOBODY })
      .where('message', '=', id),
  )
  const message = messageOf({ ...row, ...after })
  yield* noteSent(message, { before: row, now })
  return message
}

type After = Pick<MessageRow, 'state' | 'next_at' | 'sent_at' | 'reference' | 'why' | 'doubt_since' | 'attempts'>

function afterSending(
  row: MessageRow,
  result: MessageResult,
  {
    now,
    most,
    acknowledged,
  }: {
    readonly now: Date
    readonly most: number
    readonly acknowledged: { readonly withinMs: number } | undefined
  },
): After {
  const at = now.toISOString()
  const later = (ms: number): string => new Date(now.getTime() + ms).toISOString()
  const { attempts } = row
  if (result.ok) {
    const sent = { attempts, sent_at: row.sent_at ?? at, reference: result.reference, why: null, doubt_since: null }
    if (!acknowledged) return { ...sent, state: 'sent', next_at: null }
    return { ...sent, state: 'unheard', next_at: later(acknowledged.withinMs) }
  }
  const { sent_at, reference } = row
  // The last attempt that may have arrived is the one that has to show; looking for it is none.
  const doubt_since = result.inDoubt && !result.isPostponed ? at : row.doubt_since
  const kept = { sent_at, reference, why: result.why, doubt_since }
  if (result.isPostponed) {
    const next_at = later(result.afterMs ?? PAUSES_MS[0] ?? 0)
    return { ...kept, attempts: attempts - 1, state: 'waiting', next_at }
  }
  if (result.isFinal || attempts >= most) return { ...kept, attempts, state: 'given-up', next_at: null }
  const pause = PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1] ?? 0
  return { ...kept, attempts, state: 'waiting', next_at: later(Math.max(pause, result.afterMs ?? 0)) }
}

/** What became of a message belongs to the story of its incident; a chain goes on where one was given up. */
function* noteSent(
  message: Message,
  { before, now }: { readonly before: MessageRow; readonly now: Date },
): Steps<void> {
  const { state, contact, reference, why } = message
  const isSent = message.sent_at !== null && before.sent_at === null
  if (!isSent && state !== 'given-up') return
  const known = yield* readIncident(message.incident)
  const body: IncidentEventBody = {
    type: 'told',
    at: now.toISOString(),
    message: message.message,
    contact,
    reference,
    why: state === 'given-up' ? (why ?? '') : null,
  }
  yield* applyToIncident(message.incident, { known, bodies: [body] })
}

function* acknowledge(
  id: string,
  { heard, by, channels, now }: Parameters<EscalationStore['acknowledge']>[1],
): Steps<boolean> {
  const row = yield* read(id)
  if (!row || !channels.includes(row.channel)) return false
  // Whoever heard it late has heard it; that it was not heard is of use only while it is waited for.
  if (row.state === 'acknowledged' || (!heard && row.state !== 'unheard')) return true
  const at = now.toISOString()
  const set = heard
    ? { state: 'acknowledged', next_at: null, why: null, sent_at: row.sent_at ?? at, doubt_since: null, ...NOBODY }
    : { next_at: at, why: 'Whoever was called did not hear it.' }
  yield* put(messageTables.updateTable('messages').set(set).where('message', '=', id))
  if (!heard) return true
  const known = yield* readIncident(row.incident)
  const bodies: IncidentEventBody[] = [
    { type: 'acknowledged', at, message: id, by: by ?? row.contact },
    ...(known?.closed_at === null && known.taken_at === null
      ? [{ type: 'taken' as const, at, by: by ?? row.contact }]
      : []),
  ]
  yield* applyToIncident(row.incident, { known, bodies })
  return true
}

async function next(session: StoreSession): Promise<Date | undefined> {
  const messages = messageTables.selectFrom('messages').select('next_at').where('state', 'in', ['waiting', 'unheard'])
  const incidents = incidentTables.selectFrom('incidents').select('escalate_at').where('escalate_at', 'is not', null)
  const [[message], [incident]] = await Promise.all([
    session.read(messages.where('next_at', 'is not', null).orderBy('next_at').limit(1)),
    session.read(incidents.orderBy('escalate_at').limit(1)),
  ])
  const times = [message?.next_at, incident?.escalate_at].filter((time) => time != null).sort()
  return times[0] === undefined ? undefined : new Date(times[0])
}

function* read(id: string): Steps<MessageRow | undefined> {
  return (yield* rowsOf(messageTables.selectFrom('messages').selectAll().where('message', '=', id)))[0]
}

function messageOf(row: MessageRow): Message {
  const { doubt_since: _doubt, host: _host, pid: _pid, process: _process, kind, state, ...rest } = row
  return { ...rest, kind: kind as MessageKind, state: state as MessageState }
}
