import { parseDuration } from '../../core/duration.ts'
import { GUARD_KINDS, type Guard, type GuardKind, type GuardTest } from '../../core/guard.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { devicePatternProblem } from '../../pattern/device-pattern.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import { scopeOf } from './read-entries.ts'
import type { PolicyProblem } from './read-when.ts'

const LOOK_AGAIN_MS = 15_000
const FRESH_MS = 60_000
const WAYS = ['file', 'process', 'log', 'idle', 'logged_in', 'script', 'source'] as const
const WAYS_DETAIL = 'Write one of `file`, `process`, `log`, `idle`, `logged_in: true`, `script` or `source`.'

/** The guards of a project file that is right by its schema, by name; paths of problems begin at its root. */
export function readGuards(file: JsonValue): {
  readonly guards: ReadonlyMap<string, Guard>
  readonly problems: readonly PolicyProblem[]
} {
  const written = valueAt(file, ['guards'])
  const problems: PolicyProblem[] = []
  const guards = new Map<string, Guard>()
  for (const [name, raw] of Object.entries(isMap(written) ? written : {})) {
    if (!isMap(raw)) continue
    const guard = readGuard(name, raw, { path: ['guards', name], problems, file })
    if (guard) guards.set(name, guard)
  }
  return { guards, problems }
}

interface At {
  readonly path: ValuePath
  readonly problems: PolicyProblem[]
  readonly file: JsonValue
}

function readGuard(name: string, raw: JsonObject, at: At): Guard | undefined {
  const given = WAYS.filter((way) => raw[way] !== undefined)
  const [way, second] = given
  if (way === undefined || second !== undefined) {
    const summary =
      way === undefined ? `"${name}" does not say how to ask` : `"${way}" and "${second}" both say how to ask`
    const path = second === undefined ? at.path : [...at.path, second]
    at.problems.push({ path, summary, detail: WAYS_DETAIL, ...(second !== undefined && { part: 'key' as const }) })
    return undefined
  }
  if (way === 'source') checkSource(raw, at)
  const test = testOf(way, raw[way] as JsonValue, { ...at, path: [...at.path, way] })
  const kind = raw['is'] as GuardKind | undefined
  const says = typeof raw['says'] === 'string' ? raw['says'] : kind && GUARD_KINDS[kind]
  return {
    name,
    says: says ?? GUARD_KINDS[way === 'logged_in' ? 'logged-in' : 'in-use'],
    ask: askOf(way, raw),
    test,
    lookAgainMs: parseDuration(String(raw['look_again'] ?? '')) ?? LOOK_AGAIN_MS,
    ...scopeOf(raw),
  }
}

function askOf(way: (typeof WAYS)[number], raw: JsonObject): Guard['ask'] {
  if (way === 'source') return 'controller'
  return raw['ask'] === 'host' ? 'host' : 'device'
}

function checkSource(raw: JsonObject, { file, path, problems }: At): void {
  const sources = valueAt(file, ['sources'])
  const named = String(valueAt(raw, ['source', 'name']))
  if (isMap(sources) && Object.hasOwn(sources, named)) return
  const detail = 'Name one of `sources` of this file.'
  problems.push({ path: [...path, 'source', 'name'], summary: `There is no source "${named}"`, detail })
}

function testOf(way: (typeof WAYS)[number], value: JsonValue, at: At): GuardTest {
  const map = isMap(value) ? value : {}
  switch (way) {
    case 'file':
      return { type: 'file', path: String(value) }
    case 'process':
      return { type: 'process', name: String(value) }
    case 'logged_in':
      return { type: 'logged-in' }
    case 'idle':
      return { type: 'idle', path: String(map['file']), seconds: (parseDuration(String(map['for'])) ?? 0) / 1_000 }
    case 'log':
      return {
        type: 'log',
        path: String(map['file']),
        begins: patternOf(map, 'begins', at),
        ends: patternOf(map, 'ends', at),
        silent: map['silent'] === 'free',
        ...(typeof map['encoding'] === 'string' && { encoding: map['encoding'] }),
      }
    case 'source':
      return {
        type: 'source',
        source: String(map['name']),
        fact: String(map['fact']),
        withinMs: parseDuration(String(map['within'] ?? '')) ?? FRESH_MS,
      }
    case 'script': {
      const { sh, powershell } = map
      return {
        type: 'script',
        ...(typeof sh === 'string' && { sh }),
        ...(typeof powershell === 'string' && { powershell }),
      }
    }
  }
}

function patternOf(map: JsonObject, key: string, { path, problems }: At): string {
  const source = String(map[key])
  const problem = devicePatternProblem(source)
  if (problem !== undefined) {
    problems.push({
      path: [...path, key],
      summary: `"${source}" is no pattern that can be looked for`,
      detail: `${problem}.`,
    })
  }
  return source
}
