import { setTimeout as delay } from 'node:timers/promises'
import type { Channel } from '../../core/escalation.ts'
import { askHttp, basicAuthorization, mayPass } from './ask-http.ts'
import { type ChannelSender, failed, type Outgoing } from './outgoing.ts'

/**
 * Any service that takes JSON: chat, SMS, a ticket system, calls by voice. Every attempt at a message has the same
 * Idempotency-Key; a service that does not heed it may get it twice where an answer was lost.
 */
export function httpSender(channel: Extract<Channel, { kind: 'http' }>, secret: string | undefined): ChannelSender {
  const { name, url, headers, basic, token, perSecond } = channel
  const turn = turns(perSecond)
  const authorization =
    basic && secret !== undefined
      ? basicAuthorization(basic.user, secret)
      : token !== undefined && secret !== undefined
        ? `Bearer ${secret}`
        : undefined
  return {
    async send({ message, body }: Outgoing) {
      await turn()
      const answer = await askHttp(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'idempotency-key': message,
          ...(authorization !== undefined && { authorization }),
        },
        body: JSON.stringify(body),
      })
      if (!answer.ok) return failed(`${name}: ${answer.why}.`, { inDoubt: answer.sent })
      const { status, text, afterMs } = answer
      if (status >= 200 && status < 300) return { ok: true, reference: idOf(text) }
      return failed(`${name}: it answers ${status}.`, { isFinal: !mayPass(status), inDoubt: status >= 500, afterMs })
    },
  }
}

/** One after the other, so many a second. */
function turns(perSecond: number | undefined): () => Promise<void> {
  let last = Promise.resolve()
  let next = 0
  return () => {
    if (perSecond === undefined) return last
    last = last.then(async () => {
      await delay(Math.max(0, next - performance.now()))
      next = performance.now() + 1000 / perSecond
    })
    return last
  }
}

/** What the service calls it, where it says so. */
function idOf(text: string): string | null {
  try {
    const { id, sid, key } = JSON.parse(text) as Record<string, unknown>
    const known = [key, id, sid].find((each) => typeof each === 'string' || typeof each === 'number')
    return known === undefined ? null : String(known).slice(0, 200)
  } catch {
    return null
  }
}
