import type { Diagnostic } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import type {
  GenericSource,
  HookParam,
  HookRule,
  HookSettings,
  SilenceSettings,
  SystemSettings,
} from '../../core/hook-rule.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Expression } from '../../core/runbook.ts'
import {
  compileExpression,
  HOOK_VARIABLES,
  SELECTOR_VARIABLES,
  SOURCE_VARIABLES,
  type Variables,
} from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'

/** Sources that need no description. */
export const KNOWN_SOURCES = ['alertmanager', 'grafana', 'zabbix', 'streams']
const SYSTEMS = ['zabbix', 'alertmanager'] as const
const SHORTEST_SILENCE_MS = 10_000
const EXPRESSIONS = [
  'id',
  'firing',
  'since',
  'alert',
  'alerts',
  'severity',
  'text',
  'device',
  'store',
  'host',
  'labels',
] as const

/**
 * The hooks of a project file that is right by its schema, and what is wrong with them at its place. What is wrong is left out:
 * a file with problems is not used.
 */
export function readHooks(parsed: ParsedYaml): {
  readonly hooks: HookSettings
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['hooks'])
  const raw = isMap(written) ? written : {}
  const reader = new HookReader(parsed)
  const sources = reader.sources(raw['sources'])
  const rules = reader.rules(raw['rules'], [...KNOWN_SOURCES, ...sources.map(({ name }) => name)])
  const breaker = isMap(raw['breaker']) ? raw['breaker'] : {}
  const hooks = {
    rules,
    sources,
    systems: reader.systems(raw['systems']),
    hostnames: listOf(raw['hostnames']).flatMap(
      (_, index) => reader.expression(['hooks', 'hostnames', index], { variables: SELECTOR_VARIABLES }) ?? [],
    ),
    breaker: { episodes: numberOf(breaker['episodes'], 100), withinMs: durationOf(breaker['within'], '10m') },
  }
  return { hooks, problems: reader.problems }
}

class HookReader {
  readonly problems: Diagnostic[] = []
  readonly #parsed: ParsedYaml

  constructor(parsed: ParsedYaml) {
    this.#parsed = parsed
  }

