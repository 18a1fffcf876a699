import type { Change } from '../../core/change.ts'
import type { ShellAnswer } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import * as change from '../../devices/package/change-package.ts'
import { type PackageFile, packageFile } from '../../devices/package/package-file.ts'
import * as manager from '../../devices/package/package-manager.ts'
import { stageFile } from '../../devices/package/stage-file.ts'
import { causeOf, evidenceOf, failureOf } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { windowsOnly } from '../windows-only.ts'
import { differences } from './differences.ts'
import type { PackageParams, State } from './package-state.ts'

export const onPosix: Side<PackageParams, State> = {
  observe,
  converge,
  sends: (_params, changes, { file }) => (file && changes.some(({ path }) => path !== 'hold') ? [file] : []),
  proof: (params) =>
    params.file === undefined
      ? {
          test: manager.TEST_PACKAGE,
          values: {
            want_state: params.state ?? 'present',
            want_version: manager.withoutZeroEpoch(params.version ?? ''),
            want_hold: holdOf(params),
          },
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
  const hopeless = cannotBe(params, state)
  if (hopeless) return fail({ phase: 'observe', code: 'STATE_IMPOSSIBLE', ...hopeless })
  return success({ ...state, ...(file && { file: file.value }) })
}

async function converge(
  context: ModuleContext,
  params: PackageParams,
  changes: readonly Change[],
  state: State,
): Promise<Result<void>> {
  const by = state.manager as manager.PackageManager
  const act = changes.some(({ path }) => path !== 'hold') ? '' : 'none'
  if (state.file && params.file && act === '') {
    return convergeFile(context, { ...params, file: { ...params.file, ...state.file } }, by)
  }
  const script = change.convergeScript(by, params.state ?? 'present')
  const values = {
    name: params.name,
    manager: by,
    version: manager.withoutZeroEpoch(params.version ?? ''),
    file: '',
    act,
    hold: holdOf(params),
  }
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
    version: manager.withoutZeroEpoch(params.version ?? ''),
    hold: holdOf(params),
    file: staged.value.file,
    scratch: staged.value.folder,
    sha256: params.file.sha256.toLowerCase(),
  }
  return verdict(await context.shell.ask({ script: change.convergeFileScript(by), values, whole: true }), params)
}

function holdOf({ hold }: PackageParams): 'yes' | 'no' | '' {
  return hold === undefined ? '' : hold ? 'yes' : 'no'
}

/** What no change can bring about, or somebody ruled out, said before anything is changed. */
function cannotBe(
  params: PackageParams,
  state: manager.PackageState,
): { readonly message: string; readonly hint: string } | undefined {
  if (params.hold !== undefined && state.held === undefined) {
    const lacks =
      state.manager === 'rpm' ? 'rpm alone holds no package' : `${state.manager} has no plugin versionlock here`
    return {
      message: `"${params.name}" cannot be put on hold: ${lacks}.`,
      hint: 'Leave `hold` out, or install the plugin (python3-dnf-plugin-versionlock) with a step before this one.',
    }
  }
  // A version that was asked for stands in the list of apk like a hold.
  if (params.hold !== undefined || state.manager === 'apk' || state.broken || (state.held ?? 'no') === 'no')
    return undefined
  if (differences(params, state).length === 0) return undefined
  return {
    message: `"${params.name}" is on hold${state.held === 'other' ? ' at another version' : ''} (${HOLDERS[state.manager]}): somebody ruled that it stays as it is.`,
    hint: 'Say `hold: true` to keep it on hold as the runbook says, or `hold: false` to take it off.',
  }
}

const HOLDERS: Readonly<Record<manager.PackageManager, string>> = {
  apt: 'apt-mark',
  dnf: 'dnf versionlock',
  yum: 'yum versionlock',
  rpm: '',
  apk: '',
}

const BUSY =
  /could not get lock|another process using it|locked by another process|unable to lock database|transaction lock/i
/** A lock that cannot be taken at all is nobody's. */
const NO_LOCK = /read-only file system|permission denied|no space left|no such file or directory/i

function verdict(answer: ShellAnswer, params: PackageParams): Result<void> {
  const failed = (code: Failure['code'], message: string): Result<void> =>
    fail({ code, phase: 'converge', message, ...evidenceOf(answer) })
  if (answer.exitCode === change.CHECKSUM_EXIT) {
    return failed('CHECKSUM_MISMATCH', `What arrived on the device has sha256 ${answer.text}; nothing was installed.`)
  }
  if (answer.exitCode === change.NO_VERSION_EXIT) {
    const desired = params.version === undefined ? '' : ` in version ${params.version}`
    const said = causeOf(answer.errorText)
    const silent = said === '' ? '' : ` Not every source answered: ${said}`
    return failed('CONVERGE_FAILED', `No package source of the device has "${params.name}"${desired}.${silent}`)
  }
  if (answer.exitCode === change.ON_HOLD_EXIT) {
    return failed('CONVERGE_FAILED', `"${params.name}" is on hold (apt-mark): somebody ruled that it stays as it is.`)
  }
  const failure = failureOf(answer, 'converge', 'The package manager')
  if (failure && BUSY.test(answer.errorText) && !NO_LOCK.test(answer.errorText)) {
    return failed('CONVERGE_FAILED', 'Another package operation is under way on the device; this one was not begun.')
  }
  return failure ? fail(failure) : success(undefined)
}
