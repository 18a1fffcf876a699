import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { sealed } from './powershell-exchange.ts'
import { readScriptLine } from './script-form.ts'

/*
 * The device's side of an exchange, as the runner has it in PowerShell (powershell-runner.ts), for whatever stands in for
 * a Windows device. It is given a script to start with, and lines on stdin; it knows a fragment by its name and answers
 * in its place.
 */

export interface ExchangeAsk {
  readonly kind: 'ask'
  readonly id: string
  /** The name of a shipped fragment; `adhoc.script` for others. */
  readonly name: string
  readonly script: string
  readonly limitMs: number
  readonly keepBytes: number
  /** What the script finds in `$v`. */
  readonly values: Readonly<Record<string, string | number | boolean>>
  readonly link?: { readonly index: number; readonly run: string; readonly gate: string }
  /** The script of the gate `test:N`, and what only it finds in `$v`. */
  readonly test?: { readonly name: string; readonly script: string; readonly values: ExchangeAsk['values'] }
}

export interface Exchange {
  readonly token: string
  /** What is put out is held back until the exchange is over, or for two seconds: see the runner. */
  readonly gathers: boolean
  readonly items: readonly (ExchangeAsk | { readonly kind: 'upload'; readonly id: string; readonly path: string })[]
}

/** What came of an ask. */
export interface DeviceAnswer {
  readonly how?: 'done' | 'late' | 'stuck' | 'flood'
  readonly exitCode?: number
  readonly stdout?: string | Uint8Array
  readonly stderr?: string | Uint8Array
}

/** The first exchange, out of the script that an interpreter is started with. */
export function firstExchange(script: string): string {
  const found = /\nInvoke-TillExchange @'\n([\s\S]*?)\n'@\n/.exec(script)?.[1]
  if (found === undefined) throw new Error('the script holds no exchange')
  return unsealed(found)
}

/** The text of a line of stdin, its number taken off and its seal looked at. */
export function unpackLine(packed: string): string {
  return unsealed(readScriptLine(packed))
}

function unsealed(text: string): string {
  const rest = text.slice(text.indexOf('\n') + 1)
  if (sealed(rest) !== text) throw new Error('what arrived is not whole')
  return rest
}

