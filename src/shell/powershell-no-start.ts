import type { Failure } from '../core/failure.ts'
import { NOT_BEGUN, TOO_LATE } from './powershell.ts'

/** A program in the place of PowerShell that ended before a word of the protocol. */
export interface EarlyEnd {
  readonly code: number
  /** What it said, to be read by people. */
  readonly said: string
  /** The same as it came: CLIXML, or the words of a shell. */
  readonly raw: string
  /** Nothing says that it did not begin. */
  readonly mayHaveRun: boolean
}

/** Ids of errors, which are in no language (about_Try_Catch_Finally: FullyQualifiedErrorId). */
const BLOCKED = /ScriptContainedMaliciousContent|ScriptHasAdminPrivileges|VirusDetected/

/** What cmd.exe and sh end with when there is no such program, and 1, which cmd /c has too. */
const MISSING_EXITS: readonly number[] = [1, 127, 9009]

/** Why a PowerShell ended before it said hello. */
export function endedEarly(end: EarlyEnd): Failure {
  const { code, said, mayHaveRun } = end
  const why = said === '' ? `it ended with ${code}.` : `${said} (exit code ${code})`
  if (code === TOO_LATE) {
    const message = 'PowerShell came to life on the device too late; nothing was run.'
    return { code: 'OPEN_TIMEOUT', phase: 'open', message }
  }
  if (BLOCKED.test(end.raw)) {
    const message = `Antivirus software on the device did not let PowerShell begin; nothing was run: ${why}`
    return { code: 'SHELL_BLOCKED', phase: 'open', message }
  }
  if (isMissing(end)) {
    return { code: 'SHELL_MISSING', phase: 'open', message: `There is no powershell.exe on the device: ${why}` }
  }
  const isSilent = mayHaveRun && code !== NOT_BEGUN
  const what = isSilent ? 'ended on the device without a word of what it did' : 'could not be started on the device'
  return { code: 'SHELL_UNUSABLE', phase: isSilent ? 'observe' : 'open', message: `PowerShell ${what}: ${why}` }
}

/** Shells say it in the language of the country, but name what they did not find. */
function isMissing({ code, raw }: EarlyEnd): boolean {
  if (!MISSING_EXITS.includes(code) || raw.includes('#< CLIXML') || /^[ \t]*At line:\d/m.test(raw)) return false
  const names = /powershell(\.exe)?/i.test(raw)
  return code === 1 ? names && raw.length < 500 : names || raw === ''
}

/** What a device says by its exit code when it was given something that had been cut or changed on the way. */
export function notWhole(phase: Failure['phase']): Failure {
  const message = 'What arrived on the device was not whole, by its length and its checksum; nothing of it was run.'
  return { code: 'SESSION_GARBLED', phase, message }
}
