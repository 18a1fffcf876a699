import type { Change } from '../../core/change.ts'
import { DURATION } from '../../core/duration.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Triggers } from '../../core/module.ts'
import { ACTIVE_STATES, POSIX_INITS, type ServiceState } from '../../devices/service/service-state.ts'
import { defineModule } from '../define.ts'
import { described, listOf, mapOf, number, oneOf, text } from '../value-schema.ts'
import { onPosix } from './posix.ts'
import type { ServiceParams } from './service-state.ts'
import { onWindows } from './windows.ts'

/** What a restart of the device would take back where a write filter is at work. */
const SETTINGS: ReadonlySet<string> = new Set(['enabled', 'start', 'account', 'recovery'])

export const service = defineModule({
  name: 'service',
  lasting: (_, changes) => (changes.some(({ path }) => SETTINGS.has(path)) ? { kind: 'system' } : undefined),
  summary: 'Keeps a service running or stopped, now and at boot (systemd, OpenRC, runit, SysV, Windows)',
  sides: { linux: onPosix, windows: onWindows },
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'state'],
    properties: {
      name: {
        type: 'string',
        // Without *, ? and [: systemctl would take them for patterns and act on every unit that matches.
        pattern: '^[A-Za-z0-9_@]([A-Za-z0-9_@:.+ $()\\\\-]*[A-Za-z0-9_@:.+$)\\\\-])?$',
        description: 'The name of the service or unit.',
        examples: ['till-agent', 'till-sync.timer', 'Zabbix Agent 2'],
      },
      state: {
        enum: ['running', 'stopped'],
        description:
          'What it should be doing. systemd: nothing stays stopped while a socket, path or timer is active that starts it; stop that before.',
      },
      enabled: {
        type: 'boolean',
        description: 'Whether it starts at boot. Default: left alone. Windows: automatic or delayed, or else manual.',
      },
      reload: {
        type: 'boolean',
        description: 'With restart_on: reload it instead of restarting it. Windows has no such thing and restarts it.',
      },
      stable_for: {
        ...DURATION,
        description:
          'How long it has to stay up to count as running. One that began a moment ago is looked at again when that is over. Default: 3s. Not for Windows.',
        examples: ['3s', '30s'],
      },
      reset_start_limit: {
        type: 'boolean',
        description:
          'systemd: whether the counter of starts (StartLimitBurst) is reset before a start or restart. Default: true. With false, a service whose restart systemd would refuse is left as it is, and the step fails.',
      },

      start: {
        enum: ['automatic', 'delayed', 'manual', 'disabled'],
        description: 'Windows: how it is started, in place of `enabled`.',
      },
      account: {
        type: 'string',
        minLength: 1,
        description: 'Windows: the account that it runs under.',
        examples: ['LocalSystem', 'NT AUTHORITY\\LocalService', '.\\till'],
      },
      password: {
        type: 'string',
        description: 'Windows: of that account, as a secret. It is set along with the account.',
      },
      recovery: {
        type: 'object',
        additionalProperties: false,
        required: ['restart_after_ms'],
        description: 'Windows: after how long it is restarted when it fails for the first time, the second, and so on.',
        properties: {
          restart_after_ms: {
            type: 'array',
            description: 'Milliseconds until it is restarted, for each failure in turn.',
            maxItems: 8,
            items: { type: 'integer', minimum: 0, maximum: 86_400_000 },
            examples: [[5000, 60_000]],
          },
          reset_after_s: { type: 'integer', minimum: 0, description: 'Counts anew after so long. Default: a day.' },
        },
      },
    },
  },
  validate,
  diff: (params, state, triggers) => diff(params as ServiceParams, state, triggers),
  explain: (params, state, changes) => explain(params as ServiceParams, state, changes),
  valueSchema: mapOf(
    {
      init: oneOf([...POSIX_INITS, 'windows'], 'What starts services there.'),
      active: oneOf(ACTIVE_STATES, 'What it does now.'),
      enabled: oneOf([true, false, 'static', 'unknown'], 'Whether it starts at boot; `static`: others start it.'),
    },
    {
      why: text('Why it is failed or unknown.'),
      oneshot: text('systemd: how a unit that runs to its end has ended last.'),
      made: oneOf(['generated', 'transient'], 'systemd: nobody can enable it.'),
      broken: text('systemd: why its file is no longer loaded, in the word of LoadState.'),
      triggered_by: listOf({ type: 'string' }, 'systemd: units that start it at an event.'),
      start: oneOf(['automatic', 'delayed', 'manual', 'disabled'], 'Windows: how it starts.'),
      account: text('Windows: as whom it runs.'),
      recovery: described(
        'Windows: what is done when it fails.',
        mapOf({
          restart_after_ms: listOf(
            { type: 'number' },
            'How long until it is restarted, after each failure in turn; -1: something else is done.',
          ),
          reset_after_s: number('After so long without a failure it begins anew.'),
        }),
      ),
      dependants: listOf({ type: 'string' }, 'Windows: services that run and need it.'),
      stranded: listOf({ type: 'string' }, 'Windows: services that were stopped along with it and did not come back.'),
    },
  ),
  value: ({ masked: _masked, exists: _exists, ...seen }) => ({ ...seen }) as JsonObject,
})

