import type { ProcessStream } from '../core/channel.ts'
import type { Result } from '../core/failure.ts'
import type { Connection, PowerShellProgram } from '../core/transport.ts'
import { scriptLine } from './script-form.ts'

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
  const command = `${interpreter(options)} -EncodedCommand ${encoded}`
  if (command.length <= COMMAND_LINE_CHARS) return command
  throw new RangeError(`A bootstrap of ${bootstrap.length} characters does not fit on a command line of Windows.`)
}

function interpreter({ legacy }: { readonly legacy?: boolean }): string {
  return `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass${legacy === true ? ' -InputFormat None' : ''}`
}

/** Runs the first line of stdin. Nothing in it means something to cmd.exe, PowerShell or sh, whichever reads it first. */
export const READ_AND_RUN = '-Command ". ([ScriptBlock]::Create([Console]::In.ReadLine()))"'

/** The command line of a program that is given by stdin, and what stdin begins with. */
export function startByStdin(
  { bootstrap, script, form = 'packed' }: PowerShellProgram,
  options: { readonly legacy?: boolean } = {},
): { readonly line: string; readonly input: string } {
  const input = `${scriptLine(script, form)}\n`
  if (form === 'packed') return { line: encodedCommand(bootstrap('stdin'), options), input }
  return { line: `${interpreter(options)} ${READ_AND_RUN}`, input: `${bootstrap('stdin')}\n${input}` }
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
  const { line, input } = startByStdin(program)
  return connection.exec(line, input)
}
