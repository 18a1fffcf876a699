import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { About, FenceWord, Marker } from './posix.ts'

/** How an ask ended on the device: by itself, at its deadline, not even then, or by sending too much. */
export type AskEnd = 'done' | 'late' | 'stuck' | 'flood'

/** What a device says of one ask. */
export interface AnswerFrame {
  readonly kind: 'answer'
  readonly id: number
  readonly how: AskEnd
  readonly exitCode: number
  readonly cut: boolean
  readonly durationMs: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** What is said about other sessions on the device (powershell-fence.ts), in the words of posix.ts. */
type GuardFrame = Extract<Marker, { readonly kind: 'fenced' | 'waits' | 'left' }>

/** What stands on the stdout of an interpreter. */
export type Frame =
  | { readonly kind: 'noise'; readonly bytes: Buffer }
  /** `asks`: it came to life late, and waits for the line `go`. */
  | { readonly kind: 'hello'; readonly pid: number; readonly version: string; readonly asks: boolean }
  | { readonly kind: 'begin'; readonly id: number }
  /** It answered what it answered before. */
  | { readonly kind: 'same'; readonly id: number }
  /** It was not run, since what it depended on did not hold; or it was a look that saw something else than before. */
  | { readonly kind: 'skip'; readonly id: number }
  /** Somebody is to hear this; nobody needs to. */
  | { readonly kind: 'alive' }
  | GuardFrame
  | AnswerFrame
  | { readonly kind: 'end'; readonly count: number }
  /** It has the token and is not whole: cut, mixed with something else, or not of this protocol. */
  | { readonly kind: 'garbled'; readonly what: string }

const LONGEST_LINE = 256

/** Larger answers are refused before they are read: nothing that is asked for has as much. */
const MOST_BYTES = 64 * 1024 * 1024

const ANSWER = /^answer (\d{1,9}) (\d{1,9}) ([0-9a-f]{64}) (plain|gzip) (\d{1,9})$/

/**
 * Finds frames in a stream, wherever its chunks happen to end. An answer is `TOKEN answer ID LENGTH SHA256 WAY SIZE`
 * and a line of SIZE characters of base64, gzip or not by WAY, of LENGTH bytes with that hash: the line
 * `HOW EXIT CUT MS OUT ERR`, OUT bytes of stdout and ERR bytes of stderr. What does not add up is `garbled`.
 */
export class FrameScanner {
  readonly #token: Buffer
  #held: Buffer[] = []
  #size = 0
  /** Nothing can be found before so many bytes are there. */
  #wanted = 1

  constructor(token: string) {
    this.#token = Buffer.from(`${token} `, 'latin1')
  }

