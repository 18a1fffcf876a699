import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Expression } from '../../core/runbook.ts'
import type { SinkSettings, SinkTarget } from '../../core/sink.ts'
import { compileExpression, EVENT_VARIABLES } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { kafkaBrokers, mqttBroker } from './read-broker.ts'
import { durationIn, mapIn, numberIn, textIn } from './typed-values.ts'

const TARGETS = ['file', 'http', 'kafka', 'mqtt'] as const
const TOPIC = 'till/{kind}'
const MAX_BYTES = 262_144
const KEEP = { days: 7, megabytes: 500 }

/**
 * The sinks of a project file that is right by its schema, and what is wrong with them at its place. What is wrong is left
 * out: a file with problems is not used.
 */
export function readSinks(parsed: ParsedYaml): {
  readonly sinks: readonly SinkSettings[]
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['sinks'])
  const problems: Diagnostic[] = []
  const sinks = Object.entries(isMap(written) ? written : {}).flatMap(([name, raw]) => {
    const read = isMap(raw) ? readSink(parsed, name, { raw, problems }) : undefined
    return read ? [read] : []
  })
  return { sinks, problems }
}

function readSink(
  parsed: ParsedYaml,
  name: string,
  { raw, problems }: { readonly raw: JsonObject; readonly problems: Diagnostic[] },
): SinkSettings | undefined {
  const source = parsed.rangeAt(['sinks', name], 'key')
  const given = TARGETS.filter((target) => target in raw)
  const [kind] = given
  if (kind === undefined || given.length > 1) {
    const summary =
      kind === undefined
        ? `The sink "${name}" goes nowhere`
        : `The sink "${name}" goes to several places: ${given.join(', ')}`
    const detail = `Give it exactly one of ${TARGETS.join(', ')}.`
    problems.push({ code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail, source })
    return undefined
  }
  const condition = (key: 'include' | 'exclude'): Expression | undefined => {
    const value = raw[key]
    if (typeof value !== 'string') return undefined
    const compiled = compileExpression(value, { variables: EVENT_VARIABLES, expect: 'bool' })
    if (compiled.ok) return compiled.expression
    problems.push(expressionDiagnostic(compiled.problem, parsed, { path: ['sinks', name, key], value }))
    return undefined
  }
  const [include, exclude] = [condition('include'), condition('exclude')]
  const keep = mapIn(raw['keep'])
  return {
    name,
    to: targetOf(kind, mapIn(raw[kind])),
    ...(include && { include }),
    ...(exclude && { exclude }),
    topic: textIn(raw['topic']) ?? TOPIC,
    topics: textsIn(raw['topics']),
    maxBytes: numberIn(raw['max_bytes'], MAX_BYTES),
    keep: {
      days: numberIn(keep['days'], KEEP.days),
      megabytes: numberIn(keep['megabytes'], KEEP.megabytes),
      whenFull: keep['when_full'] === 'drop-oldest' ? 'drop-oldest' : 'refuse',
    },
    source,
  }
}

function targetOf(kind: (typeof TARGETS)[number], raw: JsonObject): SinkTarget {
  if (kind === 'file') {
    return {
      kind,
      path: String(raw['path']),
      megabytes: numberIn(raw['megabytes'], 100),
      files: numberIn(raw['files'], 5),
    }
  }
  if (kind === 'mqtt') return { kind, ...mqttBroker(raw) }
  if (kind === 'kafka') return { kind, ...kafkaBrokers(raw) }
  const ca = textIn(raw['ca'])
  const hmac = isMap(raw['hmac']) ? raw['hmac'] : undefined
  return {
    kind,
    url: String(raw['url']),
    timeoutMs: durationIn(raw['timeout'], 10_000),
    ...(ca !== undefined && { ca }),
    headers: textsIn(raw['headers']),
    batch: numberIn(raw['batch'], 100),
    ...(hmac && {
      hmac: {
        secret: String(hmac['secret']),
        header: textIn(hmac['header']) ?? 'X-Till-Signature',
        timeHeader: textIn(hmac['time_header']) ?? 'X-Till-Timestamp',
      },
    }),
  }
}

function textsIn(value: JsonValue | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(mapIn(value)).map(([key, text]) => [key, String(text)]))
}
