import type { Diagnostic } from '../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Module } from '../core/module.ts'
import { insteadOfStepKey, ownWord } from './foreign-words.ts'
import { RECOVERY_KEYS, STEP_KEYS } from './schema/runbook.ts'
import { didYouMean, suggest } from './suggest.ts'
import type { ParsedYaml, ValuePath } from './yaml.ts'

/** A step as it stands in the file, with its id and its module found. */
export interface StepOutline {
  readonly id: string
  readonly path: ValuePath
  readonly raw: JsonObject
  /** Absent when the step names none, or not exactly one. */
  readonly module?: Module
  readonly onFailure: readonly StepOutline[]
  readonly rollback: readonly StepOutline[]
}

/** Where steps are read from, and what they may name. */
export interface StepSource {
  readonly parsed: ParsedYaml
  readonly modules: ReadonlyMap<string, Module>
}

/** Every step of the runbook with a unique id. Ids that are not given are the module's name, then `service_2`. */
export function outlineSteps(source: StepSource): {
  readonly steps: readonly StepOutline[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const outliner = new Outliner(source)
  const value = source.parsed.value as JsonObject
  return { steps: outliner.list(value['steps'] ?? null, ['steps'], 'step'), diagnostics: outliner.diagnostics }
}

class Outliner {
  readonly diagnostics: Diagnostic[] = []
  readonly #source: StepSource
  readonly #given: ReadonlySet<string>
  readonly #taken = new Map<string, ValuePath>()

  constructor(source: StepSource) {
    this.#source = source
    this.#given = new Set(givenIds(source.parsed.value))
  }

  list(value: JsonValue, path: ValuePath, kind: 'step' | 'recovery'): readonly StepOutline[] {
    if (!Array.isArray(value)) return []
    return value.flatMap((raw: JsonValue, index) => (isMap(raw) ? [this.#step(raw, [...path, index], kind)] : []))
  }

  #step(raw: JsonObject, path: ValuePath, kind: 'step' | 'recovery'): StepOutline {
    const module = this.#module(raw, path, kind)
    const id = this.#id(raw, path, module)
    const nested = (key: string): readonly StepOutline[] =>
      kind === 'step' ? this.list(raw[key] ?? null, [...path, key], 'recovery') : []
    const common = { id, path, raw, onFailure: nested('on_failure'), rollback: nested('rollback') }
    return module ? { ...common, module } : common
  }

  #id(raw: JsonObject, path: ValuePath, module: Module | undefined): string {
    const given = raw['id']
    if (typeof given === 'string') {
      const first = this.#taken.get(given)
      if (first) this.#duplicate(given, path, first)
      else this.#taken.set(given, path)
      return given
    }
    const base = module?.name ?? 'step'
    let id = base
    for (let number = 2; this.#taken.has(id) || this.#given.has(id); number++) id = `${base}_${number}`
    this.#taken.set(id, path)
    return id
  }

  #duplicate(id: string, path: ValuePath, first: ValuePath): void {
    const { line } = this.#source.parsed.rangeAt(first)
    const detail = `The step at line ${line} has it already; steps.${id} would mean both.`
    this.#report('RUNBOOK_STEP_DUPLICATE', `Two steps have the id "${id}"`, { path: [...path, 'id'], detail })
  }

  #module(raw: JsonObject, path: ValuePath, kind: 'step' | 'recovery'): Module | undefined {
    const { modules } = this.#source
    const known = Object.keys(kind === 'step' ? STEP_KEYS : RECOVERY_KEYS)
    const others = Object.keys(raw).filter((key) => !known.includes(key))
    const named = others.filter((key) => modules.has(key))
    const strange = others.filter((key) => !modules.has(key))
    const [first, second] = named
    if (second !== undefined) this.#twoModules([first ?? '', second], path)
    for (const key of strange) this.#strangeKey(key, path, { known, moduleFound: first !== undefined, kind })
    if (others.length === 0) this.#noModule(path)
    return second === undefined && first !== undefined ? modules.get(first) : undefined
  }

  #twoModules([first, second]: readonly [string, string], path: ValuePath): void {
    const detail = 'A step does one thing. Make a step of its own for each.'
    const summary = `A step has two modules, "${first}" and "${second}"`
    this.#report('RUNBOOK_MODULE_UNKNOWN', summary, { path: [...path, second], key: true, detail })
  }

  #noModule(path: ValuePath): void {
    const detail = `One of its keys must be a module: ${this.#moduleNames()}.`
    this.#report('RUNBOOK_MODULE_UNKNOWN', 'The step names no module', { path, detail })
  }

  #strangeKey(
    key: string,
    path: ValuePath,
    about: { readonly known: readonly string[]; readonly moduleFound: boolean; readonly kind: 'step' | 'recovery' },
  ): void {
    const place = { path: [...path, key], key: true }
    const { known, moduleFound, kind } = about
    if (kind === 'recovery' && key in STEP_KEYS) {
      const detail = 'Steps inside on_failure and rollback are the last resort and have none of their own.'
      this.#report('SCHEMA_KEY_UNKNOWN', `"${key}" has no meaning inside on_failure and rollback`, { ...place, detail })
      return
    }
    const modules = [...this.#source.modules.keys()]
    const own = ownWord(key, modules)
    const isModule =
      !moduleFound && (own !== undefined || suggest(key, modules) !== undefined || suggest(key, known) === undefined)
    if (isModule) {
      const detail = `There are ${this.#moduleNames()}.`
      const hint =
        own === undefined ? didYouMean(key, modules) : { hint: `here it is "${own}": till module show ${own}` }
      const words = { ...place, detail, ...hint }
      this.#report('RUNBOOK_MODULE_UNKNOWN', `There is no module "${key}"`, words)
      return
    }
    const detail = `A step has ${known.join(', ')} and one module.`
    this.#report('SCHEMA_KEY_UNKNOWN', `Unknown key "${key}" in a step`, {
      ...place,
      detail,
      ...(insteadOfStepKey(key) ?? didYouMean(key, known)),
    })
  }

  #moduleNames(): string {
    return [...this.#source.modules.keys()].join(', ')
  }

  #report(
    code: Diagnostic['code'],
    summary: string,
    more: { readonly path: ValuePath; readonly key?: boolean; readonly detail: string; readonly hint?: string },
  ): void {
    const { path, key, ...words } = more
    const source = this.#source.parsed.rangeAt(path, key ? 'key' : 'value')
    this.diagnostics.push({ code, severity: 'error', summary, ...words, source })
  }
}

function givenIds(value: JsonValue): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(givenIds)
  if (!isMap(value)) return []
  const own = typeof value['id'] === 'string' ? [value['id']] : []
  return [...own, ...['steps', 'on_failure', 'rollback'].flatMap((key) => givenIds(value[key] ?? null))]
}
