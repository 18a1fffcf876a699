import type { ShellAnswer, ShellRequest } from '../core/channel.ts'
import { readClixml } from './clixml.ts'
import type { AskLine, UploadLine } from './powershell-exchange.ts'
import type { AnswerFrame, AskEnd } from './powershell-frames.ts'

/** Bytes of a file in one line, so that a line with its number fits in one message of WinRM. */
const CHUNK_BYTES = 65_536

/** Something that is asked of a device, and whom the answer goes to. */
export interface Item {
  readonly line: AskLine | UploadLine
  /** For an upload: what is sent after the exchange. */
  readonly content?: AsyncIterable<Uint8Array> | Uint8Array
  readonly timeoutMs: number
  /** See `UploadOptions` of the channel. */
  readonly waitedMs?: () => number
  /** Of a change: its fence is reckoned when it is sent. */
  readonly request?: ShellRequest
  begun: boolean
  readonly resolve: (answer: ShellAnswer) => void
  readonly reject: (error: Error) => void
}

/** The answer to what was asked, in the words of every shell. */
export function answerOf(frame: AnswerFrame): ShellAnswer {
  const { stdout, stderr } = frame
  return {
    exitCode: frame.exitCode,
    stdout,
    stderr,
    text: stdout.toString('utf8'),
    // A PowerShell under the interpreter writes its errors in the form of programs.
    errorText: readClixml(stderr.toString('utf8')),
    truncated: frame.cut,
    timedOut: timedOut(frame.how),
    durationMs: frame.durationMs,
  }
}

function timedOut(how: AskEnd): boolean {
  return how === 'late' || how === 'stuck'
}

/** What goes out together: up to and including the first upload, whose lines follow the exchange. */
export function nextExchange(gathered: readonly Item[]): { readonly items: Item[]; readonly rest: Item[] } {
  const upload = gathered.findIndex((item) => item.line.kind === 'upload')
  const count = upload < 0 ? gathered.length : upload + 1
  return { items: gathered.slice(0, count), rest: gathered.slice(count) }
}

/** The lines of an upload: base64 of pieces of equal size, then how many bytes there are. */
export async function* uploadLines(content: AsyncIterable<Uint8Array> | Uint8Array): AsyncGenerator<string> {
  let held: Uint8Array[] = []
  let size = 0
  let total = 0
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    total += chunk.length
    held.push(chunk)
    size += chunk.length
    if (size < CHUNK_BYTES) continue
    const bytes = Buffer.concat(held, size)
    let at = 0
    for (; at + CHUNK_BYTES <= size; at += CHUNK_BYTES) yield bytes.toString('base64', at, at + CHUNK_BYTES)
    held = [bytes.subarray(at)]
    size -= at
  }
  if (size > 0) yield Buffer.concat(held, size).toString('base64')
  yield `. ${total}`
}
