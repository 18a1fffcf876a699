import type { Change } from '../../core/change.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext, Signals } from '../../core/ports.ts'
import { failureOf, parseFields } from '../../shell/tool-answer.ts'
import { defineModule } from '../define.ts'
import { CONVERGE_SERVICE, OBSERVE_SERVICE, readService, type ServiceState } from './init-system.ts'

interface ServiceParams {
  readonly name: string
  readonly state: 'running' | 'stopped'
  readonly enabled?: boolean
  readonly reload?: boolean
}

export const service = defineModule({
  name: 'service',
  summary: 'Keeps a service running or stopped, now and at boot (systemd, OpenRC, SysV)',
  systems: ['linux'],
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'state'],
    properties: {
      name: {
        type: 'string',
        // Without *, ? and [: systemctl would take them for patterns and act on every unit that matches.
        pattern: '^[A-Za-z0-9_@][A-Za-z0-9_@:.+\\\\-]*$',
        description: 'The name of the service or unit.',
        examples: ['till-agent', 'till-sync.timer'],
      },
      state: { enum: ['running', 'stopped'], description: 'What it should be doing.' },
      enabled: { type: 'boolean', description: 'Whether it starts at boot; left alone unless told.' },
      reload: { type: 'boolean', description: 'With restart_on: reload it instead of restarting it.' },
    },
  },
  observe,
  diff,
  value: ({ init, active, enabled }) => ({ init, active, enabled }),
  converge,
})

async function observe(context: ModuleContext, params: ServiceParams): Promise<Result<ServiceState>> {
  const answer = await context.shell.ask({ script: OBSERVE_SERVICE, values: { name: params.name } })
  const failure = failureOf(answer, 'observe', `Asking for service "${params.name}"`)
  if (failure) return fail(failure)
  const state = readService(parseFields(answer.text))
  if (!state) return fail(problem('OBSERVE_FAILED', 'The device names no init system that is known.'))
  if (!state.exists) {
    const message = `There is no service "${params.name}" on the device (${state.init}).`
    const hint = 'Check the name; if a package brings it, install the package in an earlier step.'
    return fail({ ...problem('OBSERVE_FAILED', message), hint })
  }
  return success(state)
}

function diff(params: ServiceParams, state: ServiceState, signals: Signals): readonly Change[] | { unknown: string } {
  if (state.active === 'unknown') {
    return { unknown: `Service "${params.name}" says neither that it is running nor that it is stopped.` }
  }
  const changes: Change[] = []
  const running = state.active === 'running'
  const idle = state.active === 'stopped' || state.active === 'failed'
  if (params.state === 'running' ? !running : !idle) {
    changes.push({ path: 'state', before: state.active, after: params.state })
  }
  // A static unit is not enabled by itself, so there is nothing to disable.
  const enabled = state.enabled === 'static' && params.enabled === false ? false : state.enabled
  if (params.enabled !== undefined && enabled !== params.enabled) {
    changes.push({ path: 'enabled', before: enabled, after: params.enabled })
  }
  if (signals.triggered && running && params.state === 'running') {
    changes.push({ path: params.reload ? 'reload' : 'restart', before: null, after: params.name, once: true })
  }
  return changes
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
  const answer = await context.shell.ask({ script: CONVERGE_SERVICE[state.init], values })
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
