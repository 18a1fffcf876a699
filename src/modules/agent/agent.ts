import type { Change } from '../../core/change.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Triggers } from '../../core/module.ts'
import { MASK } from '../../core/secret.ts'
import { isVersion } from '../../devices/package/package-manager.ts'
import { defineModule } from '../define.ts'
import { anyMap, described, listOf, mapOf, mapOrNull, oneOf, text, textOrNull, truth } from '../value-schema.ts'
import { AGENT_PARAMS } from './agent-params.ts'
import type { AgentParams, AgentState } from './agent-state.ts'
import { differs } from './desired-agent.ts'
import { onPosix } from './posix.ts'
import { onWindows } from './windows.ts'

export const agent = defineModule({
  name: 'agent',
  lasting: () => ({ kind: 'system' }),
  summary:
    'Keeps a Zabbix agent at a version, configured and answering; goes back to what was there if it does not answer',
  sides: { linux: onPosix, windows: onWindows },
  reacts: true,
  params: AGENT_PARAMS,
  paths: { 'file.path': 'content' },
  validate,
  diff: (params, state, triggers) => diff(params as AgentParams, state, triggers),
  valueSchema: mapOf({
    kind: oneOf(['zabbix_agent2', 'zabbix_agentd'], 'Which agent it is.'),
    version: textOrNull('What its program says; null where it is not installed.'),
    package: described(
      'The package that it is from.',
      mapOf({
        manager: textOrNull('What looks after packages there.'),
        version: textOrNull('The version that is installed.'),
      }),
    ),
    service: described(
      'Its service; null where there is none.',
      mapOrNull({
        state: text('What its service does now.'),
        enabled: { type: ['boolean', 'string'], description: 'Whether it starts at boot.' },
      }),
    ),
    answers: described(
      'Whether it answers.',
      mapOf({
        ping: truth('It answers.'),
        by: textOrNull('How that is known: `port`, `control`, `binary`.'),
        version: textOrNull('The version that it answers with.'),
        listening: { type: ['boolean', 'null'], description: 'Its port is open; null where that was not asked.' },
      }),
    ),
    files: listOf({ type: 'string' }, 'The files of its configuration.'),
    leftovers: listOf({ type: 'string' }, 'Configuration that a package left beside that of the device.'),
    keys: anyMap('Each key that the step names: what it is set to; null where it is not.'),
  }),
  value: (state) => shownAgent(state),
})

function validate(params: JsonObject): string | undefined {
  const { file, version, set, remove, psk } = params
  if (file !== undefined && (version === undefined || version === '')) {
    return 'A package from a file needs `version`: without it nobody can tell whether it is already there.'
  }
  const given = { ...(set as JsonObject | undefined), ...(psk !== undefined && { TLSPSKIdentity: '', TLSPSKFile: '' }) }
  const both = Array.isArray(remove) ? remove.find((key) => Object.hasOwn(given, String(key))) : undefined
  if (both !== undefined) return `"${both}" is to be set and to be removed.`
  const twice = psk !== undefined && ['TLSPSKIdentity', 'TLSPSKFile'].find((key) => Object.hasOwn(Object(set), key))
  return twice ? `"${twice}" comes from \`psk\`.` : undefined
}

function diff(params: AgentParams, state: AgentState, triggers: Triggers): readonly Change[] | { unknown: string } {
  const { service, answers } = state
  if (service?.exists && service.active === 'unknown') {
    return { unknown: `Service "${state.serviceName}" says neither that it is running nor that it is stopped.` }
  }
  const changes = [...packageChanges(params, state), ...keyChanges(state), ...pskChanges(params, state)]
  changes.push(...serviceChanges(params, state))
  const runs = service?.active === 'running'
  if (runs && !answers.ping) changes.push({ path: 'answers', before: false, after: true })
  if (answers.version !== '' && state.binaryVersion !== '' && answers.version !== state.binaryVersion) {
    changes.push({ path: 'running_version', before: answers.version, after: state.binaryVersion })
  }
  if (state.unfinished) changes.push({ path: 'unfinished', before: true, after: false })
  if (triggers.triggered && runs) changes.push({ path: 'restart', before: null, after: state.serviceName, once: true })
  return changes
}

