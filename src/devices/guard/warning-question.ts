import type { ShellDialect, ShellRequest } from '../../core/channel.ts'
import type { Warning } from '../../core/warning.ts'
import { runRequest, WINDOWS_TEXT } from '../../shell/run-programs.ts'

const MOST_BYTES = 4_096

/** What a device is asked to run for a warning, in its language; undefined where the warning has no words for it. */
export function warningQuestion({ script, timeoutMs }: Warning, dialect: ShellDialect): ShellRequest | undefined {
  const { sh, powershell } = script
  const programs = {
    ...(sh !== undefined && { posix: { script: 'eval "$till_text"', values: { till_text: sh } } }),
    ...(powershell !== undefined && { powershell: { ...WINDOWS_TEXT, values: { till_text: powershell } } }),
  }
  const request = runRequest(dialect, programs, {})
  return request && { ...request, timeoutMs, maxOutputBytes: MOST_BYTES }
}