function validate(params: JsonObject): string | undefined {
  if (params['start'] !== undefined && params['enabled'] !== undefined) return 'Use either `enabled` or `start`.'
  return params['password'] !== undefined && params['account'] === undefined
    ? '`password` goes with `account`.'
    : undefined
}

function diff(params: ServiceParams, state: ServiceState, triggers: Triggers): readonly Change[] | { unknown: string } {
  if (state.active === 'unknown') {
    const why = state.why === undefined ? '' : ` (${state.why})`
    return { unknown: `Service "${params.name}" says neither that it is running nor that it is stopped${why}.` }
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
  changes.push(...triggerChanges(params, state), ...windowsChanges(params, state))
  if (triggers.triggered) changes.push(...restarts(params, state))
  return changes
}

/** What starts a service again that is to be stopped. */
function triggerChanges({ state: desired }: ServiceParams, { triggered_by: before }: ServiceState): readonly Change[] {
  return desired === 'stopped' && before !== undefined ? [{ path: 'triggered_by', before, after: [] }] : []
}

/** Continuing one that is paused would not have it read anything anew. */
function restarts({ name, state, reload }: ServiceParams, { active }: ServiceState): readonly Change[] {
  if (state !== 'running' || (active !== 'running' && active !== 'paused')) return []
  return [{ path: reload ? 'reload' : 'restart', before: null, after: name, once: true }]
}

/** What is left of a service that was changed without error; only where it is nothing but its state. */
function explain(params: ServiceParams, state: ServiceState, changes: readonly Change[]): string | undefined {
  if (changes.some(({ path }) => path !== 'state')) return undefined
  const done = params.state === 'running' ? 'Started' : 'Stopped'
  return `${done} without error, but it is still ${state.active}.`
}

function windowsChanges(
  { state: desiredState, start, account, recovery }: ServiceParams,
  state: ServiceState,
): readonly Change[] {
  if (state.init !== 'windows') return []
  const changes: Change[] = []
  if (start !== undefined && state.start !== start) {
    changes.push({ path: 'start', before: state.start ?? null, after: start })
  }
  if (account !== undefined && state.account !== account) {
    changes.push({ path: 'account', before: state.account ?? null, after: account })
  }
  if (state.stranded && desiredState === 'running')
    changes.push({ path: 'stranded', before: [...state.stranded], after: [] })
  if (recovery === undefined) return changes
  const desired = { restart_after_ms: [...recovery.restart_after_ms], reset_after_s: recovery.reset_after_s ?? 86_400 }
  const { restart_after_ms: delays = [], reset_after_s = 0 } = state.recovery ?? {}
  const is = { restart_after_ms: [...delays], reset_after_s }
  if (JSON.stringify(is) !== JSON.stringify(desired)) changes.push({ path: 'recovery', before: is, after: desired })
  return changes
}
