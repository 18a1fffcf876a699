import type { ShellValue } from '../core/channel.ts'
import { inClear } from '../core/secret.ts'

const VARIABLE = /^(?!_$)[a-z_][a-z0-9_]*$/

/**
 * `text` as one word of POSIX sh, exact for every byte but NUL: single quotes, inside which nothing is special.
 * Throws for a NUL, which no shell can hold.
 */
export function quotePosix(text: string): string {
  if (text.includes('\0')) throw new Error('A value for a shell holds a NUL character.')
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * Statements that set `values` as variables which are not exported, even where the environment has one of the same
 * name. Throws for a name that is not `[a-z_][a-z0-9_]*` (or is `_`, which shells set themselves).
 */
export function assignPosix(values: Readonly<Record<string, ShellValue>>): string {
  const names = Object.keys(values)
  if (names.length === 0) return ''
  const wrong = names.find((name) => !VARIABLE.test(name))
  if (wrong !== undefined) throw new Error(`"${wrong}" is no name for a variable of a device's shell.`)
  const assignments = Object.entries(values).map(([name, value]) => `${name}=${quotePosix(inClear(value))}`)
  return `unset -v ${names.join(' ')}\n${assignments.join('\n')}\n`
}

/**
 * What an interpreter gets first: answers `TOKEN h PID 42` on stdout and `TOKEN H` on stderr, which only a POSIX
 * shell can work out; a program that echoes its input does not. Also makes tools in sbin reachable for plain users, and
 * listens for USR1, by which it is told that what it runs is being ended from outside.
 */
export function helloProgram(token: string): string {
  return (
    `echo "${token} h $$ $((6*7))"; echo "${token} H" >&2\n` +
    `unset -v CDPATH; PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"; trap till_told=t USR1\n`
  )
}

/** What one stream of an interpreter carries. */
export type StreamPart =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  /** The rest of a line that began with the token, without it. */
  | { readonly kind: 'marker'; readonly text: string }

const LONGEST_MARKER = 64

/** Cuts a stream into data and markers, wherever its chunks happen to end. Holds back less than one marker. */
export class MarkerCutter {
  readonly #token: Buffer
  #held = Buffer.alloc(0)

  constructor(token: string) {
    this.#token = Buffer.from(`${token} `, 'latin1')
  }

  push(chunk: Uint8Array): StreamPart[] {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : asBuffer(chunk)
    const parts: StreamPart[] = []
    for (;;) {
      const at = rest.indexOf(this.#token)
      const keep = at < 0 ? this.#overlap(rest) : rest.length - at
      if (keep < rest.length) parts.push({ kind: 'data', bytes: rest.subarray(0, rest.length - keep) })
      rest = rest.subarray(rest.length - keep)
      if (at < 0) break
      const line = rest.subarray(this.#token.length, this.#token.length + LONGEST_MARKER)
      const end = line.indexOf(0x0a)
      if (end < 0 && line.length < LONGEST_MARKER) break
      // A line that goes on for too long is handed over as it is: no marker that anyone knows.
      const length = end < 0 ? line.length : end
      parts.push({ kind: 'marker', text: line.toString('latin1', 0, length) })
      rest = rest.subarray(this.#token.length + length + 1)
    }
    this.#held = Buffer.from(rest)
    return parts
  }

  /** How many bytes at the end may be the beginning of the token. */
  #overlap(bytes: Buffer): number {
    for (let n = Math.min(bytes.length, this.#token.length - 1); n > 0; n--) {
      if (bytes.subarray(bytes.length - n).equals(this.#token.subarray(0, n))) return n
    }
    return 0
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** A marker understood. */
export type Marker =
  | { readonly kind: 'hello'; readonly pid: number }
  | { readonly kind: 'begin'; readonly id: number; readonly pid: number | undefined }
  /** Behind the output of a script whose streams are its own. */
  | { readonly kind: 'done' }
  /** `held`: what the gate of a link said. */
  | { readonly kind: 'end'; readonly id: number; readonly exitCode: number; readonly held?: boolean }
  /** A link that was not run. */
  | { readonly kind: 'passed'; readonly id: number }
  /** A change that its fence did not let begin. `about`: who is met there, and since how many seconds. */
  | { readonly kind: 'fenced'; readonly id: number; readonly why: FenceWord; readonly about?: About }
  /** Its fence waits, for so many seconds at the most. */
  | { readonly kind: 'waits'; readonly id: number; readonly seconds: number }
  /** Something of another run is there; or, without a run, nobody can know. */
  | { readonly kind: 'left'; readonly about?: About }

export type FenceWord = 'late' | 'lost' | 'busy' | 'awaited' | 'ended'

export interface About {
  readonly run: string
  readonly seconds: number
}

/** The marker that a line on stdout is; undefined when it is none. */
export function parseMarker(text: string): Marker | undefined {
  if (text === 'd') return { kind: 'done' }
  const hello = /^h (\d{1,10}) 42$/.exec(text)
  if (hello) return { kind: 'hello', pid: Number(hello[1]) }
  const begin = /^b (\d{1,9}) (\d{0,10})$/.exec(text)
  if (begin) return { kind: 'begin', id: Number(begin[1]), pid: begin[2] ? Number(begin[2]) : undefined }
  const passed = /^n (\d{1,9})$/.exec(text)
  if (passed) return { kind: 'passed', id: Number(passed[1]) }
  return parseGuardMarker(text) ?? parseEnd(text)
}

/** What is said about other sessions on the device: shell/posix-guard.ts. */
function parseGuardMarker(text: string): Marker | undefined {
  const waits = /^w (\d{1,9}) (\d{1,9})$/.exec(text)
  if (waits) return { kind: 'waits', id: Number(waits[1]), seconds: Number(waits[2]) }
  const left = /^l (\S{1,40}) (\d{1,9})$/.exec(text)
  if (left) return { kind: 'left', ...(left[1] !== '-' && { about: aboutOf(left[1], left[2]) }) }
  const plain = /^f (\d{1,9}) (late|lost)$/.exec(text)
  if (plain) return { kind: 'fenced', id: Number(plain[1]), why: plain[2] as FenceWord }
  const met = /^f (\d{1,9}) (busy|moved) (\S{1,40}) (\d{1,9})(?: (awaited|ended))?$/.exec(text)
  if (!met || (met[2] === 'busy') !== (met[5] === undefined)) return undefined
  const why = (met[5] ?? 'busy') as FenceWord
  return { kind: 'fenced', id: Number(met[1]), why, about: aboutOf(met[3], met[4]) }
}

function aboutOf(run = '', seconds = ''): About {
  return { run, seconds: Number(seconds) }
}

function parseEnd(text: string): Marker | undefined {
  const end = /^e (\d{1,9}) (\d{1,3})( [yn])?$/.exec(text)
  if (!end) return undefined
  return { kind: 'end', id: Number(end[1]), exitCode: Number(end[2]), ...(end[3] && { held: end[3] === ' y' }) }
}

/** What a line on stderr says: `hello`, `done`, or the id of the ask that ended; undefined when it is none. */
export function parseErrorMarker(text: string): 'hello' | 'done' | number | undefined {
  if (text === 'H') return 'hello'
  if (text === 'd') return 'done'
  const end = /^E (\d{1,9})$/.exec(text)
  return end ? Number(end[1]) : undefined
}
