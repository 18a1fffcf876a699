import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ASSIGNMENT_MODES, type AssignmentMode } from '../core/assignment-schedule.ts'
import type { AvailabilitySettings } from '../core/availability-settings.ts'
import type { Contract } from '../core/contract.ts'
import type { DeviceListSettings } from '../core/device-list.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import { parseDuration } from '../core/duration.ts'
import type { SourceSettings } from '../core/event-source.ts'
import type { HookSettings } from '../core/hook-rule.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Policy } from '../core/policy.ts'
import type { ScheduledReport } from '../core/report-schedule.ts'
import type { Retention } from '../core/run-store.ts'
import type { ServerSettings } from '../core/server-settings.ts'
import type { SinkSettings } from '../core/sink.ts'
import type { SourceRange } from '../core/source.ts'
import { readAvailability } from './availability/read-availability.ts'
import { readContracts } from './availability/read-contracts.ts'
import { cacheFormat, digest, readSealed, writeSealed } from './cache.ts'
import { readDeviceLists } from './device-lists/read-device-lists.ts'
import { compileSelector } from './expression.ts'
import { KNOWN_SOURCES, readHooks } from './hooks/read-hooks.ts'
import { isMap } from './is-map.ts'
import { inOrder } from './load-runbook.ts'
import { type PolicyEntry, policyEntries } from './policy/policy-entries.ts'
import { policyProblems, readPolicies } from './policy/read-policies.ts'
import { type PlansSettings, readPlans } from './read-plans.ts'
import { readYamlFile } from './read-yaml-file.ts'
import { readScheduledReports } from './reports/read-scheduled-reports.ts'
import { loadResponsibility } from './responsibility/load-responsibility.ts'
import { readResponsibility } from './responsibility/read-responsibility.ts'
import { expressionDiagnostic } from './runbook-steps.ts'
import { PROJECT_SCHEMA } from './schema/project.ts'
import { readServer } from './server/read-server.ts'
import { readSinks } from './streams/read-sinks.ts'
import { eventSourceNames, readSources } from './streams/read-sources.ts'
import { validate } from './validate.ts'
import { type ParsedYaml, type ValuePath, valueAt } from './yaml.ts'

/** A runbook that holds for devices. */
interface Assignment {
  readonly runbook: string
  /** Of its own among all assignments. */
  readonly name: string
  readonly where?: string
  readonly mode: AssignmentMode
  /** How often; with every pass unless given. */
  readonly everyMs?: number
  readonly owner?: string
  /** As a command line would give them; the runbook converts them by its declarations. */
  readonly params: Readonly<Record<string, string>>
  /** Name of a policy that holds beside that of the runbook. */
  readonly policy?: string
  /** Where it names the runbook. */
  readonly source: SourceRange
}

/** What tillwright.yaml says, defaults filled in. Paths are as written, relative to its folder. */
export interface ProjectSettings {
  /** Where the file says it; undefined where it does not. */
  readonly placeOf: (path: ValuePath) => SourceRange | undefined
  readonly inventory: string
  readonly runbooks: string
  readonly modules: string
  readonly known_hosts: string
  readonly state: string
  readonly sinks: () => readonly SinkSettings[]
  readonly sources: () => readonly SourceSettings[]
  /** Where the address of a PostgreSQL is that holds the state in its place: a reference to a secret, or itself. */
  readonly postgres?: string
  /** Id of the one state store that counts; absent: whichever is there. */
  readonly stateId?: string
  readonly assignments: readonly Assignment[]
  readonly history: Retention
  /** By name; `default` is always there. */
  readonly policies: ReadonlyMap<string, Policy>
  /** The rules of policies and the guards, with their places. */
  readonly policyEntries: () => readonly PolicyEntry[]
  /** Read when they are asked for: most commands need none. */
  readonly hooks: () => HookSettings
  readonly server: () => ServerSettings
  /** Whose signature plans need; absent where it is not said. */
  readonly plans?: PlansSettings | undefined
  readonly availability: () => AvailabilitySettings
  /** Whose a fault is; what is wrong with files that it names is told with it. `root` is the folder of the project file. */
  readonly responsibility: (root: string) => ReturnType<typeof loadResponsibility>
  readonly contracts: () => readonly Contract[]
  /** APIs of others that list devices. */
  readonly deviceLists: () => readonly DeviceListSettings[]
  /** Reports that are sent by themselves. */
  readonly reports: () => readonly ScheduledReport[]
  /** The file says so itself: a policy is in force. */
  readonly hasPolicies: boolean
  readonly secrets: {
    readonly commands: Readonly<Record<string, { readonly run: readonly string[]; readonly timeoutMs: number }>>
    readonly age: { readonly identity?: string; readonly recipients: readonly string[] }
  }
  readonly run: {
    readonly parallel: number
    readonly handshakes: number
    readonly workers: 'auto' | number
    readonly leaseMs: number
    readonly refusals: number
  }
}

