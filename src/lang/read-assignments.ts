import { ASSIGNMENT_MODES, type AssignmentMode } from '../core/assignment-schedule.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import { parseDuration } from '../core/duration.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import type { SourceRange } from '../core/source.ts'
import { compileSelector } from './expression.ts'
import { expressionDiagnostic } from './runbook-steps.ts'
import type { ParsedYaml } from './yaml.ts'

/** A runbook that holds for devices. */
export interface Assignment {
  readonly runbook: string
  /** Of its own among all assignments. */
  readonly name: string
  readonly where?: string
  readonly mode: AssignmentMode
  /** How often. Default: with every pass. */
  readonly everyMs?: number
  readonly owner?: string
  /** As a command line would give them; the runbook converts them by its declarations. */
  readonly params: Readonly<Record<string, string>>
  /** Name of a policy that holds beside that of the runbook. */
  readonly policy?: string
  /** Where it names the runbook. */
  readonly source: SourceRange
}

/** The assignments of tillwright.yaml, and what is wrong with their names and selectors beyond their form. */
export function readAssignments(parsed: ParsedYaml): {
  readonly assignments: readonly Assignment[]
  readonly problems: readonly Diagnostic[]
} {
  const raws = rawIn(parsed.value)
  const names = ownNames(raws)
  return {
    assignments: raws.map((raw, index) => assignmentOf(raw, names[index] ?? nameOf(raw), { index, parsed })),
    get problems() {
      return [...selectorProblems(raws, parsed), ...nameProblems(raws, parsed)]
    },
  }
}

function rawIn(value: JsonValue): readonly JsonObject[] {
  const list = isMap(value) ? value['assignments'] : undefined
  return Array.isArray(list) ? list.filter(isMap) : []
}

function assignmentOf(
  raw: JsonObject,
  name: string,
  { index, parsed }: { readonly index: number; readonly parsed: ParsedYaml },
): Assignment {
  const { runbook, where, params, policy, mode, every, owner } = raw
  const everyMs = typeof every === 'string' ? parseDuration(every) : undefined
  const entries = Object.entries(isMap(params) ? params : {})
  return {
    runbook: String(runbook),
    name,
    mode: ASSIGNMENT_MODES.find((one) => one === mode) ?? 'report',
    ...(everyMs !== undefined && { everyMs }),
    ...(typeof owner === 'string' && { owner }),
    ...(typeof where === 'string' && { where }),
    ...(typeof policy === 'string' && { policy }),
    params: Object.fromEntries(entries.map(([key, v]) => [key, typeof v === 'string' ? v : JSON.stringify(v)])),
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

/** Those that have no name of their own, and one runbook: the second is NAME-2, or what comes next where that is written. */
function ownNames(raws: readonly JsonObject[]): readonly string[] {
  const names = raws.map(nameOf)
  const written = new Set(names)
  const taken = new Set<string>()
  return names.map((name) => {
    let own = name
    for (let count = 2; taken.has(own) || (own !== name && written.has(own)); count += 1) own = `${name}-${count}`
    taken.add(own)
    return own
  })
}

/** Two assignments of one name would share when they were last gone through, and be suspended together. */
function nameProblems(raws: readonly JsonObject[], parsed: ParsedYaml): readonly Diagnostic[] {
  const seen = new Set<string>()
  return raws.flatMap((raw, index) => {
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

function selectorProblems(raws: readonly JsonObject[], parsed: ParsedYaml): readonly Diagnostic[] {
  return raws.flatMap(({ where }, index) => {
    if (typeof where !== 'string' || where === '') return []
    const compiled = compileSelector(where)
    if (compiled.ok) return []
    return expressionDiagnostic(compiled.problem, parsed, { path: ['assignments', index, 'where'], value: where })
  })
}
