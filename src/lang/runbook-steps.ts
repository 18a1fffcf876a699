import type { Diagnostic } from '../core/diagnostic.ts'
import { parseDuration } from '../core/duration.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Module } from '../core/module.ts'
import type { Expression, Step, Template } from '../core/runbook.ts'
import type { SourceRange } from '../core/source.ts'
import { compileExpression, type ExpressionProblem, SELECTOR_VARIABLES, type Variables } from './expression.ts'
import { placeholderProblems } from './foreign-placeholder.ts'
import { paramProblems, withoutSecrets } from './param-problems.ts'
import type { StepOutline } from './runbook-outline.ts'
import { scalarPlace } from './scalar-place.ts'
import { wrongSecretKinds } from './secret-kind.ts'
import { didYouMean } from './suggest.ts'
import { compileTemplate, isTemplated, type TemplateExpression } from './template.ts'
import { EXPRESSION_OPEN } from './template-text.ts'
import { writtenIn } from './validate.ts'
import { type ParsedYaml, type ValuePath, valueAt } from './yaml.ts'

/** Compiles what stands in a runbook: conditions, selectors, parameters of steps. What is wrong gathers in `diagnostics`. */
export class RunbookCompiler {
  readonly diagnostics: Diagnostic[] = []
  readonly #parsed: ParsedYaml
  readonly #variables: Variables
  readonly #allSteps: readonly string[]

  constructor(parsed: ParsedYaml, variables: Variables, allSteps: readonly string[]) {
    this.#parsed = parsed
    this.#variables = variables
    this.#allSteps = allSteps
  }

  /** Steps in their order; those that are wrong are left out. */
  steps(outlines: readonly StepOutline[]): readonly Step[] {
    return outlines.flatMap((outline, index) => {
      const before = outlines.slice(0, index).map(({ id }) => id)
      return this.#step(outline, before) ?? []
    })
  }

  /** The condition at a path; undefined when there is none or it is wrong. `stepIds`: which steps it may look at. */
  condition(path: ValuePath, stepIds: readonly string[]): Expression | undefined {
    return this.#expression(path, { variables: this.#variables, stepIds })
  }

  /** The selector at a path; undefined when there is none or it is wrong. */
  selector(path: ValuePath): Expression | undefined {
    return this.#expression(path, { variables: SELECTOR_VARIABLES })
  }

