import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Module } from '../../core/module.ts'
import type { Expression, PlacedExpression, Runbook, Scope, Step } from '../../core/runbook.ts'
import type { SourceRange } from '../../core/source.ts'
import { selectorScope } from '../../lang/expression.ts'
import { paramProblems, withoutSecrets } from '../../lang/param-problems.ts'
import { didYouMean } from '../../lang/suggest.ts'
import { notText } from '../../lang/template.ts'
import { namesAt } from '../../lang/value-path.ts'
import { andMore } from './and-more.ts'

interface Fault {
  readonly code: 'VALUE_MISSING' | 'SCHEMA_VALUE_INVALID'
  readonly error: string
  /** What would be right. */
  readonly detail?: string
  readonly hint?: string
  readonly source: SourceRange
  readonly devices: string[]
}

/** What is wrong with the parameters of a step that is filled in with these values; nothing where they are right. */
type ProblemsOf = (step: Step, values: readonly unknown[], scope: Scope) => readonly Pick<Fault, 'error' | 'detail'>[]

/**
 * Fills in what the steps of runbooks name for each of the devices, as far as it does not depend on what a step will
 * have seen, and holds it against what their modules take. One diagnostic for each place and cause, with the devices that it is about.
 */
export function checkValues(
  fleet: Fleet,
  work: Iterable<{ readonly device: Device; readonly runbooks: readonly Runbook[] }>,
  modules: readonly Module[],
): readonly Diagnostic[] {
  const faults = new Map<string, Fault>()
  const problemsOf = checkedOnce(modules)
  const steps = new Map<Runbook, readonly Step[]>()
  for (const { device, runbooks } of work) {
    const scope = { ...selectorScope(fleet, device), vars: device.vars, steps: {} }
    for (const runbook of runbooks) {
      if (!steps.has(runbook)) steps.set(runbook, withPlaces(runbook.steps))
      for (const step of steps.get(runbook) ?? []) {
        checkStep(step, { scope: { ...scope, params: runbook.params }, device, problemsOf }, faults)
      }
    }
  }
  return [...faults.values()].map(diagnosticOf)
}

/** Those that have something to fill in beforehand; most have not. */
function withPlaces(steps: readonly Step[]): readonly Step[] {
  const all = (step: Step): readonly Step[] => [step, ...[...step.on_failure, ...step.rollback].flatMap(all)]
  return steps.flatMap(all).filter((step) => early(step.params.places).length > 0 || step.when?.steps.length === 0)
}

function early(places: readonly PlacedExpression[] | undefined): readonly PlacedExpression[] {
  return (places ?? []).filter(({ expression }) => expression.steps.length === 0)
}

function checkStep(
  step: Step,
  { scope, device, problemsOf }: { readonly scope: Scope; readonly device: Device; readonly problemsOf: ProblemsOf },
  faults: Map<string, Fault>,
): void {
  const note = (fault: Omit<Fault, 'devices'>): void => {
    const { file, line, column } = fault.source
    const key = `${file}:${line}:${column} ${fault.error}`
    const noted = faults.get(key) ?? { ...fault, devices: [] }
    noted.devices.push(device.name)
    faults.set(key, noted)
  }
  const found = ({ error, missing }: { readonly error: string; readonly missing?: Missing }, source: SourceRange) =>
    note({ code: 'VALUE_MISSING', error, ...nearest(missing, scope), source })
  if (step.when?.steps.length === 0) {
    const answer = step.when.evaluate(scope)
    if (!answer.ok) found(answer, step.whenSource ?? step.source)
    if (!answer.ok || answer.value === false) return
  }
  const values = valuesOf(step, scope, found)
  if (!values || step.params.steps.length > 0) return
  const [only, ...others] = step.params.places ?? []
  const source = only && others.length === 0 ? only.source : step.source
  for (const problem of problemsOf(step, values, scope)) note({ code: 'SCHEMA_VALUE_INVALID', ...problem, source })
}

/** What a step names beforehand; undefined where some of it is not there, or cannot stand where it does. */
function valuesOf(
  step: Step,
  scope: Scope,
  found: (wrong: { readonly error: string; readonly missing?: Missing }, source: SourceRange) => void,
): readonly unknown[] | undefined {
  const values: unknown[] = []
  const places = early(step.params.places)
  for (const { expression, source, isInText } of places) {
    const answer = expression.evaluate(scope)
    const refusal = answer.ok && isInText ? notText(answer.value) : undefined
    if (!answer.ok) found(answer, source)
    else if (refusal !== undefined) found({ error: `"${expression.text}" ${refusal}` }, source)
    else values.push(answer.value)
  }
  return values.length === places.length ? values : undefined
}

/** Most devices get the same: what a step is filled in with is held against its module once. */
function checkedOnce(modules: readonly Module[]): ProblemsOf {
  const byName = new Map(modules.map((module) => [module.name, module]))
  const known = new Map<Step, Map<string, ReturnType<ProblemsOf>>>()
  return (step, values, scope) => {
    const ofStep = known.get(step) ?? new Map<string, ReturnType<ProblemsOf>>()
    known.set(step, ofStep)
    const key = JSON.stringify(values)
    const problems = ofStep.get(key) ?? problemsWith(byName.get(step.module), step, scope)
    ofStep.set(key, problems)
    return problems
  }
}

function problemsWith(module: Module | undefined, step: Step, scope: Scope): ReturnType<ProblemsOf> {
  const rendered = step.params.render(scope)
  if (!module || !rendered.ok) return []
  return paramProblems(module, withoutSecrets(rendered.value)).map(({ summary, detail }) => ({
    error: summary,
    ...(detail !== undefined && { detail }),
  }))
}

type Missing = NonNullable<Extract<ReturnType<Expression['evaluate']>, { ok: false }>['missing']>

/** The names that there are, near the one that there is not. */
function nearest(missing: Missing | undefined, scope: Scope): { readonly hint?: string } {
  if (!missing) return {}
  return didYouMean(missing.key, namesAt(scope as unknown as JsonValue, missing.owner.split('.')))
}

function diagnosticOf({ code, error, detail, hint, source, devices }: Fault): Diagnostic {
  const who = `It is so for ${andMore(devices)}.`
  const remedy =
    code === 'VALUE_MISSING' ? `Give those devices the value, or leave them out by \`when\` or \`targets\`.` : detail
  return {
    code,
    severity: 'error',
    summary: error.replace(/\.$/, ''),
    detail: remedy === undefined ? who : `${who} ${remedy}`,
    ...(hint !== undefined && { hint }),
    source,
  }
}
