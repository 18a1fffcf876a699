import type { Diagnostic } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import type { Contact } from '../../core/escalation.ts'
import { DEFAULT_LIMITS_MS } from '../../core/incident-clocks.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Responsibility, ResponsibilityRow, ServiceContract, Team } from '../../core/responsibility.ts'
import type { Expression } from '../../core/runbook.ts'
import { compileExpression, SELECTOR_VARIABLES } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { type Reading, readChain, readChannels, readContacts, unlessKnown } from './read-channels.ts'
import { serviceHours } from './service-hours.ts'

/**
 * The responsibility matrix at a place of a file that is right by its schema, and what is wrong with it at its place; undefined
 * where there is none. What is wrong is left out: a file with problems is not used.
 */
export function readResponsibility(
  parsed: ParsedYaml,
  at: ValuePath,
): { readonly responsibility: Responsibility | undefined; readonly problems: readonly Diagnostic[] } {
  const raw = valueAt(parsed.value, at)
  if (!isMap(raw)) return { responsibility: undefined, problems: [] }
  const reader = new ResponsibilityReader(parsed, at)
  const vendor = reader.expression('vendor')
  const contract = reader.expression('contract')
  const contracts = reader.contracts(raw['contracts'])
  const channels = readChannels(raw['channels'], reader.reading)
  const contacts = readContacts(raw['contacts'], { ...reader.reading, channels })
  const teams = reader.teams(raw['teams'], contacts)
  const responsibility: Responsibility = {
    ...(vendor && { vendor }),
    ...(contract && { contract }),
    contracts,
    channels,
    contacts,
    teams,
    rows: reader.rows(raw['rows'], { teams: [...teams.keys()], contracts: [...contracts.keys()] }),
    source: parsed.rangeAt([...at, 'rows'], 'key'),
  }
  return { responsibility, problems: reader.problems }
}

class ResponsibilityReader {
  readonly problems: Diagnostic[] = []
  readonly #parsed: ParsedYaml
  readonly #at: ValuePath

  constructor(parsed: ParsedYaml, at: ValuePath) {
    this.#parsed = parsed
    this.#at = at
  }

  get reading(): Reading {
    return {
      parsed: this.#parsed,
      at: this.#at,
      problems: this.problems,
      report: (path, said) => this.#report(path, said),
    }
  }

  /** Undefined where there is none, or a wrong one. */
  expression(key: 'vendor' | 'contract'): Expression | undefined {
    const path = [...this.#at, key]
    const value = valueAt(this.#parsed.value, path)
    if (typeof value !== 'string') return undefined
    const compiled = compileExpression(value, { variables: SELECTOR_VARIABLES })
    if (compiled.ok) return compiled.expression
    this.problems.push(expressionDiagnostic(compiled.problem, this.#parsed, { path, value }))
    return undefined
  }

  contracts(raw: JsonValue | undefined): ReadonlyMap<string, ServiceContract> {
    const read = mapsOf(raw).map(([name, each]): readonly [string, ServiceContract] => {
      const { hours, problems } = serviceHours(each['hours'])
      for (const { path, part, summary, detail } of problems)
        this.#report(['contracts', name, 'hours', ...path], { part, summary, detail })
      const { holidays } = each
      const limits_ms = {
        reaction: durationOf(each['reaction'], DEFAULT_LIMITS_MS.reaction),
        diagnosis: durationOf(each['diagnosis'], DEFAULT_LIMITS_MS.diagnosis),
        fix: durationOf(each['fix'], DEFAULT_LIMITS_MS.fix),
      }
      return [name, { name, hours, limits_ms, ...(typeof holidays === 'string' && { holidays }) }]
    })
    return new Map(read)
  }

  teams(raw: JsonValue | undefined, contacts: ReadonlyMap<string, Contact>): ReadonlyMap<string, Team> {
    const teams = mapsOf(raw).map(([name, { partner, chain }]): Team => {
      const steps = readChain(chain, { ...this.reading, team: name, contacts })
      return { name, chain: steps, ...(typeof partner === 'string' && { partner }) }
    })
    return new Map(teams.map((team) => [team.name, team]))
  }

  rows(
    raw: JsonValue | undefined,
    known: { readonly teams: readonly string[]; readonly contracts: readonly string[] },
  ): readonly ResponsibilityRow[] {
    const { report } = this.reading
    return listOf(raw).flatMap((each, index) => {
      if (!isMap(each)) return []
      const path = ['rows', index]
      const team = String(each['team'])
      unlessKnown([...path, 'team'], { what: 'team', name: team, names: known.teams }, report)
      const contracts = listOf(each['contract']).map(String)
      for (const [at, name] of contracts.entries())
        unlessKnown([...path, 'contract', at], { what: 'contract', name, names: known.contracts }, report)
      const { fault } = each
      return {
        faults: typeof fault === 'string' ? [fault] : listOf(fault).map(String),
        vendors: listOf(each['vendor']).map(String),
        regions: listOf(each['region']).map(String),
        contracts,
        team,
        steps: listOf(each['steps']).map(String),
        source: this.#parsed.rangeAt([...this.#at, ...path]),
      }
    })
  }

  #report(
    path: ValuePath,
    { part = 'value', ...said }: { part?: 'key' | 'value'; summary: string; detail: string; hint?: string },
  ): void {
    const source = this.#parsed.rangeAt([...this.#at, ...path], part)
    this.problems.push({ code: 'RESPONSIBILITY_INVALID', severity: 'error', ...said, source })
  }
}

function mapsOf(raw: JsonValue | undefined): readonly (readonly [string, JsonObject])[] {
  return Object.entries(isMap(raw) ? raw : {}).flatMap(([name, each]) => (isMap(each) ? [[name, each] as const] : []))
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

function durationOf(value: JsonValue | undefined, fallback: number): number {
  return typeof value === 'string' ? (parseDuration(value) ?? fallback) : fallback
}
