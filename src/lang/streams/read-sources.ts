import type { Diagnostic } from '../../core/diagnostic.ts'
import { DAY_MS, HOUR_MS } from '../../core/duration.ts'
import type {
  DeviceSilence,
  EventFormat,
  EventReading,
  EventRule,
  SourceOrigin,
  SourceSettings,
} from '../../core/event-source.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Expression } from '../../core/runbook.ts'
import { isTimeZone } from '../../core/zoned-time.ts'
import {
  compileExpression,
  RAW_EVENT_VARIABLES,
  SELECTOR_VARIABLES,
  SOURCE_EVENT_VARIABLES,
  type Variables,
} from '../expression.ts'
import { KNOWN_SOURCES } from '../hooks/read-hooks.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { kafkaBrokers, mqttBroker } from './read-broker.ts'
import { LIKES } from './source-likes.ts'
import { durationIn, listIn, mapIn, numberIn, textIn } from './typed-values.ts'

const ORIGINS = ['push', 'files', 'mqtt', 'kafka', 'set_events'] as const
const MAX_BYTES = 65_536
const OLDEST_MS = 30 * DAY_MS
const READING = ['device', 'store', 'at', 'kind', 'id'] as const

/** Names of the sources of a project file. */
export function eventSourceNames(parsed: ParsedYaml): readonly string[] {
  return Object.keys(mapIn(valueAt(parsed.value, ['sources'])))
}

/**
 * The sources of a project file that is right by its schema, and what is wrong with them at its place. What is wrong is
 * left out: a file with problems is not used.
 */
export function readSources(parsed: ParsedYaml): {
  readonly sources: readonly SourceSettings[]
  readonly problems: readonly Diagnostic[]
} {
  const reader = new SourceReader(parsed)
  const sources = Object.entries(mapIn(valueAt(parsed.value, ['sources']))).flatMap(
    ([name, raw]) => (isMap(raw) ? reader.source(name, raw) : undefined) ?? [],
  )
  return { sources, problems: reader.problems }
}

class SourceReader {
  readonly problems: Diagnostic[] = []
  readonly #parsed: ParsedYaml

  constructor(parsed: ParsedYaml) {
    this.#parsed = parsed
  }