function serviceChanges({ enabled }: AgentParams, { service }: AgentState): Change[] {
  const changes: Change[] = []
  const active = service?.exists ? service.active : 'absent'
  if (active !== 'running') changes.push({ path: 'service', before: active, after: 'running' })
  if (enabled !== undefined && bootOf(service, enabled) !== enabled) {
    changes.push({ path: 'enabled', before: service?.exists ? service.enabled : false, after: enabled })
  }
  return changes
}

/** A static unit is not enabled by itself, so there is nothing to disable. */
function bootOf(service: AgentState['service'], desired: boolean): boolean | 'static' | 'unknown' {
  if (!service?.exists) return false
  return service.enabled === 'static' && !desired ? false : service.enabled
}

function packageChanges({ version, file }: AgentParams, state: AgentState): Change[] {
  const { manager, installed, broken } = state.package
  const [found = state.binaryVersion === '' ? null : state.binaryVersion] = installed
  if (broken) return [{ path: 'state', before: 'broken', after: 'present' }]
  if (version !== undefined && version !== '') {
    const isIt = (full: string): boolean =>
      isVersion(version, full) ||
      (manager === 'msi' && /^\d+\.\d+\.\d+$/.test(version) && full.startsWith(`${version}.`))
    const all = installed.length > 0 || file ? installed : [state.binaryVersion]
    return all.some(isIt) ? [] : [{ path: 'version', before: found, after: version }]
  }
  return state.binary === '' ? [{ path: 'state', before: 'absent', after: 'present' }] : []
}

function keyChanges(state: AgentState): Change[] {
  return state.keys.filter(differs).map(({ name, isSensitive, before, after }) => ({
    path: name,
    before: shown(isSensitive, before),
    after: shown(isSensitive, after),
    ...(isSensitive && { sensitive: true }),
  }))
}

function shown(isSensitive: boolean, value: JsonValue | undefined): JsonValue {
  if (value === undefined) return null
  return isSensitive ? MASK : value
}

function pskChanges({ psk }: AgentParams, { psk: is }: AgentState): Change[] {
  if (!psk || !is) return []
  const changes: Change[] = []
  if (is.state !== 'same') {
    changes.push({ path: 'psk', before: is.state === 'absent' ? null : MASK, after: MASK, sensitive: true })
  }
  if (is.state === 'absent' || is.mode === undefined) return changes
  const desired = [
    ['psk_mode', is.mode, (psk.mode ?? '0640').padStart(4, '0')],
    ['psk_owner', is.owner, psk.owner],
    ['psk_group', is.group, psk.group ?? (is.usualGroup || undefined)],
  ] as const
  for (const [path, before = null, after] of desired) {
    if (after !== undefined && after !== before) changes.push({ path, before, after })
  }
  return changes
}

function shownAgent(state: AgentState): JsonObject {
  const {
    kind,
    binaryVersion,
    service,
    answers,
    config,
    leftovers,
    package: { manager, installed },
  } = state
  return {
    kind,
    version: binaryVersion === '' ? null : binaryVersion,
    package: { manager: manager ?? null, version: installed[0] ?? null },
    service: service?.exists ? { state: service.active, enabled: service.enabled } : null,
    answers: {
      ping: answers.ping,
      by: answers.by === '' ? null : answers.by,
      version: answers.version === '' ? null : answers.version,
      listening: answers.listening ?? null,
    },
    files: [...config.files.keys()],
    leftovers: [...leftovers],
    keys: Object.fromEntries(
      state.keys.map((key) => [key.name.replace(/^keys\./, ''), shown(key.isSensitive, key.before)]),
    ),
  }
}
