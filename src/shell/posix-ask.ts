import type { ShellAnswer, ShellRequest } from '../core/channel.ts'

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
}

/** One question and what has come of it so far. */
export interface Ask {
  readonly id: number
  readonly request: ShellRequest
  readonly stdout: KeptOutput
  readonly stderr: KeptOutput
  /** The first of an exchange: its clock started when it was written. */
  leads: boolean
  begun: boolean
  pid: number | undefined
  startedAt: number
  exitCode: number
  timedOut: boolean
  readonly resolve: (answer: ShellAnswer) => void
  readonly reject: (error: Error) => void
}

export function newAsk(
  request: ShellRequest,
  to: Pick<Ask, 'id' | 'resolve' | 'reject'> & { readonly keepBytes: number },
): Ask {
  const { keepBytes, ...rest } = to
  return {
    ...rest,
    request,
    stdout: new KeptOutput(keepBytes),
    stderr: new KeptOutput(keepBytes),
    leads: false,
    begun: false,
    pid: undefined,
    startedAt: 0,
    exitCode: 0,
    timedOut: false,
  }
}

/** The answer to an ask that is complete. */
export function answerOf(ask: Ask): ShellAnswer {
  const stdout = ask.stdout.bytes()
  const stderr = ask.stderr.bytes()
  return {
    exitCode: ask.exitCode,
    stdout,
    stderr,
    text: stdout.toString('utf8'),
    errorText: stderr.toString('utf8'),
    truncated: ask.stdout.truncated || ask.stderr.truncated,
    timedOut: ask.timedOut,
    durationMs: Math.max(0, Math.round(performance.now() - ask.startedAt)),
  }
}
