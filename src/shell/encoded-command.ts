import { gzipSync } from 'node:zlib'
import type { ProcessStream } from '../core/channel.ts'
import type { Result } from '../core/failure.ts'
import type { Connection, PowerShellProgram } from '../core/ports.ts'

/** cmd.exe cuts command lines at 8,191 characters, on some systems without a word: this is ours. */
export const COMMAND_LINE_CHARS = 8_000

/** What a bootstrap may have in characters so that its command line stays below that: each costs 8/3. */
export const BOOTSTRAP_CHARS = 2_900

/** What one environment variable may hold: Windows takes 32,767 characters with the name and the signs around it. */
const VARIABLE_CHARS = 30_000

/**
 * The command line that starts Windows PowerShell on `bootstrap`. PowerShell 2 hangs at its end when stdin is a pipe
 * that it did not read, hence `legacy`. Throws when the bootstrap is longer than BOOTSTRAP_CHARS.
 */
export function encodedCommand(bootstrap: string, options: { readonly legacy?: boolean } = {}): string {
  const encoded = Buffer.from(bootstrap, 'utf16le').toString('base64')
  const input = options.legacy === true ? ' -InputFormat None' : ''
  const command = `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass${input} -EncodedCommand ${encoded}`
  if (command.length <= COMMAND_LINE_CHARS) return command
  throw new RangeError(`A bootstrap of ${bootstrap.length} characters does not fit on a command line of Windows.`)
}

/** A script as it travels: base64 of gzip of UTF-8. Has no `%`, which the shells of WinRM take for themselves. */
export function packScript(script: string): string {
  return gzipSync(script, { level: 9 }).toString('base64')
}

/** A packed script in environment variables TILL_1, TILL_2, … */
export function scriptVariables(packed: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {}
  for (let at = 0, n = 1; at < packed.length; at += VARIABLE_CHARS, n += 1) {
    variables[`TILL_${n}`] = packed.slice(at, at + VARIABLE_CHARS)
  }
  return variables
}

/** Starts PowerShell on a connection of any transport: by its own way, or by a command line and stdin. */
export async function startPowerShell(
  connection: Pick<Connection, 'exec' | 'startPowerShell'>,
  program: PowerShellProgram,
): Promise<Result<ProcessStream>> {
  if (connection.startPowerShell) return connection.startPowerShell(program)
  return connection.exec(encodedCommand(program.bootstrap('stdin')), `${packScript(program.script)}\n`)
}
