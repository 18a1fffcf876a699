import { randomBytes } from 'node:crypto'
import type { ShellChannel } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { isSecret } from '../../core/secret.ts'
import { act, askJson } from '../../shell/powershell-ask.ts'
import { failureOf, tailOf } from '../../shell/tool-answer.ts'
import { knownFile } from '../file/known-file.ts'
import type { PackageFile } from './package-file.ts'
import { FINISH, INSTALL, type Installed, STAGE, UNSTAGE } from './windows-installer.ts'

/** A program as it stands in the list of programs, and how its MSI is installed. */
export interface MsiParams {
  readonly name: string
  readonly file?: { readonly sha256: string; readonly signer?: string }
  readonly properties?: { readonly [name: string]: string | number | boolean }
  readonly keep?: readonly string[]
}

/** Why these properties cannot be given to an MSI; undefined when they can. */
export function secretProperty(properties: MsiParams['properties'] = {}): Failure | undefined {
  const secret = Object.entries(properties).find(([, value]) => isSecret(value))
  if (!secret) return undefined
  const message = `The property ${secret[0]} is a secret, and properties of an MSI stand on a command line, in its log and in the event log.`
  const hint = 'Put it into a file with `config` or `file`.'
  return { code: 'PARAMS_INVALID', phase: 'observe', message, hint }
}

/** Uploads an MSI, has it checked and installed, and the files in `keep` put back if it wrote them anew. */
export async function installMsi(shell: ShellChannel, params: MsiParams, file: PackageFile): Promise<Result<void>> {
  const folder = `till-${randomBytes(8).toString('hex')}`
  const staging = { values: { folder, bytes: file.sizeBytes } }
  const staged = await askJson<{ path: string; free: number }>(shell, STAGE, staging, 'Making a directory for the file')
  if (!staged.ok) return staged
  const { path, free } = staged.value
  if (path === '') {
    const message = `The device has ${free} bytes of room for a file of ${file.sizeBytes}; nothing was uploaded.`
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message })
  }
  const msi = `${path}\\package.msi`
  const lost = failureOf(await shell.upload(msi, knownFile(file.path, file)), 'converge', 'Uploading the file')
  if (lost) {
    await act(shell, UNSTAGE, { values: { folder: path } }, 'The clearing away')
    return fail(lost)
  }
  const values = {
    name: params.name,
    folder: path,
    file: msi,
    sha256: params.file?.sha256.toLowerCase() ?? '',
    signer: params.file?.signer ?? '',
    // For all accounts: an MSI that says nothing of it is installed for the account that we have alone.
    // https://learn.microsoft.com/windows/win32/msi/allusers
    line: Object.entries({ ALLUSERS: 1, ...params.properties })
      .map(propertyWord)
      .join(' '),
    keep: JSON.stringify(params.keep ?? []),
  }
  const done = await askJson<Installed>(shell, INSTALL, { values, whole: true }, 'The installation')
  return done.ok ? verdict(done.value, params) : fail(converged(done.failure, 'The installation'))
}

/** Waits for the end of an installation that was not over at its deadline, and has what it saved put back. */
export async function finishMsi(shell: ShellChannel, name: string): Promise<Result<void>> {
  const done = await act(shell, FINISH, { values: { name }, whole: true }, 'The end of an earlier installation')
  return done.ok ? done : fail(converged(done.failure, 'An installation that was begun earlier'))
}

/** As a failure of converging. Nothing of Windows Installer is ended at the deadline: it would go on, or be undone half-way. */
export function converged(failure: Failure, what: string): Failure {
  const { code } = failure
  if (code !== 'OBSERVE_TIMEOUT' && code !== 'CONVERGE_TIMEOUT') {
    return { ...failure, phase: 'converge', code: code === 'OBSERVE_FAILED' ? 'CONVERGE_FAILED' : code }
  }
  const message = `${what} is still going on on the device: it was not over at the deadline, and is not ended.`
  const hint = 'The next apply waits for its end, and puts back what was saved; or give the step more time.'
  return { ...failure, phase: 'converge', code: 'CONVERGE_TIMEOUT', message, hint }
}

/** As msiexec takes it: quotes inside are doubled. */
function propertyWord([name, value]: [string, string | number | boolean]): string {
  const text = typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
  return `${name}="${text.replaceAll('"', '""')}"`
}

/** Exit codes of msiexec: winerror.h, ERROR_INSTALL_*. */
export const MSI_SUCCESS = [0, 3010, 1641]

function verdict(installed: Installed, params: MsiParams): Result<void> {
  const { code, log, version, sum, signature } = installed
  const failed = (failure: Failure['code'], message: string): Result<void> =>
    fail({ code: failure, phase: 'converge', message, evidence: { exit_code: code, log: tailOf(log) } })
  if (sum !== '')
    return failed('CHECKSUM_MISMATCH', `What arrived on the device has sha256 ${sum}; nothing was installed.`)
  if (signature !== '') {
    const message = `The file is not signed by "${params.file?.signer}": ${signature}. Nothing was installed.`
    return failed('CHECKSUM_MISMATCH', message)
  }
  if (MSI_SUCCESS.includes(code)) return success(undefined)
  const now = version === '' ? 'It is not on the device now.' : `Version ${version} is on the device now.`
  if (code === 1618)
    return failed('CONVERGE_FAILED', 'Another installation is under way on the device; this one was not begun.')
  if (code === 1603) return failed('CONVERGE_FAILED', `The installation failed and was rolled back (1603). ${now}`)
  return failed('CONVERGE_FAILED', `msiexec ended with ${code}. ${now}`)
}