/** Devices in flight. Most of them wait for a slow line, and one that hangs must not keep another from its turn. */
const PARALLEL = 500
/** Directories usually lock an account after 5 to 10 failures, and a login may try a password twice. */
const REFUSALS = 5
const LEASE_MS = 120_000
/** Devices go by whole seconds, and a busy machine may not be heard of for one or two. */
const SHORTEST_LEASE_MS = 5_000
const HANDSHAKES_PER_CORE = 32

/** A program that tells secrets, in milliseconds. */
const SECRET_COMMAND_MS = 10_000

const HISTORY: Retention = { days: 90, megabytes: 2_000 }

const PATHS = {
  inventory: 'inventory/',
  runbooks: 'runbooks/',
  modules: 'modules/',
  known_hosts: 'inventory/known_hosts',
  state: '.till/state.db',
} as const

/**
 * Reads tillwright.yaml; settings are absent when it has errors. An empty file has only defaults. That a file is without
 * fault is kept in the cache, so that it is checked once.
 */
export async function loadProject(
  file: string,
  options: { readonly cacheFolder?: string } = {},
): Promise<{ readonly settings?: ProjectSettings; readonly diagnostics: readonly Diagnostic[] }> {
  const { parsed, diagnostics } = readYamlFile(file)
  if (!parsed || diagnostics.length > 0) return { diagnostics }
  const cache = options.cacheFolder === undefined ? undefined : join(options.cacheFolder, 'project')
  const faultless = `${cacheFormat(PROJECT_SCHEMA)} ${digest(parsed.text)}`
  if (cache !== undefined && readSealed(cache)?.toString() === faultless)
    return { settings: settingsOf(parsed), diagnostics }
  const problems = problemsOf(parsed)
  if (problems.length > 0) return { diagnostics: problems }
  if (cache !== undefined) writeSealed(cache, Buffer.from(faultless))
  return { settings: settingsOf(parsed), diagnostics: [] }
}

/** What policies and hooks say is looked at only when it is of the form that is expected. */
function problemsOf(parsed: ParsedYaml): readonly Diagnostic[] {
  const shape = validate(PROJECT_SCHEMA, parsed)
  const inside = shape.length === 0 ? insideProblems(parsed) : []
  return inOrder([...shape, ...selectorProblems(parsed), ...nameProblems(parsed), ...inside])
}

function insideProblems(parsed: ParsedYaml): readonly Diagnostic[] {
  return [
    ...stateProblems(parsed),
    ...readSinks(parsed).problems,
    ...readSources(parsed).problems,
    ...policyProblems(parsed),
    ...readHooks(parsed).problems,
    ...readServer(parsed, sourceNames(parsed)).problems,
    ...readAvailability(parsed).problems,
    ...readResponsibility(parsed, ['responsibility']).problems,
    ...readContracts(parsed).problems,
    ...readScheduledReports(parsed).problems,
    ...readDeviceLists(parsed).problems,
  ]
}

