import { createHash } from 'node:crypto'
import type { ClaimedBatch, ClaimedMessage, EscalationStore } from '../core/escalation-store.ts'
import { readIncident } from './incident-rows.ts'
import { type MessageRow, messageOf, messageTables } from './message-tables.ts'
import { isThisProcess, thisProcess } from './process-identity.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'
import type { Witness } from './witness.ts'

/** No attempt takes so long. */
const UNHEARD_OF_MS = 600_000
/** So many go together at the most: nobody reads more. */
const MOST_TOGETHER = 100
/** What goes together with others. What a ticket hears of goes by itself. */
const TOGETHER: readonly string[] = ['call', 'returned']

/** Whether there may be something to send; asked again where it is taken. */
export async function mayBeReady(session: StoreSession, now: Date): Promise<boolean> {
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
  return [...lost, ...(yield* rowsOf(due.orderBy('next_at').limit(limit)))]
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

/** See `EscalationStore.claim`. */
export function* claimMessages(now: Date, options: Claiming): Steps<readonly ClaimedBatch[]> {
  const ready = yield* readyRows(now, options)
  const claimed: ClaimedBatch[] = []
  const taken = new Set<string>()
  for (const row of ready) {
    if (claimed.length >= options.limit) break
    if (taken.has(row.message)) continue
    const rows = yield* togetherWith(row, { ready, now, gatherMs: options.gatherMs(row.channel) })
    for (const { message } of rows) taken.add(message)
    const batch = row.batch ?? (rows.length > 1 ? batchName(rows) : null)
    const messages: ClaimedMessage[] = []
    for (const each of rows) messages.push(...(yield* take(each, { batch, now })))
    if (messages.length > 0) claimed.push({ name: batch ?? row.message, messages })
  }
  return claimed
}

/** A message and those that it goes with. */
function* togetherWith(
  row: MessageRow,
  { ready, now, gatherMs }: { readonly ready: readonly MessageRow[]; readonly now: Date; readonly gatherMs: number },
): Steps<readonly MessageRow[]> {
  const all = messageTables.selectFrom('messages').selectAll().orderBy('created_at').orderBy('message')
  if (row.batch !== null) {
    // What of it is being sent by somebody who lives is not among those that are ready.
    const own = yield* rowsOf(
      all.where('batch', '=', row.batch).where('state', 'in', ['waiting', 'unheard', 'sending']),
    )
    const lost = new Set(ready.filter(({ state }) => state === 'sending').map(({ message }) => message))
    return own.filter(({ state, message }) => state !== 'sending' || lost.has(message))
  }
  if (gatherMs === 0 || row.store === null || !TOGETHER.includes(row.kind) || !isFresh(row)) return [row]
  const soon = new Date(now.getTime() + gatherMs).toISOString()
  const others = all
    .where('contact', '=', row.contact)
    .where('channel', '=', row.channel)
    .where('store', '=', row.store)
    .where('kind', '=', row.kind)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', soon)
    .where('message', '<>', row.message)
    .where('sent_at', 'is', null)
    .where('doubt_since', 'is', null)
    .where('batch', 'is', null)
  return [row, ...(yield* rowsOf(others.limit(MOST_TOGETHER - 1)))]
}

/** It never left: whoever it is for has seen nothing of it. */
function isFresh({ state, sent_at, doubt_since }: MessageRow): boolean {
  return state === 'waiting' && sent_at === null && doubt_since === null
}

/** The same for the same messages: where an attempt at them did not arrive, the next one is of the same name. */
function batchName(rows: readonly MessageRow[]): string {
  const names = rows.map(({ message }) => message).sort()
  return `M${createHash('sha256')
    .update(`together ${names.join(' ')}`)
    .digest('hex')
    .slice(0, 16)}`
}

function* take(
  row: MessageRow,
  { batch, now }: { readonly batch: string | null; readonly now: Date },
): Steps<readonly ClaimedMessage[]> {
  const incident = yield* readIncident(row.incident)
  if (!incident) return []
  // Whoever was sending it is gone, and may have sent it a moment ago.
  const doubt_since = row.state === 'sending' ? now.toISOString() : row.doubt_since
  const since = { state: 'sending', attempts: row.attempts + 1, doubt_since, next_at: now.toISOString(), batch }
  const set = { ...thisProcess(), ...since }
  yield* put(messageTables.updateTable('messages').set(set).where('message', '=', row.message))
  const message = messageOf({ ...row, ...set })
  return [{ message, incident, doubtSince: doubt_since, ...(yield* ticketOf(row)) }]
}

/** The ticket that the step of a message made, or is to make. */
function* ticketOf({ incident, key }: MessageRow): Steps<Pick<ClaimedMessage, 'ticket' | 'isWithoutTicket'>> {
  const [step = ''] = key.split(' ')
  const query = messageTables.selectFrom('messages').select(['reference', 'state']).where('incident', '=', incident)
  const [made] = yield* rowsOf(query.where('key', '=', step))
  const ticket = made?.reference ?? null
  return { ticket, isWithoutTicket: ticket === null && made?.state === 'given-up' }
}
