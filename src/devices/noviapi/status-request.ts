import type { JsonObject } from '../../core/json.ts'
import { objectIn, textIn } from '../printer/json-answer.ts'
import { REQUESTS, type StatusType } from './requests.ts'
import type { NoviReply, NoviSession } from './session.ts'

/** `left`: a request of ours may still be stored in the printer, where it makes the daily report fail. */
export type StatusOutcome =
  | { readonly state: 'done'; readonly answer: JsonObject }
  | {
      readonly state: 'pending' | 'error' | 'refused'
      readonly detail: string
      readonly answer?: JsonObject
      readonly left?: true
      readonly reply?: NoviReply
    }

const POST_MS = 3000
const CLEAR_MS = 1500
const SHORTEST_WAIT_MS = 100

/**
 * Reads one status by its three steps: store, confirm, look. What was stored and not confirmed is removed again, also
 * when the run is stopped in between: a stored request makes the next daily report fail (error 10).
 */
export async function readStatus(session: NoviSession, token: string, type: StatusType): Promise<StatusOutcome> {
  if (session.isStopped) return { state: 'refused', detail: 'The run was stopped.' }
  // Whether it was stored has to be known, so that being stopped does not end this one.
  const posted = await session.send(REQUESTS.post(type), token, Math.max(1, Math.min(session.leftMs, POST_MS)))
  const id = idOf(posted)
  if (id === undefined) return notStored(posted)
  const confirmed = await session.send(REQUESTS.confirm(id), token)
  if (confirmed.state !== 'answered' || confirmed.status >= 300) return await removed(session, token, { id, confirmed })
  return await looked(session, token, id)
}

function idOf(reply: NoviReply): string | undefined {
  if (reply.state !== 'answered' || reply.status >= 300) return undefined
  const id = textIn(objectIn(reply.json, 'request'), 'id')
  return id !== undefined && /^[0-9A-Za-z]{1,64}$/.test(id) ? id : undefined
}

function notStored(reply: NoviReply): StatusOutcome {
  if (reply.state === 'answered' && reply.status >= 300) {
    return { state: 'refused', detail: `It refused to be asked (HTTP ${reply.status}).`, reply }
  }
  // It may have been stored although its number did not arrive.
  const why = reply.state === 'answered' ? 'it named no number' : reply.detail
  return { state: 'refused', detail: `Its answer to the question did not arrive: ${why}.`, left: true, reply }
}

async function removed(
  session: NoviSession,
  token: string,
  { id, confirmed }: { readonly id: string; readonly confirmed: NoviReply },
): Promise<StatusOutcome> {
  const reply = await session.send(REQUESTS.remove(id), token, CLEAR_MS)
  // 404: it is not there, so that it was confirmed or never stored.
  const isGone = reply.state === 'answered' && (reply.status < 300 || reply.status === 404)
  const why = confirmed.state === 'answered' ? `HTTP ${confirmed.status}` : confirmed.detail
  const detail = `The question could not be confirmed (${why})${isGone ? ' and was taken back' : ''}.`
  return { state: 'refused', detail, reply: confirmed, ...(!isGone && { left: true as const }) }
}

async function looked(session: NoviSession, token: string, id: string): Promise<StatusOutcome> {
  for (;;) {
    const wait = Math.max(SHORTEST_WAIT_MS, Math.min(1000, Math.floor(session.leftMs / 2)))
    const reply = await session.send(REQUESTS.look(id, wait), token)
    if (reply.state !== 'answered') return { state: 'pending', detail: `It did not say: ${reply.detail}.`, reply }
    const state = textIn(objectIn(reply.json, 'request'), 'status')
    const answer = reply.json
    if (answer && state === 'DONE') return { state: 'done', answer }
    if (state === 'QUEUED' || state === 'PENDING' || state === 'STORED') {
      if (session.leftMs > SHORTEST_WAIT_MS * 2) {
        await new Promise((resolve) => setTimeout(resolve, SHORTEST_WAIT_MS))
        continue
      }
      return { state: 'pending', detail: `It is still ${state.toLowerCase()}: the printer is at work.`, reply }
    }
    const detail = `It answered ${state ?? `HTTP ${reply.status}`}.`
    return { state: 'error', detail, reply, ...(answer && { answer }) }
  }
}
