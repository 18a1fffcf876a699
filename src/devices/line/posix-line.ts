import type { ShellAnswer, ShellChannel, ShellValue } from '../../core/channel.ts'
import { success } from '../../core/failure.ts'
import { quotePosix } from '../../shell/posix.ts'
import { tailOf } from '../../shell/tool-answer.ts'
import { reachStateInWords } from '../probe/reach.ts'
import { BAUDS, type Endpoint, POSIX_PORT, type SerialEndpoint } from './endpoint.ts'
import type { Conversation, Line, LineState, Reply, Turn, Until } from './line.ts'
import { SERIAL_SCRIPT, TCP_SCRIPT, USB_SCRIPT } from './posix-script.ts'

export interface DeviceLineOptions {
  /** For messages: `/dev/ttyS0 of PL-0001/pos1`. */
  readonly name: string
  /** Of the till that the printer hangs on. */
  readonly shell: ShellChannel
  readonly endpoint: Endpoint
  /** Milliseconds for all turns together, as the till measures them. */
  readonly budgetMs: number
}

/** What a till may take to look who uses the port, and to end, beyond the conversation. */
const AROUND_MS = 4_000

const RUN_BY_BASH = `command -v bash >/dev/null 2>&1 || { echo 'state unknown bash is not there, by which alone a till connects'; exit 0; }
host="$host" tcp="$tcp" way=tcp budget="$budget" turns="$turns" exec bash -c ${quotePosix(TCP_SCRIPT)}`

/**
 * A line over a port of a Linux till, run there by its own shell in one question: a port that another program has open
 * is `busy` and is not touched. Throws for an endpoint that is none of a Linux till.
 */
export function posixLine({ name, shell, endpoint, budgetMs }: DeviceLineOptions): Line {
  const question = questionOf(endpoint)
  return {
    name,
    async converse(turns) {
      const values = { ...question.values, budget: hundredths(budgetMs), turns: turns.map(wordsOf).join(' ') }
      const asked = { script: question.script, values, timeoutMs: budgetMs + AROUND_MS }
      return success(conversationOf(await shell.ask(asked), endpoint))
    },
  }
}

function questionOf(endpoint: Endpoint): {
  readonly script: string
  readonly values: Readonly<Record<string, ShellValue>>
} {
  const { kind } = endpoint
  if (kind === 'tcp') return { script: RUN_BY_BASH, values: { host: endpoint.host, tcp: endpoint.port } }
  if (!POSIX_PORT.test(endpoint.port)) throw new Error(`"${endpoint.port}" is no port of a Linux till.`)
  if (kind === 'usb') return { script: USB_SCRIPT, values: { port: endpoint.port, way: 'usb' } }
  return { script: SERIAL_SCRIPT, values: { port: endpoint.port, way: 'serial', mode: modeOf(endpoint) } }
}

/** Words for stty. */
function modeOf({ baud, dataBits, parity, stopBits }: SerialEndpoint): string {
  if (!BAUDS.includes(baud)) throw new Error(`${baud} is no speed of a serial port.`)
  const parities = { none: '-parenb', even: 'parenb -parodd', odd: 'parenb parodd' } as const
  return `${baud} cs${dataBits} ${parities[parity]} ${stopBits === 2 ? 'cstopb' : '-cstopb'} -crtscts`
}

/** A turn as eight words; `-` stands for none. */
function wordsOf({ send, until, timeoutMs, optional, goOnAt }: Turn): string {
  const octal = [...send].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  const [kind, one, two = 0, three = 0] = untilWords(until)
  const only = goOnAt ? `,${goOnAt.join(',')},` : '-'
  return [octal || '-', kind, one, two, three, hundredths(timeoutMs), optional ? 'yes' : 'no', only].join(' ')
}

function untilWords(until: Until): readonly [string, number | string, number?, number?] {
  if ('bytes' in until) return ['bytes', until.bytes]
  if ('byte' in until) return ['match', 255, until.byte, until.more ?? 0]
  if ('mask' in until) return ['match', until.mask, until.value]
  if ('lengthAt' in until) return ['counted', until.lengthAt, until.more]
  if ('ending' in until) return ['ending', [...Buffer.from(until.ending, 'latin1')].join(',')]
  return ['quiet', until.quietMs]
}

function hundredths(ms: number): number {
  return Math.max(1, Math.ceil(ms / 10))
}

function conversationOf(answer: ShellAnswer, endpoint: Endpoint): Conversation {
  const lines = answer.text.split('\n')
  const [, state, words = ''] =
    /^state ([a-z-]+) ?(.*)$/.exec(lines.find((line) => line.startsWith('state ')) ?? '') ?? []
  const replies = lines.flatMap((line) => replyOf(line) ?? [])
  const ended = { replies, ms: answer.durationMs }
  if (state === undefined) {
    if (endpoint.kind === 'tcp' && answer.timedOut)
      return { ...ended, state: 'timed-out', detail: 'no connection in time' }
    return { ...ended, state: 'unknown', detail: tailOf(answer.errorText, 300) || 'the script on the till was ended' }
  }
  const isGone = lines.includes('gone') && replies.every(({ bytes }) => bytes.length === 0)
  if (isGone) return { ...ended, state: 'reset', detail: 'the other side closed the connection' }
  if (state === 'open') return { ...ended, state, detail: answer.timedOut ? 'it took nothing that was sent' : '' }
  if (state !== 'unreached') return { ...ended, state: state as LineState, detail: words }
  const said = tailOf(answer.errorText, 300)
  const reached = reachStateInWords(said)
  return { ...ended, state: reached === 'error' ? 'unknown' : reached, detail: said }
}

function replyOf(line: string): Reply | undefined {
  const [, state, hundredth, bytes = ''] = /^reply (whole|cut) (\d+)((?: \d+)*)$/.exec(line) ?? []
  if (state === undefined) return undefined
  const come = Uint8Array.from(bytes.trim() === '' ? [] : bytes.trim().split(' ').map(Number))
  const is = come.length === 0 && state === 'cut' ? 'silent' : (state as 'whole' | 'cut')
  return { state: is, bytes: come, ms: Number(hundredth) * 10 }
}