  source(name: string, raw: JsonObject): SourceSettings | undefined {
    const path = ['sources', name]
    if ([...KNOWN_SOURCES, ...Object.keys(mapIn(valueAt(this.#parsed.value, ['hooks', 'sources'])))].includes(name)) {
      this.#report(path, [`"${name}" is a source of alerts by that name`, 'Give the source of events another name.'])
    }
    const [kind, ...more] = ORIGINS.filter((origin) => origin in raw)
    if (kind === undefined || more.length > 0) {
      const given =
        kind === undefined ? 'comes from nowhere' : `comes from several places: ${[kind, ...more].join(', ')}`
      this.#report(path, [`The source "${name}" ${given}`, `Give it exactly one of ${ORIGINS.join(', ')}.`])
      return undefined
    }
    const like = LIKES[String(raw['like'])]
    const reading = this.#reading(path, raw, like)
    const zone = textIn(raw['time_zone'])
    if (zone !== undefined && !isTimeZone(zone))
      this.#report(
        [...path, 'time_zone'],
        [`There is no time zone "${zone}"`, 'Write one such as Europe/Warsaw.'],
        'value',
      )
    const own = listIn(raw['rules']).map((rule, index) => this.#rule([...path, 'rules', index], mapIn(rule)))
    const silence = this.#silence([...path, 'silence'], raw['silence'])
    if (!reading) return undefined
    return {
      name,
      from: originOf(kind, mapIn(raw[kind])),
      format: (textIn(raw['format']) ?? 'json') as EventFormat,
      ...(like?.inner !== undefined && { inner: like.inner }),
      reading,
      rules: [...own, ...(like?.rules ?? []).map((rule) => this.#likeRule(rule))],
      ...(zone !== undefined && { timeZone: zone }),
      monthFirst: raw['month_first'] === true,
      maxBytes: numberIn(raw['max_bytes'], MAX_BYTES),
      repeatedWithinMs: durationIn(raw['repeated_within'], HOUR_MS),
      oldestMs: durationIn(raw['oldest'], OLDEST_MS),
      ...(silence && { silence }),
      source: this.#parsed.rangeAt(path, 'key'),
    }
  }

  #reading(path: ValuePath, raw: JsonObject, like: (typeof LIKES)[string] | undefined): EventReading | undefined {
    const read = READING.map((key) => {
      const written = textIn(raw[key])
      const usual = like?.[key]
      const expression =
        written === undefined
          ? usual && ours(usual, RAW_EVENT_VARIABLES)
          : this.#expression([...path, key], RAW_EVENT_VARIABLES)
      return [key, expression] as const
    })
    const given = Object.fromEntries(read.filter(([, expression]) => expression !== undefined)) as Partial<EventReading>
    if (given.device) return { ...given, device: given.device }
    if (!('device' in raw)) {
      const name = String(path.at(-1))
      const detail = 'Write `device`: an expression that gives its name, its address, or a name of hooks.hostnames.'
      this.#report(path, [`The source "${name}" does not say of which device an event is`, detail])
    }
    return undefined
  }

  #rule(path: ValuePath, raw: JsonObject): EventRule {
    const when = 'when' in raw ? this.#expression([...path, 'when'], SOURCE_EVENT_VARIABLES, 'bool') : undefined
    const each = (key: 'samples' | 'marks') =>
      Object.keys(mapIn(raw[key])).flatMap((name) => {
        const value = this.#expression([...path, key, name], SOURCE_EVENT_VARIABLES)
        return value ? [{ name, value }] : []
      })
    return {
      kinds: new Set(listIn(raw['kinds']).map(String)),
      ...(when && { when }),
      counts: listIn(raw['count']).map(String),
      samples: each('samples').map(({ name, value }) => ({ series: name, value })),
      marks: [...each('marks'), ...factsOf(mapIn(raw['facts']))],
      isSignOfLife: raw['alive'] !== false,
    }
  }

  /** Of a description of ours, whose expressions are right. */
  #likeRule(raw: (typeof LIKES)[string]['rules'][number]): EventRule {
    return {
      kinds: new Set(raw.kinds),
      counts: raw.count ?? [],
      samples: [],
      marks: [
        ...Object.entries(raw.marks ?? {}).map(([name, text]) => ({ name, value: ours(text, SOURCE_EVENT_VARIABLES) })),
        ...factsOf(raw.facts ?? {}),
      ],
      isSignOfLife: true,
    }
  }

  #silence(path: ValuePath, value: JsonValue | undefined): DeviceSilence | undefined {
    if (!isMap(value)) return undefined
    const slow = listIn(value['slow']).flatMap((each, index) => {
      const where = this.#expression([...path, 'slow', index, 'where'], SELECTOR_VARIABLES, 'bool')
      return where ? [{ where, afterMs: durationIn(mapIn(each)['after'], 0) }] : []
    })
    const expects = 'expect' in value ? this.#expression([...path, 'expect'], SELECTOR_VARIABLES, 'bool') : undefined
    return {
      rules: [...slow, { afterMs: durationIn(value['after'], 0) }],
      ...(expects && { expects }),
      tradingOnly: value['always'] !== true,
    }
  }

  #expression(path: ValuePath, variables: Variables, expect?: 'bool'): Expression | undefined {
    const text = valueAt(this.#parsed.value, path)
    if (typeof text !== 'string') return undefined
    const compiled = compileExpression(text, { variables, ...(expect && { expect }) })
    if (compiled.ok) return compiled.expression
    this.problems.push(expressionDiagnostic(compiled.problem, this.#parsed, { path, value: text }))
    return undefined
  }

  #report(path: ValuePath, [summary, detail]: readonly [string, string], part: 'key' | 'value' = 'key'): void {
    const source = this.#parsed.rangeAt(path, part)
    this.problems.push({ code: 'SOURCE_INVALID', severity: 'error', summary, detail, source })
  }
}

function ours(text: string, variables: Variables): Expression {
  const compiled = compileExpression(text, { variables })
  if (!compiled.ok) throw new Error(`a description of ours is wrong: ${text}: ${compiled.problem.summary}`)
  return compiled.expression
}

function factsOf(facts: JsonObject): EventRule['marks'] {
  return Object.entries(facts).map(([name, is]) => ({ name, value: ours(String(is === true), SOURCE_EVENT_VARIABLES) }))
}

function originOf(kind: (typeof ORIGINS)[number], raw: JsonObject): SourceOrigin {
  const topics = listIn(raw['topics']).map(String)
  const client = textIn(raw['client'])
  switch (kind) {
    case 'push':
      return { kind }
    case 'files':
      return { kind, path: String(raw['path']), fromEnd: raw['begin'] === 'end' }
    case 'mqtt':
      return { kind, topics, ...(client !== undefined && { client }), ...mqttBroker(raw) }
    case 'kafka':
      return { kind, topics, group: textIn(raw['group']) ?? 'till', ...kafkaBrokers(raw) }
    case 'set_events':
      return { kind, listen: String(raw['listen']), from: listIn(raw['from']).map(String) }
  }
}
