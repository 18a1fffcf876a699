import type { Change } from '../../core/change.ts'
import { parseDuration } from '../../core/duration.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { convergeService, NOT_UP_EXIT, START_LIMIT_EXIT } from '../../devices/service/converge-service.ts'
import { OBSERVE_SERVICE, readService, TEST_SERVICE } from '../../devices/service/observe-service.ts'
import { type PosixInit, type ServiceState, STABLE_SECONDS } from '../../devices/service/service-state.ts'
import { evidenceOf, failureOf, headOf, parseFields } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { windowsOnly } from '../windows-only.ts'
import { missing, type ServiceParams } from './service-state.ts'

export const onPosix: Side<ServiceParams, ServiceState> = {
  observe,
  converge,
  proof: (params) => ({
    test: TEST_SERVICE,
    values: {
      want_state: params.state,
      want_boot: params.enabled === undefined ? '' : params.enabled ? 'yes' : 'no',
    },
  }),
}

async function observe(context: ModuleContext, params: ServiceParams): Promise<Result<ServiceState>> {
  const strange = windowsOnly(context, params, ['start', 'account', 'recovery'])
  if (strange) return strange
  const values = { name: params.name, stable_for: stableSeconds(params) }
  const answer = await context.shell.ask({ script: OBSERVE_SERVICE, values })
  const failure = failureOf(answer, 'observe', `Asking for service "${params.name}"`)
  if (failure) return fail(failure)
  const fields = parseFields(answer.text)
  const state = readService(fields)
  if (!state) return fail(problem('OBSERVE_FAILED', 'The device names no init system that is known.'))
  if (!state.exists) return missing(params.name, state.init, fields.get('first'))
  const hopeless = cannotBe(params, state)
  return hopeless === undefined ? success(state) : fail({ phase: 'observe', code: 'STATE_IMPOSSIBLE', ...hopeless })
}

function stableSeconds({ stable_for: told }: ServiceParams): number {
  const ms = told === undefined ? undefined : parseDuration(told)
  return ms === undefined ? STABLE_SECONDS : Math.ceil(ms / 1000)
}

async function converge(
  context: ModuleContext,
  params: ServiceParams,
  changes: readonly Change[],
  state: ServiceState,
): Promise<Result<void>> {
  if (changes.some(({ path }) => path === 'triggered_by')) {
    const by = (state.triggered_by ?? []).join(', ')
    const message = `Service "${params.name}" would not stay stopped: ${by} starts it. Nothing was changed.`
    return fail({ ...problem('CONVERGE_FAILED', message), hint: `Stop ${by}, too, in a step before this one.` })
  }
  const act = actionOf(params, changes, state)
  const boot = bootOf(params, changes)
  const values = {
    name: params.name,
    act,
    boot_act: boot,
    stable_for: stableSeconds(params),
    start_limit: params.reset_start_limit === false ? 'keep' : 'reset',
  }
  const answer = await context.shell.ask({ script: convergeService(state.init as PosixInit), values, whole: true })
  const known = KNOWN_EXITS[answer.exitCode]
  if (known !== undefined && !answer.timedOut) {
    return fail({
      ...problem('CONVERGE_FAILED', known(params, act, headOf(answer.errorText.trim(), 600))),
      ...evidenceOf(answer),
    })
  }
  const doing = [boot, act].filter((part) => part !== '').join(' and ')
  const failure = failureOf(answer, 'converge', `The ${doing} of service "${params.name}"`)
  return failure ? fail(failure) : success(undefined)
}

const KNOWN_EXITS: Readonly<Record<number, (params: ServiceParams, act: string, said: string) => string>> = {
  [NOT_UP_EXIT]: (params, act, said) => {
    const seconds = stableSeconds(params)
    return `Service "${params.name}" did not stay up for ${seconds} s after the ${act}: ${said}`
  },
  [START_LIMIT_EXIT]: ({ name }, act, said) =>
    `Service "${name}" was left as it is, since systemd would refuse the ${act}: ${said}.`,
}

interface Hopeless {
  readonly message: string
  readonly hint: string
}

/** What no change can bring about, said before anything is changed. */
function cannotBe(params: ServiceParams, state: ServiceState): Hopeless | undefined {
  const { name, state: desired } = params
  if (desired === 'running' && state.active === 'running' && state.broken !== undefined) {
    return {
      message: `Service "${name}" runs, but systemd can no longer load its unit (LoadState=${state.broken}): it will not start again.`,
      hint: 'See systemd-analyze verify, and mend the unit or its drop-ins.',
    }
  }
  return cannotBeEnabled(params, state) ?? cannotStart(params, state)
}

function cannotBeEnabled({ name, enabled }: ServiceParams, state: ServiceState): Hopeless | undefined {
  if (enabled === undefined) return undefined
  if (state.made !== undefined && enabled !== state.enabled) {
    const boot = state.enabled === true ? 'starts' : 'does not start'
    return {
      message: `Service "${name}" is ${state.made}, and ${boot} at boot: there is no unit file of its own that could be ${enabled ? 'enabled' : 'disabled'}.`,
      hint: 'Change what systemd makes it of (as /etc/fstab, or a file in /etc/containers/systemd), or leave `enabled` out.',
    }
  }
  if (enabled && state.enabled === 'static') {
    return {
      message: `Service "${name}" is static: other units start it, so it cannot be enabled.`,
      hint: 'Leave `enabled` out, or enable the unit that starts it, as its timer or socket.',
    }
  }
  if (state.enabled === 'unknown') {
    return {
      message: `What starts at boot cannot be told on this device: the init of ${state.init} keeps no list of it.`,
      hint: 'Leave `enabled` out, and keep the file that starts it with the module file.',
    }
  }
  return undefined
}

function cannotStart({ name, state: desired, enabled }: ServiceParams, state: ServiceState): Hopeless | undefined {
  if (state.masked && (desired === 'running' || enabled)) {
    const now = state.active === 'running' ? ' It still runs, and will not start again.' : ''
    return {
      message: `Service "${name}" is masked: somebody ruled that it must not run.${now}`,
      hint: 'Unmask it (systemctl unmask) if that is no longer so, or set `state: stopped`.',
    }
  }
  if (desired === 'running' && state.oneshot !== undefined && state.active === 'stopped') {
    return {
      message: `Service "${name}" is a oneshot: it runs to its end (the last time with Result=${state.oneshot}) and then counts as stopped.`,
      hint: 'Set its timer to `running`, or run it with the module command.',
    }
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
