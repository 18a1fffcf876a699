import { randomBytes } from 'node:crypto'
import type { ProcessStream, ShellAnswer } from '../core/channel.ts'
import { type Failure, type Result, SessionLost } from '../core/failure.ts'
import { uploadDeadline } from './upload-deadline.ts'

/**
 * Reads one line of four words, then the content to its end. Constant, and the same inside the single quotes of any
 * login shell: no quote, backslash or exclamation mark. The words: a nonce, the path in octal escapes, the size or
 * `-`, and `-` for a new file, or how much of one there is that goes on and is kept if it is cut short. Answers `NONCE SIZE`; or `NONCE -` as soon as nothing more is wanted, and then reads what still comes: tinysshd
 * loses the exit code and the last words of a program that ends while there is input for it.
 */
const RECEIVE =
  'no() { echo "$nonce -"; cat >/dev/null; exit $1; }; ' +
  `IFS=" " read -r nonce name size from; path=$(printf %b. "$name"); path=\${path%.}; umask 077; ` +
  'if [ "$from" = - ] || [ "$from" = 0 ]; then ' +
  'if [ -e "$path" ] || [ -L "$path" ]; then echo "$path: it exists already" >&2; no 73; fi; ' +
  '( set -C; : >"$path" ) && { ! command -v chmod >/dev/null 2>&1 || chmod 600 "$path"; } || no 74; ' +
  'else got=$(wc -c <"$path") || no 74; [ $((got+0)) = "$from" ] || { echo "$path: it has $got bytes" >&2; no 73; }; fi; ' +
  'if cat >>"$path"; then got=$(wc -c <"$path"); got=$((got+0)); echo "$nonce $got"; ' +
  'if [ "$size" = - ] || [ "$size" = "$got" ]; then exit 0; fi; echo "$got of $size bytes arrived" >&2; fi; ' +
  '[ "$from" = - ] && rm -f "$path"; no 75'

/** What is kept of each stream of the receiving program, which says one line. */
const KEPT_BYTES = 64 * 1024

export interface UploadOptions {
  /** Starts the constant script as the right user, with a raw stdin. */
  readonly start: (script: string) => Promise<Result<ProcessStream>>
  readonly timeoutMs: number
  /** See `UploadOptions` of the channel. */
  readonly waitedMs?: (() => number) | undefined
  readonly signal: AbortSignal
  /** See `UploadOptions` of the channel. */
  readonly from?: number | undefined
}

/**
 * Writes bytes to a new file with mode 0600, exactly, by a process of its own. A path that exists is refused (exit
 * code 73); a new file that did not become whole is removed. Rejects with `SessionLost` when the connection is lost.
 */
export async function uploadFile(
  path: string,
  content: AsyncIterable<Uint8Array> | Uint8Array,
  options: UploadOptions,
): Promise<ShellAnswer> {
  const began = performance.now()
  const stream = await startReceiver(options)
  const end = listen(stream, { ...options, timeoutMs: options.timeoutMs - (performance.now() - began) })
  try {
    const nonce = randomBytes(8).toString('hex')
    const { from } = options
    const size = content instanceof Uint8Array ? (from ?? 0) + content.length : undefined
    stream.write(`${nonce} ${octal(path)} ${size ?? '-'} ${from ?? '-'}\n`)
    const sent = (from ?? 0) + (await send(content, stream, end, end.said(`${nonce} -\n`)))
    const { code, timedOut, stdout, stderr, truncated } = await end.done
    const got = new RegExp(`^${nonce} ([0-9]+)$`, 'm').exec(stdout.toString('latin1'))?.[1]
    const whole = code === 0 && got === String(sent)
    const errors = code === 0 && !whole ? Buffer.from(`${got ?? 'No'} of ${sent} bytes arrived`) : stderr
    return {
      exitCode: code === 0 && !whole ? 75 : code,
      stdout: Buffer.alloc(0),
      stderr: errors,
      text: '',
      errorText: errors.toString('utf8'),
      truncated,
      timedOut,
      durationMs: Math.round(performance.now() - began),
    }
  } finally {
    end.stop()
    stream.destroy()
  }
}

