import type { Change } from '../../core/change.ts'
import type { ShellValue } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { inClear, Secret } from '../../core/secret.ts'
import { changeScript } from '../../devices/agent/posix-change.ts'
import { OBSERVE_AGENT } from '../../devices/agent/posix-look.ts'
import { packageFile } from '../../devices/package/package-file.ts'
import type { PackageManager } from '../../devices/package/package-manager.ts'
import { stageFile } from '../../devices/package/stage-file.ts'
import { failureOf } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { windowsOnly } from '../windows-only.ts'
import { type AgentParams, type AgentState, changedFiles } from './agent-state.ts'
import { actOf, INSTALLS, PATIENCE_S, sends } from './change.ts'
import { desired } from './desired-agent.ts'
import { readAgent } from './posix-reading.ts'
import { changeVerdict } from './verdict.ts'

export const onPosix: Side<AgentParams, AgentState> = { observe, converge, sends }

async function observe(context: ModuleContext, params: AgentParams): Promise<Result<AgentState>> {
  const only = { properties: params.properties, signer: params.file?.signer }
  const strange = windowsOnly(context, only, ['properties', 'signer'])
  if (strange) return strange
  const asking = context.shell.ask({
    script: OBSERVE_AGENT,
    values: {
      kind: params.kind ?? 'auto',
      path: params.path ?? '',
      package: params.package ?? '',
      service: params.service ?? '',
      manager: params.manager ?? 'auto',
      psk_path: params.psk?.path ?? '',
      psk_key: params.psk?.key ?? '',
    },
    maxOutputBytes: 4 * 1024 * 1024,
  })
  const [answer, file] = await Promise.all([asking, params.file && packageFile(params.file)])
  const failure = failureOf(answer, 'observe', 'Looking at the agent')
  if (failure) return fail(withoutOutput(failure))
  const reading = readAgent(answer)
  if (!reading.ok) return reading
  if (file && !file.ok) return file
  const desiredValue = desired(params, reading.value.config)
  if (!desiredValue.ok) return desiredValue
  return success({ ...reading.value, ...desiredValue.value, ...(file && { file: file.value }) })
}

/** What was read holds whole files, which may hold secrets. */
function withoutOutput({ evidence: _evidence, ...failure }: Failure): Failure {
  return failure
}

async function converge(
  context: ModuleContext,
  params: AgentParams,
  changes: readonly Change[],
  state: AgentState,
): Promise<Result<void>> {
  const {
    service,
    package: { manager, installed },
  } = state
  const hopeless = cannotBe(changes, state)
  if (hopeless !== undefined) return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message: hopeless })
  const installs = changes.some(({ path }) => INSTALLS.test(path))
  const by = manager as PackageManager
  const staged = installs && state.file ? await stageFile(context.shell, state.file, by) : undefined
  if (staged && !staged.ok) return staged
  const init = service?.init as Exclude<NonNullable<typeof service>['init'], 'windows'>
  const answer = await context.shell.ask({
    script: changeScript(init, installs ? { manager: by, fromFile: staged !== undefined } : undefined),
    values: {
      kind: state.kind,
      path: state.path,
      real: state.config.main,
      ...serviceValues(params, changes, state),
      install: installs ? 'yes' : 'no',
      package: state.packageName,
      manager: by ?? '',
      version: params.version ?? '',
      old_version: installed[0] ?? '',
      file: staged?.value.file ?? '',
      scratch: staged?.value.folder ?? '',
      sha256: params.file?.sha256.toLowerCase() ?? '',
      ...fileValues(params, changes, state),
    },
    whole: true,
  })
  return changeVerdict(answer, params, state)
}

function serviceValues(
  params: AgentParams,
  changes: readonly Change[],
  { service, serviceName }: AgentState,
): Record<string, ShellValue> {
  const wasRunning = service?.active === 'running'
  const boots = changes.some(({ path }) => path === 'enabled')
  return {
    service: serviceName,
    patience: params.patience_s ?? PATIENCE_S,
    act: actOf(changes, wasRunning),
    boot: boots ? (params.enabled ? 'enable' : 'disable') : '',
    was_running: wasRunning ? 'yes' : 'no',
  }
}

function cannotBe(
  changes: readonly Change[],
  { service, package: { manager }, serviceName }: AgentState,
): string | undefined {
  if (manager === undefined && changes.some(({ path }) => INSTALLS.test(path)))
    return 'The device has no package manager that is known.'
  if (!service) return 'The device names no init system that is known.'
  if (service.masked)
    return `Service "${serviceName}" is masked: somebody ruled that it must not run. Unmask it if that is no longer so.`
  const isStatic = service.enabled === 'static' && changes.some(({ path }) => path === 'enabled')
  return isStatic ? `Service "${serviceName}" is static, so it cannot be enabled. Leave \`enabled\` out.` : undefined
}

function fileValues(params: AgentParams, changes: readonly Change[], state: AgentState): Record<string, ShellValue> {
  const main = state.files.get(state.config.main)
  const config = changedFiles(state).map(({ path, text }) => {
    const facts = state.files.get(path) ?? { mode: main?.mode ?? '0644', owner: main?.owner ?? '', sum: 'absent' }
    // Of a package that is not there yet nobody knows what it brings.
    return { path, part: 'config', text, ...facts, sum: state.binary === '' ? 'any' : facts.sum }
  })
  const { psk } = params
  const changesPsk = psk && changes.some(({ path }) => path.startsWith('psk'))
  const group = psk?.group ?? state.psk?.usualGroup ?? ''
  const all = changesPsk
    ? [
        ...config,
        {
          path: psk.path,
          part: 'psk',
          text: `${inClear(psk.key)}\n`,
          mode: psk.mode ?? '0640',
          owner: [psk.owner ?? '', group].join(':').replace(/:$/, ''),
          sum: 'any',
        },
      ]
    : config
  const values = all.flatMap((file, at): [string, ShellValue][] => {
    const n = at + 1
    return [
      [`path_${n}`, file.path],
      [`part_${n}`, file.part],
      [`content_${n}`, new Secret(file.text)],
      [`bytes_${n}`, Buffer.byteLength(file.text)],
      [`mode_${n}`, file.mode],
      [`owner_${n}`, file.owner],
      [`sum_${n}`, file.sum],
    ]
  })
  return { count: all.length, ...Object.fromEntries(values) }
}
