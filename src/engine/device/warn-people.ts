import type { DeviceShell } from '../../core/chain.ts'
import type { ShellAnswer, ShellRequest } from '../../core/channel.ts'
import type { RunEventBody } from '../../core/events.ts'
import type { Device } from '../../core/fleet.ts'
import type { Warning, WarningSeen } from '../../core/warning.ts'

const MOST_BYTES = 4_096
const MOST_TOLD = 200

/** Tells people at a device, and puts on record what they said. Rejects with `SessionLost`: nobody knows then whether they were told. */
export async function warnPeople(
  warnings: readonly Warning[],
  device: Device,
  by: { readonly shell: DeviceShell; readonly emit: (body: RunEventBody) => Promise<void> },
): Promise<readonly WarningSeen[]> {
  const seen: WarningSeen[] = []
  for (const warning of warnings) {
    const one = await warn(warning, by.shell)
    const { warning: name, says, exitCode, detail } = one
    await by.emit({
      type: 'device.warned',
      device: device.name,
      warning: name,
      says,
      exit_code: exitCode ?? null,
      ...(detail !== undefined && { detail }),
    })
    seen.push(one)
  }
  return seen
}

async function warn(warning: Warning, shell: DeviceShell): Promise<WarningSeen> {
  const { name } = warning
  const script = shell.dialect === 'posix' ? warning.script.sh : warning.script.powershell
  const language = shell.dialect === 'posix' ? 'sh' : 'PowerShell'
  if (script === undefined) return { warning: name, says: 'failed', detail: `it has no script for ${language}` }
  const request: ShellRequest = { script, foreign: true, timeoutMs: warning.timeoutMs, maxOutputBytes: MOST_BYTES }
  return read(warning, await shell.ask(request))
}

function read(warning: Warning, answer: ShellAnswer): WarningSeen {
  const { name, notNowExit, atOnceExit, timeoutMs } = warning
  if (answer.timedOut)
    return { warning: name, says: 'failed', detail: `it did not end within ${timeoutMs / 1_000} s` }
  const { exitCode } = answer
  const said = lastLine(answer.text) || lastLine(answer.errorText)
  const told = { warning: name, exitCode, ...(said !== '' && { detail: said }) }
  if (exitCode === notNowExit) return { ...told, says: 'not-now' }
  if (exitCode === atOnceExit) return { ...told, says: 'at-once' }
  if (exitCode === 0) return { ...told, says: 'warned' }
  const detail = `it ended with exit code ${exitCode}${said && `: ${said}`}`
  return { ...told, says: 'failed', detail }
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').trim().slice(0, MOST_TOLD)
}