/** Sudo, or the device, may never answer: neither its deadline nor the end of the run waits for that. */
async function startReceiver({ start, timeoutMs, signal }: UploadOptions): Promise<ProcessStream> {
  if (signal.aborted) throw signal.reason
  const starting = start(RECEIVE)
  let giveUp = (): void => undefined
  let timer: NodeJS.Timeout | undefined
  const given = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    const message = `The device did not begin to receive a file within ${timeoutMs / 1000} s.`
    timer = setTimeout(() => reject(new SessionLost({ code: 'OPEN_TIMEOUT', phase: 'open', message })), timeoutMs)
  })
  try {
    const started = await Promise.race([starting, given])
    if (!started.ok) throw new SessionLost(started.failure)
    return started.value
  } catch (error) {
    void starting.then((late) => late.ok && late.value.destroy())
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

interface UploadEnd {
  readonly code: number
  readonly timedOut: boolean
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly truncated: boolean
}

interface Listening {
  /** Rejects when the connection is lost or the run is stopped. */
  readonly done: Promise<UploadEnd>
  readonly isOver: () => boolean
  /** Resolves once the program has said this. */
  readonly said: (words: string) => Promise<void>
  stop(): void
}

function listen(stream: ProcessStream, options: UploadOptions): Listening {
  const { signal, timeoutMs, waitedMs } = options
  const outputs = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  let kept = 0
  let over = false
  let stop = (): void => undefined
  let hear = (): void => undefined
  const keep = (list: Uint8Array[], chunk: Uint8Array): void => {
    kept += chunk.length
    if (kept <= KEPT_BYTES) list.push(chunk)
    hear()
  }
  const said = (words: string): Promise<void> =>
    new Promise((resolve) => {
      hear = () => {
        if (Buffer.concat(outputs.stdout).includes(words)) resolve()
      }
      hear()
    })
  stream.onStdout((chunk) => keep(outputs.stdout, chunk))
  stream.onStderr((chunk) => keep(outputs.stderr, chunk))
  const done = new Promise<UploadEnd>((resolve, reject) => {
    const finish = (code: number, timedOut: boolean): void => {
      over = true
      const [stdout, stderr] = [Buffer.concat(outputs.stdout), Buffer.concat(outputs.stderr)]
      resolve({ code, timedOut, stdout, stderr, truncated: kept > KEPT_BYTES })
    }
    const abort = (): void => {
      over = true
      reject(signal.reason)
      stream.destroy()
    }
    const late = (): void => {
      finish(124, true)
      stream.destroy()
    }
    const callOff = uploadDeadline(timeoutMs, late, waitedMs)
    stop = () => {
      callOff()
      signal.removeEventListener('abort', abort)
    }
    signal.addEventListener('abort', abort, { once: true })
    stream.onExit((end) => {
      if (end.code !== undefined) return finish(end.code, false)
      over = true
      reject(new SessionLost(LOST))
    })
  })
  done.catch(() => undefined)
  return { done, isOver: () => over, said, stop: () => stop() }
}

/** Resolves to the bytes sent; stops early when the other side has ended, or wants no more (`enough`). */
async function send(
  content: AsyncIterable<Uint8Array> | Uint8Array,
  stream: ProcessStream,
  end: Listening,
  enough: Promise<void>,
): Promise<number> {
  let sent = 0
  let isEnough = false
  const stopping = enough.then(() => {
    isEnough = true
  })
  const over = Promise.race([stopping, end.done.catch(() => undefined)]).then(() => undefined)
  for await (const chunk of until(over, content instanceof Uint8Array ? slices(content) : content)) {
    if (end.isOver() || isEnough) break
    stream.write(chunk)
    sent += chunk.length
    await Promise.race([stream.drain(), over])
  }
  stream.end()
  return sent
}

/** The content may be waiting for its turn on the line of the store: nothing waits for it once the upload is over. */
async function* until<T>(over: Promise<void>, content: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  const chunks = Symbol.asyncIterator in content ? content[Symbol.asyncIterator]() : content[Symbol.iterator]()
  try {
    for (;;) {
      const next = Promise.resolve(chunks.next())
      next.catch(() => undefined)
      const chunk = await Promise.race([next, over])
      if (!chunk || chunk.done) return
      yield chunk.value
    }
  } finally {
    Promise.resolve(chunks.return?.()).catch(() => undefined)
  }
}

const SLICE_BYTES = 256 * 1024

function* slices(content: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < content.length; at += SLICE_BYTES) yield content.subarray(at, at + SLICE_BYTES)
}

/** Every byte that is not plain as `\0ooo`, which `printf %b` turns back: no space, quote or newline is left. */
function octal(path: string): string {
  if (path === '' || path.includes('\0')) throw new Error('The path of an upload is empty or holds a NUL character.')
  return [...Buffer.from(path, 'utf8')]
    .map((byte) => {
      const plain = /[A-Za-z0-9/._-]/.test(String.fromCharCode(byte)) && byte < 128
      return plain ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`
    })
    .join('')
}

const LOST: Failure = { code: 'SESSION_LOST', phase: 'observe', message: 'The connection broke during an upload.' }
