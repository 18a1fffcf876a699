import { createHash } from 'node:crypto'
import { type Escalated, type Message, NO_LONGER_NEEDED } from '../core/escalation.ts'
import type { Attempted, EscalationStore } from '../core/escalation-store.ts'
import type { Incident, IncidentEvent, IncidentEventBody } from '../core/incident.ts'
import { claimMessages, mayBeReady } from './claim-messages.ts'
import { applyToIncident, readIncident } from './incident-rows.ts'
import { incidentTables } from './incident-tables.ts'
import { type MessageRow, messageOf, messageTables } from './message-tables.ts'
import { isThisProcess } from './process-identity.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'

/** Pauses after attempts that failed; the last one holds for all that follow. */
const PAUSES_MS = [1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 1_800_000]
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
      const claiming = { ...options, witness: session.witness }
      return (await mayBeReady(session, now)) ? write(() => claimMessages(now, claiming)) : []
    },
    record: (attempted, options) => write(() => record(attempted, options)),
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
    const name = yield* insertMessage(incident, { message, at })
    if (message.kind !== 'call') continue
    called.push({ type: 'called', at, step: message.key, contact: message.contact, message: name, why: null })
  }
  yield* applyToIncident(id, { known: incident, bodies: [...bodies, ...called] })
  const escalate_at = due === null ? null : new Date(due).toISOString()
  yield* put(incidentTables.updateTable('incidents').set({ escalate_at }).where('incident', '=', id))
}

function* insertMessage(
  { incident, store }: Incident,
  { message, at }: { readonly message: Escalated['messages'][number]; readonly at: string },
): Steps<string> {
  const { gatherMs = 0, ...asked } = message
  const name = `M${createHash('sha256').update(`${incident} ${message.key}`).digest('hex').slice(0, 16)}`
  const empty = { sent_at: null, reference: null, why: null, doubt_since: null, batch: null } as const
  const row = { ...asked, ...empty, ...NOBODY, message: name, incident, store, state: 'waiting', attempts: 0 }
  const next_at = new Date(Date.parse(at) + gatherMs).toISOString()
  yield* put(messageTables.insertInto('messages').values({ ...row, created_at: at, next_at }))
  return name
}

function* record(
  attempted: readonly Attempted[],
  options: Parameters<EscalationStore['record']>[1],
): Steps<readonly Message[]> {
  const noted: Message[] = []
  for (const each of attempted) {
    const message = yield* recordOne(each, options)
    if (message) noted.push(message)
  }
  return noted
}

function* recordOne(
  attempted: Attempted,
  options: Parameters<EscalationStore['record']>[1],
): Steps<Message | undefined> {
  const { message: id } = attempted
  const row = yield* read(id)
  // Whoever slept for too long finds that another one has taken it, and says nothing about what that one sends.
  if (row?.state !== 'sending' || !isThisProcess(row)) return row && messageOf(row)
  const after = afterSending(row, attempted, options)
  yield* put(
    messageTables
      .updateTable('messages')
      .set({ ...after, ...NOBODY })
      .where('message', '=', id),
  )
  const message = messageOf({ ...row, ...after })
  yield* noteSent(message, { before: row, now: options.now })
  return message
}

type After = Pick<
  MessageRow,
  'state' | 'next_at' | 'sent_at' | 'reference' | 'why' | 'doubt_since' | 'attempts' | 'batch'
>

function afterSending(
  row: MessageRow,
  { result, acknowledged }: Attempted,
  { now, attempts: most }: Parameters<EscalationStore['record']>[1],
): After {
  const at = now.toISOString()
  const later = (ms: number): string => new Date(now.getTime() + ms).toISOString()
  const { attempts, batch: known } = row
  if (result.ok) {
    const sent = {
      attempts,
      batch: known,
      sent_at: row.sent_at ?? at,
      reference: result.reference,
      why: null,
      doubt_since: null,
    }
    if (!acknowledged) return { ...sent, state: 'sent', next_at: null }
    return { ...sent, state: 'unheard', next_at: later(acknowledged.withinMs) }
  }
  const { sent_at, reference } = row
  // The last attempt that may have arrived is the one that has to show; looking for it is none.
  const doubt_since = result.inDoubt && !result.isPostponed ? at : row.doubt_since
  // What nobody has seen may go with others the next time; what was left out of it was never a part of it.
  const isSeen = (sent_at !== null || doubt_since !== null) && result.why !== NO_LONGER_NEEDED
  const kept = { sent_at, reference, why: result.why, doubt_since, batch: isSeen ? known : null }
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
  const rows = (yield* toldAs(id)).filter(({ channel }) => channels.includes(channel))
  for (const row of rows) yield* hear(row, { heard, by, at: now.toISOString() })
  return rows.length > 0
}

/** The message of a name, or those of a batch; and with a message those that it went together with. */
function* toldAs(id: string): Steps<readonly MessageRow[]> {
  const row = yield* read(id)
  if (row?.batch === null) return [row]
  const all = messageTables
    .selectFrom('messages')
    .selectAll()
    .where('batch', '=', row?.batch ?? id)
  return yield* rowsOf(all.orderBy('created_at').orderBy('message'))
}

function* hear(
  row: MessageRow,
  { heard, by, at }: { readonly heard: boolean; readonly by: string | null; readonly at: string },
): Steps<void> {
  // Whoever heard it late has heard it; that it was not heard is of use only while it is waited for.
  if (row.state === 'acknowledged' || (!heard && row.state !== 'unheard')) return
  const set = heard
    ? { state: 'acknowledged', next_at: null, why: null, sent_at: row.sent_at ?? at, doubt_since: null, ...NOBODY }
    : { next_at: at, why: 'Whoever was called did not hear it.' }
  yield* put(messageTables.updateTable('messages').set(set).where('message', '=', row.message))
  if (!heard) return
  const known = yield* readIncident(row.incident)
  const bodies: IncidentEventBody[] = [
    { type: 'acknowledged', at, message: row.message, by: by ?? row.contact },
    ...(known?.closed_at === null && known.taken_at === null
      ? [{ type: 'taken' as const, at, by: by ?? row.contact }]
      : []),
  ]
  yield* applyToIncident(row.incident, { known, bodies })
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
