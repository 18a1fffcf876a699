import type { ByteStream } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { deadline } from '../../load/deadline.ts'
import { machineLoad } from '../../load/machine-load.ts'
import { reachStateOfFailure } from '../probe/reach.ts'
import type { Conversation, Line, LineState, Reply, Turn } from './line.ts'
import { LineReader } from './line-reader.ts'

export interface TcpLineOptions {
  /** For messages: `10.4.12.21:9100`. */
  readonly name: string
  /** Connects, from here or through another device. One that comes too late is closed again. */
  readonly dial: (timeoutMs: number) => Promise<Result<ByteStream>>
  /** Milliseconds for connecting and all turns together. */
  readonly budgetMs: number
  /** The step was ended. */
  readonly signal?: AbortSignal
}

/** How long a peer has to close its side; printers serve one connection at a time. */
const FAREWELL_MS = 500

/** Behind these nothing more can be asked of the device. */
const FATAL: readonly string[] = ['RUN_CANCELLED', 'RUN_LOST', 'SESSION_LOST', 'SESSION_GARBLED', 'INTERNAL_BUG']

/** A line over a byte stream that is dialled for each conversation. Ends within its budget, whatever the peer does. */
export function tcpLine(options: TcpLineOptions): Line {
  return { name: options.name, converse: (turns) => converse(options, turns) }
}

async function converse(options: TcpLineOptions, turns: readonly Turn[]): Promise<Result<Conversation>> {
  const began = performance.now()
  const ended = (state: LineState, detail: string, replies: readonly Reply[] = []): Result<Conversation> =>
    success({ state, detail, replies, ms: Math.round(performance.now() - began) })
  const endsAt = machineLoad.elapsed() + options.budgetMs
  const dialled = await dialInTime(options)
  if (dialled === 'late') return ended('timed-out', `no connection within ${options.budgetMs} ms`)
  if (dialled === 'aborted') return ended('unknown', 'the step was ended')
  if (!dialled.ok) return refused(dialled.failure, ended)
  const reader = new LineReader(dialled.value, options.signal)
  const replies: Reply[] = []
  try {
    const detail = await takeTurns(reader, turns, { replies, endsAt })
    const isMute = replies.every(({ bytes }) => bytes.length === 0)
    const said = ended(reader.isClosed && isMute ? 'reset' : 'open', detail, replies)
    return detail === TIME_UP && said.ok ? success({ ...said.value, ranOut: true }) : said
  } finally {
    leave(dialled.value)
  }
}

const TIME_UP = 'the time for the whole visit was up'

/** Has turns until one is not answered, or time is up; says why it ended early. */
async function takeTurns(
  reader: LineReader,
  turns: readonly Turn[],
  { replies, endsAt }: { readonly replies: Reply[]; readonly endsAt: number },
): Promise<string> {
  for (const turn of turns) {
    const leftMs = endsAt - machineLoad.elapsed()
    if (leftMs <= 0) return isWell(replies) ? TIME_UP : 'the answer stopped'
    const reply = await reader.turn(turn, Math.min(turn.timeoutMs, leftMs))
    replies.push(reply)
    if (reader.closing !== '') return reader.closing
    const wasHurried = leftMs < turn.timeoutMs && isWell(replies.slice(0, -1))
    const missed = whatMissed(reply, turn, wasHurried)
    if (missed !== '') return missed
    if (turn.goOnAt && !turn.goOnAt.includes(decisive(reply, turn))) return ''
  }
  return ''
}

/** The byte that says whether the conversation goes on; -1 where there is none. */
function decisive({ bytes }: Reply, { until }: Turn): number {
  const behind = 'byte' in until ? (until.more ?? 0) : 'mask' in until ? 0 : bytes.length - 1
  return bytes.at(-1 - behind) ?? -1
}

/** Why nothing more is asked behind a reply; empty where it is. */
function whatMissed({ state }: Reply, { optional }: Turn, wasHurried: boolean): string {
  if (state === 'whole') return ''
  if (wasHurried) return TIME_UP
  if (optional) return ''
  return state === 'cut' ? 'the answer stopped' : 'no answer came'
}

/** It has answered all that it was asked. */
function isWell(replies: readonly Reply[]): boolean {
  return replies.length > 0 && replies.every(({ state }) => state === 'whole')
}

function refused(
  failure: Failure,
  ended: (state: LineState, detail: string) => Result<Conversation>,
): Result<Conversation> {
  return FATAL.includes(failure.code)
    ? fail(failure)
    : ended(reachStateOfFailure(failure.code) ?? 'unknown', failure.message)
}

/** Dials, but waits no longer than the budget; a stream that comes afterwards is dropped. */
async function dialInTime({
  dial,
  budgetMs,
  signal,
}: TcpLineOptions): Promise<Result<ByteStream> | 'late' | 'aborted'> {
  if (signal?.aborted) return 'aborted'
  let callOff: (() => void) | undefined
  let abort: (() => void) | undefined
  const given = new Promise<'late' | 'aborted'>((resolve) => {
    callOff = deadline(budgetMs, () => resolve('late'))
    abort = () => resolve('aborted')
    signal?.addEventListener('abort', abort, { once: true })
  })
  const dialling = dial(budgetMs)
  try {
    const first = await Promise.race([dialling, given])
    if (first === 'late' || first === 'aborted') {
      dialling.then(
        (late) => late.ok && late.value.destroy(),
        () => undefined,
      )
    }
    return first
  } finally {
    callOff?.()
    if (abort) signal?.removeEventListener('abort', abort)
  }
}

/** Says goodbye, and goes without waiting for an answer to it. */
function leave(stream: ByteStream): void {
  const timer = setTimeout(() => stream.destroy(), FAREWELL_MS)
  stream.onClose(() => clearTimeout(timer))
  stream.end()
}