  sources(raw: JsonValue | undefined): readonly GenericSource[] {
    return Object.keys(isMap(raw) ? raw : {}).flatMap((name) => {
      if (KNOWN_SOURCES.includes(name)) {
        const detail = 'Give the source another name.'
        this.#report(['hooks', 'sources', name], {
          key: true,
          summary: `"${name}" is known without a description`,
          detail,
        })
      }
      const options = { variables: SOURCE_VARIABLES }
      const read = EXPRESSIONS.map((key) => [key, this.expression(['hooks', 'sources', name, key], options)] as const)
      const given = Object.fromEntries(read.filter(([, each]) => each !== undefined)) as Omit<GenericSource, 'name'>
      return [{ name, ...given }]
    })
  }

  rules(raw: JsonValue | undefined, sources: readonly string[]): readonly HookRule[] {
    const names = new Set<string>()
    return listOf(raw).flatMap((each, index) => {
      const path = ['hooks', 'rules', index]
      if (!isMap(each)) return []
      const name = String(each['name'])
      if (names.has(name)) {
        const detail = 'Episodes go by the names of rules.'
        this.#report([...path, 'name'], { summary: `Two rules are named "${name}"`, detail })
      }
      names.add(name)
      for (const [at, source] of listOf(each['sources']).entries()) {
        if (sources.includes(String(source))) continue
        const detail = `There are ${sources.join(', ')}.`
        this.#report([...path, 'sources', at], { summary: `There is no source "${String(source)}"`, detail })
      }
      const match = this.expression([...path, 'match'], { variables: HOOK_VARIABLES, expect: 'bool' })
      return match ? [this.#rule(each, { name, match, path })] : []
    })
  }

  #rule(
    raw: JsonObject,
    { name, match, path }: { readonly name: string; readonly match: Expression; readonly path: ValuePath },
  ): HookRule {
    const { often, runbook, mode, about } = raw
    const attempts = isMap(raw['attempts']) ? raw['attempts'] : {}
    const source = this.#parsed.rangeAt([...path, typeof runbook === 'string' ? 'runbook' : 'name'])
    return {
      name,
      match,
      fault: typeof raw['fault'] === 'string' ? raw['fault'] : name,
      faultSource: this.#parsed.rangeAt([...path, typeof raw['fault'] === 'string' ? 'fault' : 'name']),
      sources: listOf(raw['sources']).map(String),
      about: about === 'store' ? 'store' : 'device',
      mode: mode === 'act' || mode === 'ask' ? mode : 'shadow',
      ...(typeof runbook === 'string' && { runbook }),
      params: Object.entries(isMap(raw['params']) ? raw['params'] : {}).flatMap(([param, value]) =>
        this.#param(param, value, [...path, 'params', param]),
      ),
      forMs: durationOf(raw['for'], '0s'),
      ...(isMap(often) && {
        often: { times: numberOf(often['times'], 1), withinMs: durationOf(often['within'], '1h') },
      }),
      settleMs: durationOf(raw['settle'], '30s'),
      cooldownMs: durationOf(raw['cooldown'], '15m'),
      attempts: {
        episode: numberOf(attempts['episode'], 1),
        day: numberOf(attempts['day'], 3),
        useless: numberOf(attempts['useless'], 3),
      },
      perHour: numberOf(raw['per_hour'], 20),
      clearWithinMs: durationOf(raw['clear_within'], '10m'),
      heldForMs: durationOf(raw['held_for'], '30m'),
      quietMs: durationOf(raw['quiet'], '5m'),
      source,
    }
  }

  #param(name: string, value: JsonValue, path: ValuePath): readonly HookParam[] {
    if (!isMap(value)) return [{ name, value: String(value) }]
    const from = this.expression([...path, 'from'], { variables: HOOK_VARIABLES })
    return from ? [{ name, from, oneOf: listOf(value['one_of']).map(String) }] : []
  }

  systems(raw: JsonValue | undefined): readonly SystemSettings[] {
    const written = isMap(raw) ? raw : {}
    return SYSTEMS.flatMap((source) => {
      const system = written[source]
      if (!isMap(system)) return []
      const { url, token } = system
      const silence = this.#silence(system['silence'], ['hooks', 'systems', source, 'silence'])
      return [
        {
          source,
          url: String(url),
          ...(typeof token === 'string' && { token }),
          ...(silence && { silence }),
          ...this.#hosts(source),
        },
      ]
    })
  }

  #hosts(source: string): Pick<SystemSettings, 'hosts'> {
    const at = (key: string) =>
      this.expression(['hooks', 'systems', source, 'hosts', key], { variables: SELECTOR_VARIABLES })
    const [name, group] = [at('name'), at('group')]
    return name || group ? { hosts: { ...(name && { name }), ...(group && { group }) } } : {}
  }

  #silence(raw: JsonValue | undefined, path: ValuePath): SilenceSettings | undefined {
    if (!isMap(raw)) return undefined
    const lastsMs = durationOf(raw['lasts'], '10m')
    if (lastsMs < SHORTEST_SILENCE_MS) {
      const detail = 'It is renewed several times within that time: give it 10s at least, better 10m.'
      this.#report([...path, 'lasts'], { summary: 'A silence that is renewed cannot be so short', detail })
    }
    const matchers = Object.keys(isMap(raw['matchers']) ? raw['matchers'] : {}).flatMap((label) => {
      const value = this.expression([...path, 'matchers', label], { variables: SELECTOR_VARIABLES })
      return value ? [{ label, value }] : []
    })
    return { lastsMs, matchers }
  }

  /** Undefined where there is none, or a wrong one. */
  expression(
    path: ValuePath,
    options: { readonly variables: Variables; readonly expect?: 'bool' },
  ): Expression | undefined {
    const text = valueAt(this.#parsed.value, path)
    if (typeof text !== 'string') return undefined
    const compiled = compileExpression(text, options)
    if (compiled.ok) return compiled.expression
    this.problems.push(expressionDiagnostic(compiled.problem, this.#parsed, { path, value: text }))
    return undefined
  }

  #report(
    path: ValuePath,
    { key, summary, detail }: { readonly key?: boolean; readonly summary: string; readonly detail: string },
  ): void {
    const source = this.#parsed.rangeAt(path, key ? 'key' : 'value')
    this.problems.push({ code: 'HOOK_INVALID', severity: 'error', summary, detail, source })
  }
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

function numberOf(value: JsonValue | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

function durationOf(value: JsonValue | undefined, fallback: string): number {
  return parseDuration(typeof value === 'string' ? value : fallback) ?? 0
}
