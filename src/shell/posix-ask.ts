import { Fenced, NotRun } from '../core/chain.ts'
import type { ShellAnswer, ShellRequest } from '../core/channel.ts'
import { type Failure, SessionLost } from '../core/failure.ts'
import type { About, FenceWord } from './posix.ts'
import { HELD_EXIT, type LinkTerms } from './posix-program.ts'

/** Output beyond what is kept that is read and dropped; a device that sends more is cut off. */
export const FLOOD_BYTES = 16 * 1024 * 1024

/** Output of one stream of one ask, the beginning kept. */
export class KeptOutput {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #size = 0
  total = 0
  done = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** False when it has become a flood. */
  add(bytes: Buffer): boolean {
    this.total += bytes.length
    const room = this.#limit - this.#size
    if (room > 0) {
      const kept = bytes.length <= room ? bytes : bytes.subarray(0, room)
      this.#chunks.push(kept)
      this.#size += kept.length
    }
    return this.total <= this.#limit + FLOOD_BYTES
  }

  get truncated(): boolean {
    return this.total > this.#size
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks, this.#size)
  }

  /** Without a character at the end that was cut in half. */
  text(): string {
    const bytes = this.bytes()
    return (this.truncated ? withoutHalf(bytes) : bytes).toString('utf8')
  }
}

/** Without the beginning of a character of UTF-8 at the end, whose rest is missing. */
function withoutHalf(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back ? bytes.subarray(0, -back) : bytes
  }
  return bytes
}

/** One question and what has come of it so far. */
export interface Ask {
  readonly id: number
  readonly request: ShellRequest
  /** It is a link of a chain. */
  readonly link?: LinkTerms
  readonly stdout: KeptOutput
  readonly stderr: KeptOutput
  /** The first of an exchange: its clock started when it was written. */
  leads: boolean
  begun: boolean
  /** It had to wait for another session before it began. */
  waited: boolean
  pid: number | undefined
  startedAt: number
  exitCode: number
  timedOut: boolean
  /** Of a link: its gate held, or not; it was not run at all. */
  held: boolean | undefined
  passed: boolean
  /** Of a change: its fence did not let it begin. */
  fenced: { readonly why: FenceWord; readonly about?: About } | undefined
  readonly resolve: (answer: ShellAnswer) => void
  readonly reject: (error: Error) => void
}

export function newAsk(
  request: ShellRequest,
  to: Pick<Ask, 'id' | 'link' | 'resolve' | 'reject'> & { readonly keepBytes: number },
): Ask {
  const { keepBytes, ...rest } = to
  return {
    ...rest,
    request,
    stdout: new KeptOutput(keepBytes),
    stderr: new KeptOutput(keepBytes),
    leads: false,
    begun: false,
    waited: false,
    pid: undefined,
    startedAt: 0,
    exitCode: 0,
    timedOut: false,
    held: undefined,
    passed: false,
    fenced: undefined,
  }
}

/** Settles an ask that is complete. */
export function answer(ask: Ask): void {
  const { gate } = ask.link ?? {}
  if (ask.fenced) {
    ask.reject(refusal(ask.fenced))
    return
  }
  if (ask.passed || (gate?.kind === 'same' && !ask.held)) {
    ask.reject(new NotRun())
    return
  }
  const durationMs = Math.max(0, Math.round(performance.now() - ask.startedAt))
  ask.resolve(gate?.kind === 'same' ? { ...gate.as, durationMs } : { ...answerOf(ask), durationMs })
}

/** What a change is refused with whose fence did not let it begin. */
export function refusal({ why, about }: NonNullable<Ask['fenced']>): Error {
  if (why === 'late') return new Fenced('late')
  if (why === 'awaited' || why === 'ended') return new Fenced('moved')
  return new SessionLost(why === 'busy' && about ? busy(about) : LOST)
}

/** The device is at work for another run. */
export function busy({ run, seconds }: About): Failure {
  const message = `Run "${run}" has been changing the device for ${seconds} s, and goes on.`
  return { code: 'DEVICE_BUSY', phase: 'converge', message }
}

/** The device has begun to work for another run since. */
export const LOST: Failure = {
  code: 'LEASE_LOST',
  phase: 'converge',
  message:
    'A later run has taken the device over. Nothing more was changed by this one. Where no such run is known, the state store was restored from a backup: till state accept-restore.',
}

function answerOf(ask: Ask): Omit<ShellAnswer, 'durationMs'> {
  return {
    // A test that held is told by the status of the subshell, and what it stood behind had ended well.
    exitCode: ask.link?.gate?.kind === 'test' && ask.exitCode === HELD_EXIT ? 0 : ask.exitCode,
    stdout: ask.stdout.bytes(),
    stderr: ask.stderr.bytes(),
    text: ask.stdout.text(),
    errorText: ask.stderr.text(),
    truncated: ask.stdout.truncated || ask.stderr.truncated,
    // By the word of the device it ended by itself, however long that took to be heard.
    timedOut: ask.timedOut && !ask.held,
  }
}
