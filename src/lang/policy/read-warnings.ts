import { MINUTE_MS } from '../../core/duration.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { NOT_NOW_EXIT, type Warning } from '../../core/warning.ts'
import { valueAt } from '../value-path.ts'
import { scopeOf } from './read-entries.ts'
import type { PolicyProblem } from './read-when.ts'
import { msOf, numberOf } from './written-values.ts'

const TIMEOUT_MS = 30_000
const TIMES = 3
const HOLDS_MS = 30 * MINUTE_MS
/** Connecting and looking take so long; people would be warned again before anything could begin. */
const LEAST_HOLDS_MS = 5 * MINUTE_MS

/** The warnings of a project file that is right by its schema, by name; paths of problems begin at its root. */
export function readWarnings(file: JsonValue): {
  readonly warnings: ReadonlyMap<string, Warning>
  readonly problems: readonly PolicyProblem[]
} {
  const written = valueAt(file, ['warnings'])
  const problems: PolicyProblem[] = []
  const warnings = new Map<string, Warning>()
  for (const [name, raw] of Object.entries(isMap(written) ? written : {})) {
    if (!isMap(raw)) continue
    const warning = warningOf(name, raw)
    warnings.set(name, warning)
    if (warning.holdsMs < LEAST_HOLDS_MS) {
      const summary = `People would be warned again before the change could begin: \`holds\` is ${raw['holds']}`
      problems.push({ path: ['warnings', name, 'holds'], summary, detail: 'Give 5m at least. Default: 30m.' })
    }
    if (warning.atOnceExit !== warning.notNowExit) continue
    const detail = 'Give `at_once` and `not_now` exit codes of their own.'
    const summary = `Exit code ${warning.atOnceExit} would mean both "at once" and "not now"`
    problems.push({ path: ['warnings', name, 'at_once'], summary, detail })
  }
  return { warnings, problems }
}

function warningOf(name: string, raw: JsonObject): Warning {
  const { sh, powershell } = isMap(raw['script'] ?? null) ? (raw['script'] as JsonObject) : {}
  const atOnceExit = numberOf(raw['at_once'])
  const waitMs = msOf(raw['wait']) ?? 0
  const forMs = msOf(raw['for'])
  return {
    name,
    script: { ...(typeof sh === 'string' && { sh }), ...(typeof powershell === 'string' && { powershell }) },
    notNowExit: numberOf(raw['not_now']) ?? NOT_NOW_EXIT,
    ...(atOnceExit !== undefined && { atOnceExit }),
    timeoutMs: msOf(raw['timeout']) ?? TIMEOUT_MS,
    waitMs,
    againMs: msOf(raw['again']) ?? Math.max(waitMs, MINUTE_MS),
    times: numberOf(raw['times']) ?? TIMES,
    ...(forMs !== undefined && { forMs }),
    afterLimit: raw['after'] === 'change' ? 'change' : 'defer',
    onFailure: raw['fails'] === 'change' ? 'change' : 'defer',
    holdsMs: msOf(raw['holds']) ?? HOLDS_MS,
    ...scopeOf(raw),
  }
}
