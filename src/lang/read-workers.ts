import { type Diagnostic, InputError } from '../core/diagnostic.ts'
import type { WorkerRight } from '../core/handed-work.ts'
import { isMap, type JsonValue } from '../core/json.ts'
import { serveText } from '../core/served.ts'
import { type ParsedYaml, type ValuePath, valueAt } from './yaml.ts'

interface Problem {
  readonly at: ValuePath
  readonly summary: string
  readonly detail: string
}

/** `workers` of tillwright.yaml: who may serve what, of the form that its schema wants. */
export function readWorkers(parsed: ParsedYaml): {
  readonly workers: readonly WorkerRight[]
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['workers'])
  const found: Problem[] = []
  const workers: WorkerRight[] = []
  for (const [name, raw] of Object.entries(isMap(written) ? written : {})) {
    const { key, serves } = isMap(raw) ? raw : {}
    const twin = workers.find((one) => one.key === key)
    const summary = `Workers "${twin?.name}" and "${name}" have one key`
    if (twin) found.push({ at: [name, 'key'], summary, detail: 'Make a token for each: till worker token.' })
    workers.push({ name, key: String(key), serve: servedBy(name, serves, found) })
  }
  const problems = found.map(({ at, ...words }): Diagnostic => {
    return { code: 'SCHEMA_VALUE_INVALID', severity: 'error', ...words, source: parsed.rangeAt(['workers', ...at]) }
  })
  return { workers, problems }
}

function servedBy(name: string, serves: JsonValue | undefined, found: Problem[]): string {
  const text = typeof serves === 'string' ? serves : undefined
  try {
    return serveText(text)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    for (const { summary, detail = '' } of error.diagnostics) found.push({ at: [name, 'serves'], summary, detail })
    return String(text)
  }
}