function sourceNames(parsed: ParsedYaml): readonly string[] {
  return [...KNOWN_SOURCES, ...readHooks(parsed).hooks.sources.map(({ name }) => name), ...eventSourceNames(parsed)]
}

function settingsOf(parsed: ParsedYaml): ProjectSettings {
  const value = isMap(parsed.value) ? parsed.value : {}
  const run = isMap(value['run']) ? value['run'] : {}
  const history = isMap(value['history']) ? value['history'] : {}
  const path = (key: keyof typeof PATHS): string => (typeof value[key] === 'string' ? value[key] : PATHS[key])
  const number = (map: JsonObject, key: string, fallback: number): number =>
    typeof map[key] === 'number' ? map[key] : fallback
  return {
    placeOf: (at) => (valueAt(value, at) === null ? undefined : parsed.rangeAt(at)),
    inventory: path('inventory'),
    runbooks: path('runbooks'),
    modules: path('modules'),
    known_hosts: path('known_hosts'),
    state: fileIn(value) ?? path('state'),
    sinks: () => readSinks(parsed).sinks,
    sources: () => readSources(parsed).sources,
    ...postgresIn(value),
    ...stateIdIn(value),
    assignments: named(assignmentsOf(value).map((raw, index) => assignmentOf(raw, index, parsed))),
    history: {
      days: number(history, 'days', HISTORY.days),
      megabytes: number(history, 'megabytes', HISTORY.megabytes),
    },
    policies: readPolicies(parsed),
    policyEntries: () => policyEntries(parsed),
    hooks: () => readHooks(parsed).hooks,
    server: () => readServer(parsed, sourceNames(parsed)).server,
    plans: readPlans(value['plans']),
    availability: () => readAvailability(parsed).availability,
    responsibility: (root) => loadResponsibility(parsed, root),
    contracts: () => readContracts(parsed).contracts,
    reports: () => readScheduledReports(parsed).reports,
    deviceLists: () => readDeviceLists(parsed).lists,
    hasPolicies: 'policies' in value,
    secrets: secretsOf(value['secrets']),
    run: {
      parallel: number(run, 'parallel', PARALLEL),
      handshakes: number(run, 'handshakes', HANDSHAKES_PER_CORE * availableParallelism()),
      workers: typeof run['workers'] === 'number' ? run['workers'] : 'auto',
      refusals: number(run, 'refusals', REFUSALS),
      leaseMs: Math.max(SHORTEST_LEASE_MS, parseDuration(String(run['lease'] ?? '')) ?? LEASE_MS),
    },
  }
}

function postgresIn(value: JsonValue): { readonly postgres?: string } {
  const state = isMap(value) ? value['state'] : undefined
  const postgres = isMap(state) ? state['postgres'] : undefined
  return typeof postgres === 'string' ? { postgres } : {}
}

function fileIn(value: JsonValue): string | undefined {
  const state = isMap(value) ? value['state'] : undefined
  const file = isMap(state) ? state['file'] : undefined
  return typeof file === 'string' ? file : undefined
}

function stateIdIn(value: JsonValue): { readonly stateId?: string } {
  const state = isMap(value) ? value['state'] : undefined
  const id = isMap(state) ? state['id'] : undefined
  return typeof id === 'string' ? { stateId: id } : {}
}

/** No frame is shown of a password. */
function stateProblems(parsed: ParsedYaml): Diagnostic[] {
  const { postgres = '' } = postgresIn(parsed.value)
  if (postgres !== '' && fileIn(parsed.value) !== undefined) {
    const summary = '`state` names a file and a PostgreSQL'
    const detail = 'Keep the one that it lies in.'
    return [
      { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail, source: parsed.rangeAt(['state', 'file']) },
    ]
  }
  if (!/^postgres(ql)?:\/\/[^@/]*:[^@/]+@/.test(postgres)) return []
  const { file, line, column } = parsed.rangeAt(['state', 'postgres'])
  const summary = `The address of the state in ${file}:${line}:${column} holds a password`
  const detail =
    'Whoever reads the repository reads it. Put the address into a variable, and write `postgres: env:NAME`.'
  return [{ code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail }]
}

