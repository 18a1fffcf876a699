import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { isMap, type JsonValue } from '../../core/json.ts'
import type { Expression, PlacedExpression, Runbook, Scope, Step } from '../../core/runbook.ts'
import type { SourceRange } from '../../core/source.ts'
import { selectorScope } from '../../lang/expression.ts'
import { didYouMean } from '../../lang/suggest.ts'
import { notText } from '../../lang/template.ts'
import { andMore } from './and-more.ts'

interface Fault {
  readonly error: string
  readonly hint?: string
  readonly source: SourceRange
  readonly devices: string[]
}

/**
 * Fills in what the steps of runbooks name for each of the devices, as far as it does not depend on what a step will
 * have seen. One diagnostic for each place and cause, with the devices that it is about.
 */
export function checkValues(
  fleet: Fleet,
  work: Iterable<{ readonly device: Device; readonly runbooks: readonly Runbook[] }>,
): readonly Diagnostic[] {
  const faults = new Map<string, Fault>()
  const steps = new Map<Runbook, readonly Step[]>()
  for (const { device, runbooks } of work) {
    const scope = { ...selectorScope(fleet, device), vars: device.vars, steps: {} }
    for (const runbook of runbooks) {
      if (!steps.has(runbook)) steps.set(runbook, withPlaces(runbook.steps))
      for (const step of steps.get(runbook) ?? []) {
        checkStep(step, { ...scope, params: runbook.params }, device, faults)
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

function checkStep(step: Step, scope: Scope, device: Device, faults: Map<string, Fault>): void {
  const found = (wrong: { readonly error: string; readonly missing?: Missing }, source: SourceRange): void => {
    const key = `${source.file}:${source.line}:${source.column} ${wrong.error}`
    const fault = faults.get(key) ?? { error: wrong.error, ...nearest(wrong.missing, scope), source, devices: [] }
    fault.devices.push(device.name)
    faults.set(key, fault)
  }
  if (step.when?.steps.length === 0) {
    const answer = step.when.evaluate(scope)
    if (!answer.ok) found(answer, step.whenSource ?? step.source)
    if (!answer.ok || answer.value === false) return
  }
  for (const { expression, source, isInText } of early(step.params.places)) {
    const answer = expression.evaluate(scope)
    const refusal = answer.ok && isInText ? notText(answer.value) : undefined
    if (!answer.ok) found(answer, source)
    else if (refusal !== undefined) found({ error: `"${expression.text}" ${refusal}` }, source)
  }
}

type Missing = NonNullable<Extract<ReturnType<Expression['evaluate']>, { ok: false }>['missing']>

/** The names that there are, near the one that there is not. */
function nearest(missing: Missing | undefined, scope: Scope): { readonly hint?: string } {
  if (!missing) return {}
  let owner: JsonValue | undefined = scope as unknown as JsonValue
  for (const name of missing.owner.split('.')) owner = isMap(owner) ? owner[name] : undefined
  return isMap(owner) ? didYouMean(missing.key, Object.keys(owner)) : {}
}

function diagnosticOf({ error, hint, source, devices }: Fault): Diagnostic {
  return {
    code: 'VALUE_MISSING',
    severity: 'error',
    summary: error.replace(/\.$/, ''),
    detail: `It is so for ${andMore(devices)}. Give those devices the value, or leave them out by \`when\` or \`targets\`.`,
    ...(hint !== undefined && { hint }),
    source,
  }
}
