import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Change } from '../../core/change.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/ports.ts'
import { Secret } from '../../core/secret.ts'
import { act, askJson, proofBy } from '../../shell/powershell-ask.ts'
import { failureOf, tailOf } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { packageFile } from './package-file.ts'
import type { PackageParams, Product, State } from './package-state.ts'
import { GONE, INSTALL, type Installed, OBSERVE, REMOVE, STAGE, UNSTAGE } from './windows-installer.ts'

/** An installation needs several questions and an upload; the removal of one product is one. */
export const onWindows: Side<PackageParams, State> = {
  observe,
  converge,
  settled: (params, _changes, { products = [] }) =>
    params.state === 'absent' && products.length === 1 && products[0]?.msi ? proofBy(GONE, undefined) : undefined,
}

async function observe({ shell }: ModuleContext, params: PackageParams): Promise<Result<State>> {
  const secret = Object.entries(params.properties ?? {}).find(([, value]) => (value as unknown) instanceof Secret)
  if (secret) {
    const message = `The property ${secret[0]} is a secret, and properties of an MSI stand on a command line, in its log and in the event log.`
    return fail({
      code: 'PARAMS_INVALID',
      phase: 'observe',
      message,
      hint: 'Put it into a file with `config` or `file`.',
    })
  }
  const asking = askJson<readonly Product[]>(shell, OBSERVE, { values: { name: params.name } }, 'Reading the programs')
  const [products, file] = await Promise.all([asking, params.file && packageFile(params.file)])
  if (!products.ok) return products
  if (file && !file.ok) return file
  const installed = products.value.map(({ version }) => version)
  return success({
    manager: 'msi',
    broken: false,
    installed,
    products: products.value,
    ...(file && { file: file.value }),
  })
}

async function converge(
  context: ModuleContext,
  params: PackageParams,
  _changes: readonly Change[],
  state: State,
): Promise<Result<void>> {
  if (params.state === 'absent') return remove(context, state.products ?? [])
  if (!state.file) {
    const message = `There is no package source on Windows: "${params.name}" needs a \`file\` of the repository.`
    return fail({ code: 'PARAMS_INVALID', phase: 'converge', message })
  }
  return install(context, params, state.file)
}

async function install(
  { shell }: ModuleContext,
  params: PackageParams,
  file: NonNullable<State['file']>,
): Promise<Result<void>> {
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
  const lost = failureOf(await shell.upload(msi, createReadStream(file.path)), 'converge', 'Uploading the file')
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
    line: Object.entries(params.properties ?? {})
      .map(propertyWord)
      .join(' '),
    keep: JSON.stringify(params.keep ?? []),
  }
  const done = await askJson<Installed>(shell, INSTALL, { values }, 'The installation')
  return done.ok
    ? verdict(done.value, params)
    : fail({ ...done.failure, phase: 'converge', code: converged(done.failure) })
}

function converged({ code }: Failure): Failure['code'] {
  return code === 'OBSERVE_FAILED' ? 'CONVERGE_FAILED' : code
}

/** As msiexec takes it: quotes inside are doubled. */
function propertyWord([name, value]: [string, string | number | boolean]): string {
  const text = typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
  return `${name}="${text.replaceAll('"', '""')}"`
}

/** Exit codes of msiexec: winerror.h, ERROR_INSTALL_*. */
const SUCCESS = [0, 3010, 1641]

function verdict(installed: Installed, params: PackageParams): Result<void> {
  const { code, log, version, sum, signature } = installed
  const failed = (failure: Failure['code'], message: string): Result<void> =>
    fail({ code: failure, phase: 'converge', message, evidence: { exit_code: code, log: tailOf(log) } })
  if (sum !== '')
    return failed('CHECKSUM_MISMATCH', `What arrived on the device has sha256 ${sum}; nothing was installed.`)
  if (signature !== '') {
    const message = `The file is not signed by "${params.file?.signer}": ${signature}. Nothing was installed.`
    return failed('CHECKSUM_MISMATCH', message)
  }
  if (SUCCESS.includes(code)) return success(undefined)
  const now = version === '' ? 'It is not on the device now.' : `Version ${version} is on the device now.`
  if (code === 1618)
    return failed('CONVERGE_FAILED', 'Another installation is under way on the device; this one was not begun.')
  if (code === 1603) return failed('CONVERGE_FAILED', `The installation failed and was rolled back (1603). ${now}`)
  return failed('CONVERGE_FAILED', `msiexec ended with ${code}. ${now}`)
}

async function remove({ shell }: ModuleContext, products: readonly Product[]): Promise<Result<void>> {
  const foreign = products.find(({ msi }) => !msi)
  if (foreign) {
    const message = `"${foreign.name}" was not installed by Windows Installer, so nobody knows how to remove it without asking.`
    return fail({
      code: 'CONVERGE_FAILED',
      phase: 'converge',
      message,
      hint: 'Remove it with `command` and its own uninstaller.',
    })
  }
  for (const { code, name } of products) {
    const done = await askJson<{ code: number }>(shell, REMOVE, { values: { code } }, `The removal of "${name}"`)
    if (!done.ok) return fail({ ...done.failure, phase: 'converge', code: converged(done.failure) })
    if (SUCCESS.includes(done.value.code)) continue
    const message = `msiexec ended with ${done.value.code} when it removed "${name}".`
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message, evidence: { exit_code: done.value.code } })
  }
  return success(undefined)
}
