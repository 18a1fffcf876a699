import { createReadStream } from 'node:fs'
import type { Change } from '../../core/change.ts'
import type { ShellAnswer } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/ports.ts'
import { evidenceOf, failureOf } from '../../shell/tool-answer.ts'
import { defineModule } from '../define.ts'
import { type PackageFile, packageFile } from './package-file.ts'
import * as manager from './package-manager.ts'

interface PackageParams {
  readonly name: string
  readonly state?: 'present' | 'absent'
  readonly version?: string
  readonly manager?: 'auto' | manager.PackageManager
  readonly file?: { readonly path: string; readonly sha256: string }
}

interface State extends manager.PackageState {
  readonly file?: PackageFile
}

const VERSION = '^[A-Za-z0-9][A-Za-z0-9.+:~^_-]*$'

export const packageModule = defineModule({
  name: 'package',
  summary: 'Keeps a package installed, at a version, or away (apt, dnf, yum, rpm, apk, or a file of the repository)',
  systems: ['linux'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        // A trailing minus means "remove" to apt-get; * and ? are patterns.
        pattern: '^[A-Za-z0-9_]([A-Za-z0-9+._:-]*[A-Za-z0-9+_])?$',
        description: 'The name of the package.',
        examples: ['till-agent'],
      },
      state: { enum: ['present', 'absent'], description: 'Whether it is installed; present unless told.' },
      version: {
        type: 'string',
        pattern: VERSION,
        description: 'Exactly this version: in full, or without its epoch, its packaging revision, or both.',
        examples: ['4.2.1', '4.2.1-1'],
      },
      manager: { enum: ['auto', ...manager.PACKAGE_MANAGERS], description: 'Found out unless told.' },
      file: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'sha256'],
        description: 'Install this file of the repository instead of asking a package source.',
        properties: {
          path: {
            type: 'string',
            minLength: 1,
            description: 'Path of the file, from the directory that till runs in.',
            examples: ['packages/till-agent_4.2.1_amd64.deb'],
          },
          sha256: { type: 'string', pattern: '^[0-9A-Fa-f]{64}$', description: 'Its checksum, in hexadecimal.' },
        },
      },
    },
  },
  complain,
  observe,
  diff,
  value: (state) => ({ manager: state.manager, version: state.installed[0] ?? null, broken: state.broken }),
  converge,
  settled: (params) =>
    params.file === undefined
      ? {
          test: manager.TEST_PACKAGE,
          values: { want_state: params.state ?? 'present', want_version: params.version ?? '' },
        }
      : undefined,
})

function complain(params: JsonObject): string | undefined {
  if (params['file'] !== undefined && params['version'] === undefined) {
    return 'A package from a file needs `version`: without it nobody can tell whether it is already there.'
  }
  if (params['state'] === 'absent' && (params['version'] ?? params['file']) !== undefined) {
    return 'A package that is to be absent has neither `version` nor `file`.'
  }
  return undefined
}

async function observe(context: ModuleContext, params: PackageParams): Promise<Result<State>> {
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

function diff(params: PackageParams, state: State): readonly Change[] {
  const { version } = params
  const [found = null] = state.installed
  if (params.state === 'absent') {
    const there = found !== null || state.broken
    return there ? [{ path: 'state', before: state.broken ? 'broken' : 'present', after: 'absent' }] : []
  }
  if (state.broken) return [{ path: 'state', before: 'broken', after: 'present' }]
  if (version !== undefined) {
    const isThere = state.installed.some((full) => manager.isVersion(version, full))
    return isThere ? [] : [{ path: 'version', before: found, after: version }]
  }
  return found === null ? [{ path: 'state', before: 'absent', after: 'present' }] : []
}

async function converge(
  context: ModuleContext,
  params: PackageParams,
  _changes: readonly Change[],
  state: State,
): Promise<Result<void>> {
  if (state.file && params.file) {
    return convergeFile(context, { ...params, file: { ...params.file, ...state.file } }, state.manager)
  }
  const script = manager.convergeScript(state.manager, params.state ?? 'present')
  const values = { name: params.name, manager: state.manager, version: params.version ?? '', file: '' }
  return verdict(await context.shell.ask({ script, values }), params)
}

async function convergeFile(
  context: ModuleContext,
  params: PackageParams & { readonly file: PackageFile & { readonly sha256: string } },
  by: manager.PackageManager,
): Promise<Result<void>> {
  const { path, sizeBytes, sha256 } = params.file
  const kilobytes = Math.ceil(sizeBytes / 1024) + 1
  const staged = await context.shell.ask({ script: manager.STAGE_DIRECTORY, values: { kilobytes } })
  if (staged.exitCode === manager.SPACE_EXIT) {
    const message = `The device has ${staged.text} KiB of room for a file of ${kilobytes} KiB; nothing was uploaded.`
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message })
  }
  const unstaged = failureOf(staged, 'converge', 'Making a directory for the file')
  if (unstaged) return fail(unstaged)
  const file = `${staged.text}/package.${by === 'apt' ? 'deb' : by === 'apk' ? 'apk' : 'rpm'}`
  const values = {
    name: params.name,
    manager: by,
    version: params.version ?? '',
    file,
    scratch: staged.text,
    sha256: sha256.toLowerCase(),
  }
  const lost = failureOf(await context.shell.upload(file, createReadStream(path)), 'converge', 'Uploading the file')
  if (lost) {
    await context.shell.ask({ script: 'rm -rf "$scratch"', values: { scratch: staged.text } })
    return fail(lost)
  }
  return verdict(await context.shell.ask({ script: manager.convergeFileScript(by), values }), params)
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
    const wished = params.version === undefined ? '' : ` in version ${params.version}`
    return failed('CONVERGE_FAILED', `No package source of the device has "${params.name}"${wished}.`)
  }
  const failure = failureOf(answer, 'converge', 'The package manager')
  if (failure && BUSY.test(answer.errorText)) {
    return failed('CONVERGE_FAILED', 'Another package operation is under way on the device; this one was not begun.')
  }
  return failure ? fail(failure) : success(undefined)
}
