import type { Change } from '../../core/change.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/ports.ts'
import { CONVERGE_SERVICE, OBSERVE_SERVICE, readService, TEST_SERVICE } from '../../devices/service/init-system.ts'
import type { ServiceState } from '../../devices/service/service-state.ts'
import { failureOf, parseFields } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { windowsOnly } from '../windows-only.ts'
import { missing, type ServiceParams } from './service-state.ts'

export const onPosix: Side<ServiceParams, ServiceState> = {
  observe,
  converge,
  proof: (params) => ({
    test: TEST_SERVICE,
    values: { want_state: params.state, want_boot: params.enabled === undefined ? '' : params.enabled ? 'yes' : 'no' },
  }),
}

async function observe(context: ModuleContext, params: ServiceParams): Promise<Result<ServiceState>> {
  const strange = windowsOnly(context, params, ['start', 'account', 'recovery'])
  if (strange) return strange
  const answer = await context.shell.ask({ script: OBSERVE_SERVICE, values: { name: params.name } })
  const failure = failureOf(answer, 'observe', `Asking for service "${params.name}"`)
  if (failure) return fail(failure)
  const state = readService(parseFields(answer.text))
  if (!state) return fail(problem('OBSERVE_FAILED', 'The device names no init system that is known.'))
  if (!state.exists) return missing(params.name, state.init)
  return success(state)
}

async function converge(
  context: ModuleContext,
  params: ServiceParams,
  changes: readonly Change[],
  state: ServiceState,
): Promise<Result<void>> {
  const hopeless = cannotBe(params, changes, state)
  if (hopeless !== undefined) return fail(problem('CONVERGE_FAILED', hopeless))
  const values = { name: params.name, act: actionOf(params, changes, state), boot: bootOf(params, changes) }
  const answer = await context.shell.ask({
    script: CONVERGE_SERVICE[state.init as keyof typeof CONVERGE_SERVICE],
    values,
  })
  const doing = [values.boot, values.act].filter((part) => part !== '').join(' and ')
  const failure = failureOf(answer, 'converge', `The ${doing} of service "${params.name}"`)
  return failure ? fail(failure) : success(undefined)
}

function cannotBe(params: ServiceParams, changes: readonly Change[], state: ServiceState): string | undefined {
  if (state.masked && (params.state === 'running' || params.enabled)) {
    return `Service "${params.name}" is masked: somebody ruled that it must not run. Unmask it if that is no longer so.`
  }
  if (state.enabled === 'static' && changes.some((change) => change.path === 'enabled')) {
    return `Service "${params.name}" is static: other units start it, so it cannot be enabled. Leave \`enabled\` out.`
  }
  return undefined
}

function actionOf(params: ServiceParams, changes: readonly Change[], state: ServiceState): string {
  const paths = new Set(changes.map((change) => change.path))
  if (paths.has('restart')) return 'restart'
  if (paths.has('reload')) return 'reload'
  if (!paths.has('state')) return ''
  if (params.state === 'stopped') return 'stop'
  // OpenRC takes a crashed service for a started one.
  return state.init === 'openrc' && state.active === 'failed' ? 'restart' : 'start'
}

function bootOf(params: ServiceParams, changes: readonly Change[]): string {
  if (!changes.some((change) => change.path === 'enabled')) return ''
  return params.enabled ? 'enable' : 'disable'
}

function problem(code: Failure['code'], message: string): Failure {
  return { code, phase: code === 'OBSERVE_FAILED' ? 'observe' : 'converge', message }
}
