import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { AvailabilitySettings } from '../core/availability-settings.ts'
import type { ContentSettings } from '../core/content.ts'
import type { Contract } from '../core/contract.ts'
import type { DeviceListSettings } from '../core/device-list.ts'
import { type Diagnostic, inOrder } from '../core/diagnostic.ts'
import { parseDuration } from '../core/duration.ts'
import type { SourceSettings } from '../core/event-source.ts'
import type { WorkerRight } from '../core/handed-work.ts'
import type { HookSettings } from '../core/hook-rule.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
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
import { KNOWN_SOURCES, readHooks } from './hooks/read-hooks.ts'
import { type PolicyEntry, policyEntries } from './policy/policy-entries.ts'
import { policyProblems, readPolicies } from './policy/read-policies.ts'
import { type Assignment, readAssignments } from './read-assignments.ts'
import { type AuditSettings, readAudit } from './read-audit.ts'
import { readContent } from './read-content.ts'
import { type PlansSettings, readPlans } from './read-plans.ts'
import { readState, stateProblems } from './read-state.ts'
import { readWorkers } from './read-workers.ts'
import { readYamlFile } from './read-yaml-file.ts'
import { readScheduledReports } from './reports/read-scheduled-reports.ts'
import { loadResponsibility } from './responsibility/load-responsibility.ts'
import { readResponsibility } from './responsibility/read-responsibility.ts'
import { PROJECT_SCHEMA } from './schema/project.ts'
import { readServer } from './server/read-server.ts'
import { readSinks } from './streams/read-sinks.ts'
import { eventSourceNames, readSources } from './streams/read-sources.ts'
import { validate } from './validate.ts'
import { type ParsedYaml, type ValuePath, valueAt } from './yaml.ts'

/** What tillwright.yaml says, defaults filled in. Paths are as written, relative to its folder. */
export interface ProjectSettings {
  /** Where the file says it; undefined where it does not. */
  readonly placeOf: (path: ValuePath) => SourceRange | undefined
  readonly inventory: string
  readonly runbooks: string
  readonly modules: string
  readonly known_hosts: string
  readonly state: string
  /** Sections that are functions are read when they are asked for: most commands need few of them. */
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
  readonly hooks: () => HookSettings
  readonly server: () => ServerSettings
  /** Who may work for runs; nobody named: whoever reaches the state. */
  readonly workers: () => readonly WorkerRight[]
  /** Whose signature plans need; absent where it is not said. */
  readonly plans?: PlansSettings | undefined
  /** Who signs what is cut off the audit log; absent where it is not said. */
  readonly audit?: AuditSettings | undefined
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
  /** Files that it names as secrets (`file:`), as written. */
  readonly secretFiles: () => readonly string[]
  readonly secrets: {
    readonly commands: Readonly<Record<string, { readonly run: readonly string[]; readonly timeoutMs: number }>>
    readonly age: { readonly identity?: string; readonly recipients: readonly string[] }
  }
  /** How files of the repository go to devices. */
  readonly content: ContentSettings
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
  return inOrder([...shape, ...readAssignments(parsed).problems, ...inside])
}

function insideProblems(parsed: ParsedYaml): readonly Diagnostic[] {
  return [
    ...stateProblems(parsed),
    ...readSinks(parsed).problems,
    ...readSources(parsed).problems,
    ...policyProblems(parsed),
    ...readHooks(parsed).problems,
    ...readServer(parsed, sourceNames(parsed)).problems,
    ...readWorkers(parsed).problems,
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
  const { file, ...place } = readState(value)
  const path = (key: keyof typeof PATHS): string => (typeof value[key] === 'string' ? value[key] : PATHS[key])
  const number = (map: JsonObject, key: string, fallback: number): number =>
    typeof map[key] === 'number' ? map[key] : fallback
  return {
    placeOf: (at) => (valueAt(value, at) === null ? undefined : parsed.rangeAt(at)),
    inventory: path('inventory'),
    runbooks: path('runbooks'),
    modules: path('modules'),
    known_hosts: path('known_hosts'),
    state: file ?? path('state'),
    sinks: () => readSinks(parsed).sinks,
    sources: () => readSources(parsed).sources,
    ...place,
    assignments: readAssignments(parsed).assignments,
    history: {
      days: number(history, 'days', HISTORY.days),
      megabytes: number(history, 'megabytes', HISTORY.megabytes),
    },
    policies: readPolicies(parsed),
    policyEntries: () => policyEntries(parsed),
    hooks: () => readHooks(parsed).hooks,
    server: () => readServer(parsed, sourceNames(parsed)).server,
    workers: () => readWorkers(parsed).workers,
    plans: readPlans(value['plans']),
    audit: readAudit(value['audit']),
    availability: () => readAvailability(parsed).availability,
    responsibility: (root) => loadResponsibility(parsed, root),
    contracts: () => readContracts(parsed).contracts,
    reports: () => readScheduledReports(parsed).reports,
    deviceLists: () => readDeviceLists(parsed).lists,
    hasPolicies: 'policies' in value,
    secretFiles: () => [...new Set(secretFilesIn(value))],
    secrets: secretsOf(value['secrets']),
    content: readContent(value['content']),
    run: {
      parallel: number(run, 'parallel', PARALLEL),
      handshakes: number(run, 'handshakes', HANDSHAKES_PER_CORE * availableParallelism()),
      workers: typeof run['workers'] === 'number' ? run['workers'] : 'auto',
      refusals: number(run, 'refusals', REFUSALS),
      leaseMs: Math.max(SHORTEST_LEASE_MS, parseDuration(String(run['lease'] ?? '')) ?? LEASE_MS),
    },
  }
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

function secretFilesIn(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return value.startsWith('file:') ? [value.slice('file:'.length)] : []
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(secretFilesIn)
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