/** Whether a line of secrets follows before the exchange can be run. */
export function wantsSecrets(exchange: string): boolean {
  return /^secrets$/m.test(exchange)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** An exchange taken apart; `secrets` is the unpacked line of them. */
export function parseExchange(text: string, secrets = ''): Exchange {
  const reader = new ExchangeReader(secrets.split('\n'))
  for (const line of text.split('\n')) reader.read(line)
  return { token: reader.token, gathers: reader.gathers, items: reader.items }
}

class ExchangeReader {
  readonly #secrets: readonly string[]
  readonly #scripts = new Map<string, { readonly name: string; text: string }>()
  #script = { name: '', text: '' }
  #ask: Writable<ExchangeAsk> | undefined
  readonly items: Exchange['items'][number][] = []
  token = ''
  gathers = false

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  read(line: string): void {
    if (line.startsWith('|')) this.#script.text += `${line.slice(1)}\n`
    const [word, ...rest] = line.split(' ')
    const [first = '', second = '', third = '', fourth = ''] = rest
    if (word === 'exchange') {
      this.token = second
      this.gathers = third === 'gather'
    } else if (word === 'script') {
      this.#script = { name: second, text: '' }
      this.#scripts.set(first, this.#script)
    } else if (word === 'upload') this.items.push({ kind: 'upload', id: first, path: decoded(second) })
    else if (word === 'ask') this.#begin(first, second, { limitMs: Number(third), keepBytes: Number(fourth) })
    else this.#more(word, rest)
  }

  #begin(id: string, script: string, limits: Pick<ExchangeAsk, 'limitMs' | 'keepBytes'>): void {
    const { name, text } = this.#scripts.get(script) ?? this.#script
    this.#ask = { kind: 'ask', id, name, script: text, ...limits, values: {} }
    this.items.push(this.#ask)
  }

  /** What is said of the ask above. */
  #more(word: string | undefined, [first = '', second = '', third = '']: readonly string[]): void {
    const ask = this.#ask
    if (!ask) return
    if (word === 'link') {
      ask.link = { index: Number(first), run: second, gate: third }
      const test = third.startsWith('test:') ? this.#scripts.get(third.slice(5)) : undefined
      if (test) ask.test = { name: test.name, script: test.text, values: {} }
    } else if (word === 'value') ask.values = { ...ask.values, [first]: this.#value(second, third) }
    else if (word === 'test' && ask.test) {
      ask.test = { ...ask.test, values: { ...ask.test.values, [first]: this.#value(second, third) } }
    }
  }

  #value(kind: string, given: string): string | number | boolean {
    if (kind === 's') return decoded(given)
    if (kind === 'x') return decoded(this.#secrets[Number(given)] ?? '')
    return kind === 'b' ? given === '1' : Number(given)
  }
}

/** The line with which every exchange is answered first. */
export function helloLine(token: string, pid: number, version = '5.1.19041.4291'): string {
  return `${token} hello ${pid} ${version} 42\n`
}

/** An answer as it stands on stdout. */
export function answerLines(token: string, id: string, answer: DeviceAnswer, keepBytes: number): string {
  const { how = 'done', exitCode = 0 } = answer
  const [out, err] = [answer.stdout, answer.stderr].map((stream) => Buffer.from(stream ?? ''))
  const [stdout, stderr] = [out?.subarray(0, keepBytes) ?? out, err?.subarray(0, keepBytes) ?? err] as [Buffer, Buffer]
  const cut = stdout.length < (out?.length ?? 0) || stderr.length < (err?.length ?? 0) ? 1 : 0
  const head = `${how} ${exitCode} ${cut} 1 ${stdout.length} ${stderr.length}\n`
  const body = Buffer.concat([Buffer.from(head), stdout, stderr])
  const hash = createHash('sha256').update(body).digest('hex')
  const isPacked = body.length > 512
  const data = (isPacked ? gzipSync(body) : body).toString('base64')
  return `${token} answer ${id} ${body.length} ${hash} ${isPacked ? 'gzip' : 'plain'} ${data.length}\n${data}\n`
}

/** Whether a link of a chain is wanted, once the gate with the index `broken` was the first that did not hold (-1: none). */
export function isWanted(link: NonNullable<ExchangeAsk['link']>, broken: number): boolean {
  if (link.run === 'always') return true
  if (link.run === 'held') return broken < 0
  return broken >= 0 && broken <= Number(link.run.slice('broken:'.length))
}

/** Whether the gate of a link holds; `test` answers the script of a gate of that kind, with the values that it finds. */
export async function gateHolds(
  ask: ExchangeAsk,
  answer: DeviceAnswer,
  test: (ask: ExchangeAsk) => Promise<DeviceAnswer>,
): Promise<boolean> {
  const [kind, what = ''] = (ask.link?.gate ?? 'none').split(':')
  const { how = 'done', exitCode = 0 } = answer
  if (how !== 'done') return false
  if (kind === 'exit') return what.split(',').includes(String(exitCode))
  if (kind === 'same') return alike(answer) === what
  if (kind !== 'test') return true
  if (exitCode !== 0 || !ask.test) return false
  const { name, script, values } = ask.test
  const till_seen = Buffer.from(answer.stdout ?? '').toString('utf8')
  const tested = await test({ ...ask, name, script, values: { till_seen, ...ask.values, ...values } })
  return (tested.how ?? 'done') === 'done' && (tested.exitCode ?? 0) === 0
}

function alike({ exitCode = 0, stdout = '', stderr = '' }: DeviceAnswer): string {
  const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)]
  const hash = createHash('sha256').update(`${exitCode} ${out.length} ${err.length}\n`)
  return hash.update(out).update(err).digest('hex')
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
