import { createHash } from 'node:crypto'
import type { ChainLink, Gate } from '../core/chain.ts'
import type { ShellAnswer, ShellValue } from '../core/channel.ts'
import type { Fence } from '../core/fence.ts'
import { Secret } from '../core/secret.ts'
import { lockFile } from './posix-guard.ts'

/** One question as it travels. */
export interface AskLine {
  readonly kind: 'ask'
  readonly id: number
  /** The name of a shipped script; `adhoc` for others. */
  readonly name: string
  readonly script: string
  readonly values: Readonly<Record<string, ShellValue>>
  readonly timeoutMs: number
  readonly keepBytes: number
  /** Its place in a chain (`core/chain.ts`), the first of which is 0, and what it depends on there. */
  readonly link?: Pick<ChainLink, 'gate' | 'run'> & { readonly index: number }
  /** Of a change: see `Fence`. `seconds`: after the greeting, by the device's clock. */
  readonly fence?: { readonly of: Fence; readonly seconds: number; readonly whole: boolean }
}

/** A file that is sent in the lines after the exchange. */
export interface UploadLine {
  readonly kind: 'upload'
  readonly id: number
  readonly path: string
}

const NAME = /^[a-z_][a-z0-9_]*$/

/**
 * An exchange as text, and what of it is secret, sealed. A line of its text is one of
 *
 *     exchange 1 TOKEN WAY AGE  the first one; WAY is gather where every piece of output costs a round trip, or else stream;
 *                               a first exchange is begun by an interpreter older than AGE milliseconds only when told to
 *     lock NAME                 in a first one: by which others that work on this device are known
 *     script N NAME             a script, once however often it is asked, in the lines after it
 *     |a line of the script
 *     ask ID N LIMIT KEEP       run script N: milliseconds, and bytes of each stream to keep
 *     link INDEX RUN GATE       the ask above is part of a chain, which begins at 0. RUN: held, always, broken:INDEX.
 *                               GATE: none, exit:0,3 or same:SHA256 (of `answerDigest`), test:N (a script)
 *     fence SECONDS AUTHORITY RUN ATTEMPT EPOCH TAKES WHOLE
 *                               the ask above is a change: see powershell-fence.ts. WHOLE: w or -
 *     value NAME s BASE64       a text for the ask above, in UTF-8; `i` and `n` numbers, `b` 1 or 0
 *     value NAME x INDEX        a secret: the INDEXth line of what comes on stdin after the exchange
 *     test NAME s BASE64        a value that only the script of the gate sees, as it does `till_seen`: what the ask put out
 *     upload ID BASE64          a file to be written at that path, in the lines after the exchange
 *     secrets                   the last but one, if there are any
 *     end COUNT                 the last one: how many asks and uploads there are
 *
 * It travels sealed (`sealed`). It is answered on stdout by `TOKEN hello PID VERSION 42`, with ` go?` behind it where a
 * line `go` is waited for, for each ask `TOKEN begin ID` and an answer
 * (see powershell-frames.ts), `TOKEN same ID` or `TOKEN skip ID`, `TOKEN fenced ID WHY` where its fence did not let it begin, and `TOKEN end COUNT`. Throws for a name that is not `[a-z_][a-z0-9_]*`.
 */
export function exchangeText(
  token: string,
  items: readonly (AskLine | UploadLine)[],
  how: {
    readonly way?: 'stream' | 'gather'
    readonly patienceMs?: number
    readonly lockName?: string | undefined
  } = {},
): { readonly text: string; readonly secrets: string | undefined } {
  const { way = 'stream', patienceMs = 60_000 } = how
  const lines = [`exchange 1 ${token} ${way} ${patienceMs}`]
  if (how.lockName !== undefined) lines.push(`lock ${lockFile(how.lockName)}`)
  const scripts = new Map<string, number>()
  const secrets: string[] = []
  const numberOf = (name: string, script: string): number => {
    const known = scripts.get(script)
    if (known !== undefined) return known
    lines.push(`script ${scripts.size} ${name}`, ...script.split('\n').map((line) => `|${line}`))
    scripts.set(script, scripts.size)
    return scripts.size - 1
  }
  for (const item of items) {
    if (item.kind === 'upload') lines.push(`upload ${item.id} ${base64(item.path)}`)
    else lines.push(...askLines(item, { numberOf, secrets }))
  }
  if (secrets.length > 0) lines.push('secrets')
  lines.push(`end ${items.length}`)
  return { text: lines.join('\n'), secrets: secrets.length > 0 ? sealed(secrets.join('\n')) : undefined }
}

/** A text behind a line with its length in bytes and its SHA-256, without which the device runs nothing of it. */
export function sealed(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}\n${text}`
}

function askLines(
  ask: AskLine,
  into: { readonly numberOf: (name: string, script: string) => number; readonly secrets: string[] },
): string[] {
  const { link } = ask
  const script = into.numberOf(ask.name, ask.script)
  const test = link?.gate?.kind === 'test' ? link.gate : undefined
  const gate = test ? `test:${into.numberOf(test.name ?? 'adhoc.test', test.test)}` : gateOf(link?.gate)
  const lines = [`ask ${ask.id} ${script} ${ask.timeoutMs} ${ask.keepBytes}`]
  if (link) lines.push(`link ${link.index} ${runOf(link.run)} ${gate}`)
  if (ask.fence) lines.push(fenceLine(ask.fence, ask.timeoutMs))
  for (const [name, value] of Object.entries(ask.values)) lines.push(`value ${valueLine(name, value, into.secrets)}`)
  for (const [name, value] of Object.entries(test?.values ?? {})) {
    lines.push(`test ${valueLine(name, value, into.secrets)}`)
  }
  return lines
}

function fenceLine({ of, seconds, whole }: NonNullable<AskLine['fence']>, takesMs: number): string {
  const run = of.run.replace(/[^0-9A-Za-z-]/g, '-')
  const takes = Math.ceil(takesMs / 1000) + 10
  return `fence ${seconds} ${lockFile(of.authority)} ${run} ${of.attempt} ${of.epoch} ${takes} ${whole ? 'w' : '-'}`
}

function runOf(run: ChainLink['run']): string {
  if (run === undefined) return 'held'
  return run === 'always' ? run : `broken:${run.brokenBy}`
}

function gateOf(gate: Gate | undefined): string {
  if (gate?.kind === 'exit') return `exit:${gate.codes.join(',')}`
  return gate?.kind === 'same' ? `same:${answerDigest(gate.as)}` : 'none'
}

/** SHA-256 of an answer as the device makes it too. One that is not whole is like no other. */
export function answerDigest(answer: ShellAnswer): string {
  if (answer.truncated || answer.timedOut) return '0'.repeat(64)
  const { exitCode, stdout, stderr } = answer
  const hash = createHash('sha256').update(`${exitCode} ${stdout.length} ${stderr.length}\n`)
  return hash.update(stdout).update(stderr).digest('hex')
}

function valueLine(name: string, value: ShellValue, secrets: string[]): string {
  if (!NAME.test(name)) throw new Error(`"${name}" is no name for a value of a device's PowerShell.`)
  if (value instanceof Secret) return `${name} x ${secrets.push(base64(value.reveal())) - 1}`
  if (typeof value === 'boolean') return `${name} b ${value ? 1 : 0}`
  if (typeof value === 'string') return `${name} s ${base64(value)}`
  return `${name} ${Number.isSafeInteger(value) ? 'i' : 'n'} ${value}`
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