  push(chunk: Uint8Array): Frame[] {
    this.#held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#size += chunk.byteLength
    if (this.#size < this.#wanted) return []
    let rest = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held, this.#size)
    const frames: Frame[] = []
    this.#wanted = 1
    for (;;) {
      const at = rest.indexOf(this.#token)
      const before = at < 0 ? rest.length - overlap(rest, this.#token) : at
      if (before > 0) frames.push({ kind: 'noise', bytes: rest.subarray(0, before) })
      rest = rest.subarray(before)
      if (at < 0) break
      const found = this.#frame(rest)
      if (typeof found === 'number') {
        this.#wanted = found
        break
      }
      frames.push(found.frame)
      rest = rest.subarray(found.length)
    }
    this.#held = rest.length > 0 ? [Buffer.from(rest)] : []
    this.#size = rest.length
    return frames
  }

  /** The frame that begins here and its length, or how many bytes must be there before that can be told. */
  #frame(bytes: Buffer): { readonly frame: Frame; readonly length: number } | number {
    const end = bytes.subarray(0, LONGEST_LINE).indexOf(0x0a)
    if (end < 0 && bytes.length < LONGEST_LINE) return bytes.length + 1
    const line = bytes.toString('latin1', this.#token.length, end < 0 ? LONGEST_LINE : end).replace(/\r$/, '')
    const length = end < 0 ? LONGEST_LINE : end + 1
    const answer = ANSWER.exec(line)
    if (!answer) return { frame: shortFrame(line), length }
    const size = Number(answer[5])
    if (size > MOST_BYTES || Number(answer[2]) > MOST_BYTES) return { frame: garbled('an answer of that size'), length }
    if (bytes.length < length + size + 1) return length + size + 1
    return { frame: answerFrame(answer, bytes.subarray(length, length + size + 1)), length: length + size + 1 }
  }
}

function shortFrame(line: string): Frame {
  const hello = /^hello (\d{1,10}) (\d{1,5}(?:\.\d{1,9}){1,3}\S{0,30}) 42( go\?)?$/.exec(line)
  if (hello) return { kind: 'hello', pid: Number(hello[1]), version: hello[2] as string, asks: hello[3] !== undefined }
  const step = /^(begin|same|skip) (\d{1,9})$/.exec(line)
  if (step) return { kind: step[1] as 'begin' | 'same' | 'skip', id: Number(step[2]) }
  const end = /^end (\d{1,9})$/.exec(line)
  if (end) return { kind: 'end', count: Number(end[1]) }
  return line === 'alive' ? { kind: 'alive' } : (guardFrame(line) ?? garbled(line))
}

function guardFrame(line: string): GuardFrame | undefined {
  const waits = /^wait (\d{1,9}) (\d{1,9})$/.exec(line)
  if (waits) return { kind: 'waits', id: Number(waits[1]), seconds: Number(waits[2]) }
  const met = /^met (\S{1,40}) (\d{1,9})$/.exec(line)
  if (met) return { kind: 'left', ...(met[1] !== '-' && { about: about(met) }) }
  const fenced = /^fenced (\d{1,9}) (?:(late|lost)|(busy|awaited|ended) (\S{1,40}) (\d{1,9}))$/.exec(line)
  if (!fenced) return undefined
  const why = (fenced[2] ?? fenced[3]) as FenceWord
  return { kind: 'fenced', id: Number(fenced[1]), why, ...(fenced[3] && { about: about(fenced.slice(3)) }) }
}

function about([, run = '', seconds]: readonly string[]): About {
  return { run, seconds: Number(seconds) }
}

function answerFrame(header: RegExpExecArray, data: Buffer): Frame {
  const [, id, length, hash, way] = header
  const body = bodyOf(data, way === 'gzip', Number(length))
  if (!body) return garbled(`the answer to ${id} is not whole`)
  if (createHash('sha256').update(body).digest('hex') !== hash)
    return garbled(`the answer to ${id} is not what was sent`)
  const end = body.indexOf(0x0a)
  const head = /^(done|late|stuck|flood) (-?\d{1,10}) ([01]) (\d{1,10}) (\d{1,9}) (\d{1,9})$/.exec(
    body.toString('latin1', 0, Math.max(end, 0)),
  )
  if (!head) return garbled(`the answer to ${id} has no beginning`)
  const [out, err] = [Number(head[5]), Number(head[6])]
  if (end + 1 + out + err !== body.length) return garbled(`the answer to ${id} does not add up`)
  return {
    kind: 'answer',
    id: Number(id),
    how: head[1] as AskEnd,
    // NTSTATUS and HRESULT codes have their highest bit set.
    exitCode: Number(head[2]) | 0,
    cut: head[3] === '1',
    durationMs: Number(head[4]),
    stdout: body.subarray(end + 1, end + 1 + out),
    stderr: body.subarray(end + 1 + out),
  }
}

/** Undefined when it is not base64 to the last character, not gzip, or not of that length. */
function bodyOf(data: Buffer, isPacked: boolean, length: number): Buffer | undefined {
  const text = data.toString('latin1')
  if (!/^[A-Za-z0-9+/]*={0,2}\n$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  try {
    const body = isPacked ? gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }) : bytes
    return body.length === length ? body : undefined
  } catch {
    return undefined
  }
}

function garbled(what: string): Frame {
  return { kind: 'garbled', what }
}

/** How many bytes at the end may be the beginning of the token. */
function overlap(bytes: Buffer, token: Buffer): number {
  for (let n = Math.min(bytes.length, token.length - 1); n > 0; n--) {
    if (bytes.subarray(bytes.length - n).equals(token.subarray(0, n))) return n
  }
  return 0
}