function secretsOf(value: JsonValue | undefined): ProjectSettings['secrets'] {
  const { commands, age } = isMap(value) ? value : {}
  const programs = Object.entries(isMap(commands) ? commands : {}).map(([name, command]) => {
    const { run, timeout_ms: ms } = isMap(command) ? command : {}
    return [name, { run: texts(run), timeoutMs: typeof ms === 'number' ? ms : SECRET_COMMAND_MS }] as const
  })
  const { identity, recipients } = isMap(age) ? age : {}
  return {
    commands: Object.fromEntries(programs),
    age: { ...(typeof identity === 'string' && { identity }), recipients: texts(recipients) },
  }
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function assignmentsOf(value: JsonValue): readonly JsonObject[] {
  const list = isMap(value) ? value['assignments'] : undefined
  return Array.isArray(list) ? list.filter(isMap) : []
}

function assignmentOf(raw: JsonObject, index: number, parsed: ParsedYaml): Assignment {
  const { runbook, where, params, policy, mode, every, owner } = raw
  const everyMs = typeof every === 'string' ? parseDuration(every) : undefined
  const entries = Object.entries(isMap(params) ? params : {})
  return {
    runbook: String(runbook),
    name: nameOf(raw),
    mode: ASSIGNMENT_MODES.find((one) => one === mode) ?? 'report',
    ...(everyMs !== undefined && { everyMs }),
    ...(typeof owner === 'string' && { owner }),
    ...(typeof where === 'string' && { where }),
    ...(typeof policy === 'string' && { policy }),
    params: Object.fromEntries(entries.map(([name, v]) => [name, typeof v === 'string' ? v : JSON.stringify(v)])),
    get source() {
      return parsed.rangeAt(['assignments', index, 'runbook'])
    },
  }
}

/** A runbook may be a file: its name is what people call it. */
function nameOf({ name, runbook }: JsonObject): string {
  return typeof name === 'string'
    ? name
    : String(runbook)
        .replace(/^.*\//, '')
        .replace(/\.ya?ml$/, '')
}

/** Two assignments of one name would share when they were last gone through, and be suspended together. */
function nameProblems(parsed: ParsedYaml): Diagnostic[] {
  const seen = new Set<string>()
  return assignmentsOf(parsed.value).flatMap((raw, index) => {
    const name = nameOf(raw)
    const isTwice = seen.has(name) && typeof raw['name'] === 'string'
    seen.add(name)
    if (!isTwice) return []
    const summary = `Two assignments are named "${name}"`
    const detail = 'Name each of them otherwise.'
    const source = parsed.rangeAt(['assignments', index, 'name'])
    return [{ code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail, source }]
  })
}

/** Those that have no name of their own, and one runbook: the second is NAME-2, or what comes next where that is written. */
function named(assignments: readonly Assignment[]): readonly Assignment[] {
  const written = new Set(assignments.map(({ name }) => name))
  const taken = new Set<string>()
  return assignments.map((assignment) => {
    const { name } = assignment
    let own = name
    for (let count = 2; taken.has(own) || (own !== name && written.has(own)); count += 1) own = `${name}-${count}`
    taken.add(own)
    return own === name ? assignment : Object.defineProperty(assignment, 'name', { value: own })
  })
}

function selectorProblems(parsed: ParsedYaml): Diagnostic[] {
  return assignmentsOf(parsed.value).flatMap(({ where }, index) => {
    if (typeof where !== 'string' || where === '') return []
    const compiled = compileSelector(where)
    if (compiled.ok) return []
    return expressionDiagnostic(compiled.problem, parsed, { path: ['assignments', index, 'where'], value: where })
  })
}
