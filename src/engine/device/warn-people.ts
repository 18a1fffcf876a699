import type { DeviceShell } from '../../core/chain.ts'
import type { ShellAnswer, ShellDialect, ShellRequest } from '../../core/channel.ts'
import type { RunEventBody } from '../../core/events.ts'
import type { Device } from '../../core/fleet.ts'
import type { Warning, WarningSeen } from '../../core/warning.ts'

const MOST_TOLD = 200

export interface WarnPeople {
  readonly shell: Pick<DeviceShell, 'ask' | 'dialect'>
  readonly emit: (body: RunEventBody) => Promise<void>
  /** What a device is asked to run; undefined where the warning has no words for its language. */
  question(warning: Warning, dialect: ShellDialect): ShellRequest | undefined
}

/** Tells people at a device, and puts on record what they said. Rejects with `SessionLost`: nobody knows then whether they were told. */
export async function warnPeople(
  warnings: readonly Warning[],
  device: Device,
  by: WarnPeople,
): Promise<readonly WarningSeen[]> {
  const seen: WarningSeen[] = []
  for (const warning of warnings) {
    const one = await warn(warning, by)
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

async function warn(warning: Warning, { shell, question }: WarnPeople): Promise<WarningSeen> {
  const { name } = warning
  const request = question(warning, shell.dialect)
  if (request) return read(warning, await shell.ask(request))
  const language = shell.dialect === 'posix' ? 'sh' : 'PowerShell'
  return { warning: name, says: 'failed', detail: `it has no script for ${language}` }
}

function read(warning: Warning, answer: ShellAnswer): WarningSeen {
  const { name, notNowExit, atOnceExit, timeoutMs } = warning
  if (answer.timedOut) return { warning: name, says: 'failed', detail: `it did not end within ${timeoutMs / 1_000} s` }
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