  /** Texts at a path that may hold `${{ }}`; undefined when one is wrong. */
  texts(texts: JsonObject, path: ValuePath, stepIds: readonly string[]): Template | undefined {
    this.#foreignPlaceholders(texts, path)
    const compiled = compileTemplate(texts, { variables: this.#variables, stepIds })
    if (compiled.ok) return compiled.template
    for (const problem of compiled.problems) this.#templateProblem(problem, path)
    return undefined
  }

  #expression(
    path: ValuePath,
    options: { readonly variables: Variables; readonly stepIds?: readonly string[] },
  ): Expression | undefined {
    const text = valueAt(this.#parsed.value, path)
    if (typeof text !== 'string' || text === '') return undefined
    const compiled = compileExpression(text, { ...options, expect: 'bool' })
    if (compiled.ok) return compiled.expression
    const problem = isTemplated(text) ? wrapped(text) : compiled.problem
    this.diagnostics.push(expressionDiagnostic(problem, this.#parsed, { path, value: text }))
    return undefined
  }

  #step(outline: StepOutline, before: readonly string[]): Step | undefined {
    const { id, path, raw } = outline
    const restartOn = this.#restartOn(outline, before)
    const timeout = 'timeout' in raw ? this.#timeout(raw['timeout'] ?? null, [...path, 'timeout']) : undefined
    const when = this.condition([...path, 'when'], before)
    const name = typeof raw['name'] === 'string' ? raw['name'] : id
    const recovery = (steps: readonly StepOutline[]): readonly Step[] =>
      steps.flatMap((each, index) => this.#step(each, [...before, id, ...steps.slice(0, index).map((s) => s.id)]) ?? [])
    const onFailure = recovery(outline.onFailure)
    const rollback = recovery(outline.rollback)
    if (!outline.module) return undefined
    const params = this.#params(outline.module, outline, { before, reacting: restartOn.length > 0 })
    if (!params) return undefined
    return {
      id,
      name,
      module: outline.module.name,
      params,
      ...(when && { when, whenSource: this.#parsed.rangeAt([...path, 'when']) }),
      restart_on: restartOn,
      ...(timeout !== undefined && { timeout_ms: timeout }),
      continue_on_failure: raw['continue_on_failure'] === true,
      on_failure: onFailure,
      rollback,
      source: this.#parsed.rangeAt(path),
    }
  }

  #timeout(value: JsonValue, path: ValuePath): number | undefined {
    const milliseconds = typeof value === 'string' ? parseDuration(value) : undefined
    if (milliseconds === undefined) {
      const detail = `Write a number and its unit: ${typeof value === 'number' ? `${value}s` : '90s, 2m, 1m30s'}.`
      this.#report('SCHEMA_VALUE_INVALID', `The timeout ${JSON.stringify(value)} is no duration`, { path, detail })
    } else if (milliseconds < 1 || milliseconds > 86_400_000) {
      const detail = 'A step may take from 1ms to 24h.'
      this.#report('SCHEMA_VALUE_INVALID', `The timeout "${value}" is out of range`, { path, detail })
    }
    return milliseconds
  }

  #restartOn(outline: StepOutline, before: readonly string[]): readonly string[] {
    const list = outline.raw['restart_on']
    if (!Array.isArray(list) || list.length === 0) return []
    const path = [...outline.path, 'restart_on']
    if (outline.module && !outline.module.reacts) {
      const detail = 'It only states what is to hold. Put restart_on on a step that restarts or runs something.'
      const summary = `The module "${outline.module.name}" does not react to other steps`
      this.#report('RUNBOOK_REACTION_INVALID', summary, { path, key: true, detail })
    }
    for (const [index, id] of list.entries()) {
      if (typeof id === 'string' && !before.includes(id)) this.#wrongStep(id, [...path, index], before)
    }
    return list.filter((id): id is string => typeof id === 'string')
  }

  #wrongStep(id: string, path: ValuePath, before: readonly string[]): void {
    if (this.#allSteps.includes(id)) {
      const detail = 'Steps run in the order of the file; a step reacts only to what was done before it.'
      this.#report('RUNBOOK_STEP_UNKNOWN', `The step "${id}" is not before this one`, { path, detail })
      return
    }
    const detail = before.length > 0 ? `Before it there are ${before.join(', ')}.` : 'There are no steps before it.'
    this.#report('RUNBOOK_STEP_UNKNOWN', `There is no step "${id}"`, { path, detail, ...didYouMean(id, before) })
  }

  #params(
    module: Module,
    outline: StepOutline,
    step: { readonly before: readonly string[]; readonly reacting: boolean },
  ): Template | undefined {
    const path = [...outline.path, module.name]
    const params = outline.raw[module.name] ?? {}
    if (!isMap(params)) {
      const detail = `For example: \`${module.name}: { ${exampleOf(module)} }\`.`
      const summary = `What follows "${module.name}" must be a map of its parameters`
      this.#report('SCHEMA_VALUE_INVALID', summary, { path, detail })
      return undefined
    }
    const wrong = this.#literalProblems(module, params, path)
    this.#foreignPlaceholders(params, path)
    const compiled = compileTemplate(params, { variables: this.#variables, stepIds: step.before })
    if (!compiled.ok) {
      for (const problem of compiled.problems) this.#templateProblem(problem, path)
      return undefined
    }
    const complaint = wrong ? undefined : module.validate?.(params, { reacting: step.reacting })
    if (complaint !== undefined) {
      this.#report('SCHEMA_VALUE_INVALID', withoutStop(complaint), { path, key: true })
      return undefined
    }
    if (wrong) return undefined
    const places = compiled.expressions.map((one) => ({
      expression: one.expression,
      source: this.#placeOf(one, path),
      ...(one.isInText && { isInText: one.isInText }),
    }))
    return places.length === 0 ? compiled.template : { ...compiled.template, places }
  }

  #placeOf({ path, offset, length }: TemplateExpression, at: ValuePath): SourceRange {
    const whole = [...at, ...path]
    return scalarPlace(this.#parsed, whole, {
      value: String(valueAt(this.#parsed.value, whole)),
      offset,
      length,
      key: false,
    })
  }

  /** Values that are filled in later are checked then. */
  #literalProblems(module: Module, params: JsonObject, at: ValuePath): boolean {
    const asWritten = writtenIn(this.#parsed, at)
    const problems = paramProblems(module, withoutSecrets(params), { accept: isTemplated, asWritten })
    for (const { path, part, ...words } of problems) {
      const missing = words.code === 'SCHEMA_KEY_MISSING'
      const source = this.#parsed.rangeAt([...at, ...path], missing || part === 'key' ? 'key' : 'value')
      this.diagnostics.push({ ...words, ...this.#meantAsExpression(module, params, path), severity: 'error', source })
    }
    const kinds = wrongSecretKinds(params)
    for (const { path, ...words } of kinds)
      this.diagnostics.push({ ...words, severity: 'error', source: this.#parsed.rangeAt([...at, ...path]) })
    return problems.length > 0 || kinds.length > 0
  }

  /** `that: device.kind == "till"`, where the signs were forgotten. */
  #meantAsExpression(module: Module, params: JsonObject, path: ValuePath): { readonly hint?: string } {
    const text = valueAt(params, path)
    const { properties = {} } = module.params as {
      readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>
    }
    if (typeof text !== 'string' || properties[path.join('.')]?.type !== 'boolean') return {}
    if (/^\s*(true|false)\s*$/.test(text)) return {}
    const compiled = compileExpression(text, { variables: this.#variables, expect: 'bool' })
    return compiled.ok ? { hint: `an expression is written ${EXPRESSION_OPEN} ${text} }}` } : {}
  }

  #foreignPlaceholders(params: JsonObject, path: ValuePath): void {
    for (const { path: inside, ...problem } of placeholderProblems(params, this.#variables))
      this.#templateProblem({ ...problem, path: inside }, path, 'warning')
  }

  #templateProblem(
    problem: ExpressionProblem & { readonly path: ValuePath; readonly key?: boolean },
    at: ValuePath,
    severity: Diagnostic['severity'] = 'error',
  ): void {
    const path = [...at, ...problem.path]
    const value = problem.key ? String(path.at(-1)) : String(valueAt(this.#parsed.value, path))
    const told = expressionDiagnostic(problem, this.#parsed, { path, value, key: problem.key === true })
    this.diagnostics.push({ ...told, severity })
  }

  #report(
    code: Diagnostic['code'],
    summary: string,
    more: { readonly path: ValuePath; readonly key?: boolean; readonly detail?: string; readonly hint?: string },
  ): void {
    const { path, key, ...words } = more
    const source = this.#parsed.rangeAt(path, key ? 'key' : 'value')
    this.diagnostics.push({ code, severity: 'error', summary, ...words, source })
  }
}

/** A problem inside an expression as a diagnostic at its place in the file. */
export function expressionDiagnostic(
  problem: ExpressionProblem,
  parsed: ParsedYaml,
  at: { readonly path: ValuePath; readonly value: string; readonly key?: boolean },
): Diagnostic {
  const { code = 'EXPRESSION_INVALID', summary, detail, hint, offset, length } = problem
  const source = scalarPlace(parsed, at.path, { value: at.value, offset, length, key: at.key === true })
  return {
    code,
    severity: 'error',
    summary,
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint }),
    source,
  }
}

function wrapped(text: string): ExpressionProblem {
  const detail = 'What stands here is an expression as a whole.'
  const inner = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(text)?.[1]?.trim()
  const hint = inner === undefined ? 'write it without the signs' : `write: ${inner}`
  return { summary: 'The signs of a filled-in text are not used here', detail, hint, offset: 0, length: text.length }
}

function exampleOf(module: Module): string {
  const { required = [], properties = {} } = module.params as {
    readonly required?: readonly string[]
    readonly properties?: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>
  }
  const keys = required.length > 0 ? required : Object.keys(properties).slice(0, 1)
  return keys.map((key) => `${key}: ${JSON.stringify(properties[key]?.examples?.[0] ?? '…')}`).join(', ')
}

function withoutStop(sentence: string): string {
  return sentence.endsWith('.') ? sentence.slice(0, -1) : sentence
}
