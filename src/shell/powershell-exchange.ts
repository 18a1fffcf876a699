import type { ShellValue } from '../core/channel.ts'
import { Secret } from '../core/secret.ts'
import { packScript } from './encoded-command.ts'

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
}

/** A file that is sent in the lines after the exchange. */
export interface UploadLine {
  readonly kind: 'upload'
  readonly id: number
  readonly path: string
}

const NAME = /^[a-z_][a-z0-9_]*$/

/**
 * An exchange as text, and what of it is secret. A line of its text is one of
 *
 *     exchange 1 TOKEN          the first one
 *     script N NAME             a script, once however often it is asked, in the lines after it
 *     |a line of the script
 *     ask ID N LIMIT KEEP       run script N: milliseconds, and bytes of each stream to keep
 *     value NAME s BASE64       a text for the ask above, in UTF-8; `i` and `n` numbers, `b` 1 or 0
 *     value NAME x INDEX        a secret: the INDEXth line of what comes on stdin after the exchange
 *     upload ID BASE64          a file to be written at that path, in the lines after the exchange
 *     secrets                   the last but one, if there are any
 *     end COUNT                 the last one: how many asks and uploads there are
 *
 * It is answered on stdout by `TOKEN hello PID VERSION 42`, for each ask `TOKEN begin ID` and an answer
 * (see powershell-frames.ts), and `TOKEN end COUNT`. Throws for a name that is not `[a-z_][a-z0-9_]*`.
 */
export function exchangeText(
  token: string,
  items: readonly (AskLine | UploadLine)[],
): { readonly text: string; readonly secrets: string | undefined } {
  const scripts = new Map<string, number>()
  const secrets: string[] = []
  const lines = [`exchange 1 ${token}`]
  for (const item of items) {
    if (item.kind === 'upload') {
      lines.push(`upload ${item.id} ${base64(item.path)}`)
      continue
    }
    let number = scripts.get(item.script)
    if (number === undefined) {
      number = scripts.size
      scripts.set(item.script, number)
      lines.push(`script ${number} ${item.name}`, ...item.script.split('\n').map((line) => `|${line}`))
    }
    lines.push(`ask ${item.id} ${number} ${item.timeoutMs} ${item.keepBytes}`)
    for (const [name, value] of Object.entries(item.values)) lines.push(`value ${name} ${valueLine(name, value, secrets)}`)
  }
  if (secrets.length > 0) lines.push('secrets')
  lines.push(`end ${items.length}`)
  return { text: lines.join('\n'), secrets: secrets.length > 0 ? packScript(secrets.join('\n')) : undefined }
}

function valueLine(name: string, value: ShellValue, secrets: string[]): string {
  if (!NAME.test(name)) throw new Error(`"${name}" is no name for a value of a device's PowerShell.`)
  if (value instanceof Secret) return `x ${secrets.push(base64(value.reveal())) - 1}`
  if (typeof value === 'boolean') return `b ${value ? 1 : 0}`
  if (typeof value === 'string') return `s ${base64(value)}`
  return `${Number.isSafeInteger(value) ? 'i' : 'n'} ${value}`
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
