import type { Change } from '../../core/change.ts'
import type { ShellAnswer } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/ports.ts'
import { type PackageFile, packageFile } from '../../devices/package/package-file.ts'
import * as manager from '../../devices/package/package-manager.ts'
import { stageFile } from '../../devices/package/stage-file.ts'
import { evidenceOf, failureOf } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { windowsOnly } from '../windows-only.ts'
import type { PackageParams, State } from './package-state.ts'

export const onPosix: Side<PackageParams, State> = {
  observe,
  converge,
  proof: (params) =>
    params.file === undefined
      ? {
          test: manager.TEST_PACKAGE,
          values: { want_state: params.state ?? 'present', want_version: params.version ?? '' },
        }
      : undefined,
}

async function observe(context: ModuleContext, params: PackageParams): Promise<Result<State>> {
  const { properties, keep } = params
  const strange = windowsOnly(context, { properties, keep, signer: params.file?.signer }, [
    'properties',
    'keep',
    'signer',
  ])
  if (strange) return strange
  const values = { name: params.name, manager: params.manager ?? 'auto' }
  const asking = context.shell.ask({ script: manager.OBSERVE_PACKAGE, values })
  const [answer, file] = await Promise.all([asking, params.file && packageFile(params.file)])
  const failure = failureOf(answer, 'observe', 'Asking the package manager')
  if (failure) return fail(failure)
  const state = manager.readPackage(answer.text)
  if (!state) return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: 'No package manager answered.' })
  if (file && !file.ok) return file
  return success({ ...state, ...(file && { file: file.value }) })
}

async function converge(
  context: ModuleContext,
  params: PackageParams,
  _changes: readonly Change[],
  state: State,
): Promise<Result<void>> {
  const by = state.manager as manager.PackageManager
  if (state.file && params.file) {
    return convergeFile(context, { ...params, file: { ...params.file, ...state.file } }, by)
  }
  const script = manager.convergeScript(by, params.state ?? 'present')
  const values = { name: params.name, manager: by, version: params.version ?? '', file: '' }
  return verdict(await context.shell.ask({ script, values, whole: true }), params)
}

async function convergeFile(
  context: ModuleContext,
  params: PackageParams & { readonly file: PackageFile & { readonly sha256: string } },
  by: manager.PackageManager,
): Promise<Result<void>> {
  const staged = await stageFile(context.shell, params.file, by)
  if (!staged.ok) return staged
  const values = {
    name: params.name,
    manager: by,
    version: params.version ?? '',
    file: staged.value.file,
    scratch: staged.value.folder,
    sha256: params.file.sha256.toLowerCase(),
  }
  return verdict(await context.shell.ask({ script: manager.convergeFileScript(by), values, whole: true }), params)
}

const BUSY =
  /could not get lock|another process using it|locked by another process|unable to lock database|transaction lock/i

function verdict(answer: ShellAnswer, params: PackageParams): Result<void> {
  const failed = (code: Failure['code'], message: string): Result<void> =>
    fail({ code, phase: 'converge', message, ...evidenceOf(answer) })
  if (answer.exitCode === manager.CHECKSUM_EXIT) {
    return failed('CHECKSUM_MISMATCH', `What arrived on the device has sha256 ${answer.text}; nothing was installed.`)
  }
  if (answer.exitCode === manager.NO_VERSION_EXIT) {
    const desired = params.version === undefined ? '' : ` in version ${params.version}`
    return failed('CONVERGE_FAILED', `No package source of the device has "${params.name}"${desired}.`)
  }
  if (answer.exitCode === manager.ON_HOLD_EXIT) {
    return failed('CONVERGE_FAILED', `"${params.name}" is on hold (apt-mark): somebody ruled that it stays as it is.`)
  }
  const failure = failureOf(answer, 'converge', 'The package manager')
  if (failure && BUSY.test(answer.errorText)) {
    return failed('CONVERGE_FAILED', 'Another package operation is under way on the device; this one was not begun.')
  }
  return failure ? fail(failure) : success(undefined)
}
