import { setTimeout as delay } from 'node:timers/promises'
import type { JsonObject } from '../core/json.ts'
import type { Outbox, OutboxEntry, SinkSettings } from '../core/sink.ts'
import { type Message, messageOf } from './message.ts'
import type { Sink } from './sink.ts'

/** A claim outlives a send that hangs for as long as it may. */
const CLAIM_MS = 60_000
const IDLE_MS = 500
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000]
/** So long nothing is tried after an error of the state store, which has been patient itself. */
const STORE_PAUSE_MS = 2_000
/** Limits are looked at so often: it adds all up that waits. */
const LIMITS_EVERY_MS = 10_000

/** What one sink is sent by. */
export interface Sending {
  readonly settings: SinkSettings
  readonly sink: Sink
  readonly outbox: Outbox
  /** Tells people what is part of no answer. */
  readonly warn: (text: string) => void
}

const NO_SCOPE = { store: {}, device: {}, params: {}, vars: {}, steps: {} }

/** Whether an event is for a sink; what an expression cannot judge is sent rather than lost. */
export function isWanted(
  { include, exclude }: Pick<SinkSettings, 'include' | 'exclude'>,
  { event }: OutboxEntry,
): boolean {
  const [store = '', device = ''] = 'device' in event ? event.device.split('/') : []
  const seen = {
    kind: event.type,
    store,
    device: device === '' ? '' : `${store}/${device}`,
    run: event.run,
    at: event.at,
  }
  const scope = { ...NO_SCOPE, event: { ...seen, data: event as unknown as JsonObject } }
  const holds = (expression: SinkSettings['include'], otherwise: boolean): boolean => {
    const result = expression?.evaluate(scope)
    return result === undefined ? otherwise : result.ok ? result.value === true : otherwise
  }
  return holds(include, true) && !holds(exclude, false)
}

/** One turn for one sink. `more`: there may be others waiting; `trouble`: it takes nothing for now. */
export interface Turn {
  readonly sent: number
  readonly more: boolean
  readonly trouble?: string
}

/** Takes what comes next from the outbox, hands it to the sink, and settles what became of it. */
export async function sendSome({ settings, sink, outbox }: Sending, signal: AbortSignal): Promise<Turn> {
  const entries = await outbox.next(settings.name, sink.batch)
  const last = entries.at(-1)
  if (last === undefined) return { sent: 0, more: false }
  const wanted = entries.filter((entry) => isWanted(settings, entry))
  const messages = wanted.map((entry) => messageOf(entry, settings, outbox.id))
  const tooLong = messages.findIndex(({ body }) => Buffer.byteLength(body) > settings.maxBytes)
  // One that is too long is refused in its turn, after those in front of it.
  const tried = tooLong < 0 ? messages : messages.slice(0, tooLong)
  const result = tried.length === 0 ? { settled: 0, refused: [] } : await sink.send(tried, signal)
  const refused = result.refused.flatMap(({ index, why }) => {
    const message = tried[index]
    return message ? [{ entry: message.entry, why }] : []
  })
  const isThrough = result.settled === tried.length
  const long = isThrough ? messages[tooLong] : undefined
  if (long) refused.push({ entry: long.entry, why: tooLongText(long, settings.maxBytes) })
  const upTo = settledUpTo({ entries, messages, settled: result.settled + (long ? 1 : 0) })
  const passed = entries.filter(({ id }) => id <= upTo).length
  const settledMessages = result.settled + (long ? 1 : 0)
  const sent = settledMessages - refused.length
  const trouble = 'trouble' in result ? result.trouble : undefined
  const isOurs = await outbox.settle(settings.name, { upTo, sent, skipped: passed - settledMessages, refused })
  if (!isOurs) return { sent: 0, more: false }
  return { sent, more: trouble === undefined, ...(trouble !== undefined && { trouble }) }
}

function tooLongText({ body }: Message, most: number): string {
  return `${Buffer.byteLength(body)} bytes are more than max_bytes (${most}).`
}

/** The last entry before the first that is not settled. */
function settledUpTo(of: {
  readonly entries: readonly OutboxEntry[]
  readonly messages: readonly Message[]
  readonly settled: number
}): number {
  const open = of.messages[of.settled]
  if (open) return open.entry.id - 1
  return of.entries.at(-1)?.id ?? 0
}

/** Sends until it is stopped, pausing longer and longer while the sink takes nothing. Never rejects. */
export async function keepSending(sending: Sending, signal: AbortSignal): Promise<void> {
  const { settings, outbox, sink, warn } = sending
  const pace = { pause: SHORTEST_PAUSE_MS, limitsAt: 0 }
  let isTold = false
  while (!signal.aborted) {
    try {
      await takeTurn(sending, pace, signal)
      isTold = false
    } catch (error) {
      // Of the state store. What waits there waits on.
      if (!isTold) warn(`The sink "${settings.name}": ${(error as Error).message}. It is tried again.`)
      isTold = true
      await rest(STORE_PAUSE_MS, signal)
    }
  }
  await sink.close()
  // Others are kept from it for as long as it was claimed.
  await outbox.release(settings.name).catch(() => undefined)
}

const NOTHING: Turn = { sent: 0, more: false }

/** Sends some, and rests where there was nothing, or trouble. */
async function takeTurn(
  sending: Sending,
  pace: { pause: number; limitsAt: number },
  signal: AbortSignal,
): Promise<void> {
  const { settings, outbox } = sending
  if (performance.now() >= pace.limitsAt) {
    pace.limitsAt = performance.now() + LIMITS_EVERY_MS
    await letGo(sending)
  }
  const turn = (await outbox.claim(settings.name, CLAIM_MS)) ? await sendSome(sending, signal) : NOTHING
  if (turn.trouble !== undefined && !signal.aborted) {
    await outbox.trouble(settings.name, turn.trouble)
    await rest(pace.pause, signal)
    pace.pause = Math.min(LONGEST_PAUSE_MS, pace.pause * 2)
  } else if (!turn.more) await rest(IDLE_MS, signal)
  if (turn.sent > 0) pace.pause = SHORTEST_PAUSE_MS
}

async function letGo({ settings, outbox, warn }: Sending): Promise<void> {
  if (settings.keep.whenFull !== 'drop-oldest') return
  const dropped = await outbox.drop(settings.name, settings.keep)
  if (dropped > 0) {
    warn(
      `The sink "${settings.name}" was away for too long: ${dropped} of the oldest events were let go of, as its keep says.`,
    )
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}

/** What sending came to, and why it stopped before the end. */
export interface Drained {
  readonly sent: number
  readonly trouble?: string
}

const NO_TIME = 'There was no more time.'

/** Sends what there is now, until the signal says that there is no more time. */
export async function drain(sending: Sending, signal: AbortSignal): Promise<Drained> {
  const { settings, outbox, sink } = sending
  let sent = 0
  try {
    while (await outbox.claim(settings.name, CLAIM_MS)) {
      const turn = await sendSome(sending, signal)
      sent += turn.sent
      if (signal.aborted) return { sent, trouble: NO_TIME }
      if (turn.trouble !== undefined) {
        await outbox.trouble(settings.name, turn.trouble)
        return { sent, trouble: turn.trouble }
      }
      if (!turn.more) return { sent }
    }
    return { sent, trouble: 'Another process sends to it.' }
  } finally {
    await sink.close()
    await outbox.release(settings.name)
  }
}
