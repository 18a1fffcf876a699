import type { HookParam, HookRule } from '../core/hook-rule.ts'
import type { Scope } from '../core/runbook.ts'

/**
 * Values for the parameters of a rule's runbook. One that comes of an alert is taken only if it is in the list of the rule, so
 * that no text of an alert is ever a value that nobody has foreseen.
 */
export function hookParams(
  rule: HookRule,
  scope: Scope,
):
  | { readonly ok: true; readonly params: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly why: string } {
  const params: [string, string][] = []
  for (const param of rule.params) {
    if ('value' in param) {
      params.push([param.name, param.value])
      continue
    }
    const taken = taking(param, scope)
    if (!taken.ok) return taken
    params.push([param.name, taken.value])
  }
  return { ok: true, params: Object.fromEntries(params) }
}

/** The values that a rule takes from an alert, without those that it does not allow. */
export function valuesTaken(rule: HookRule, scope: Scope): Readonly<Record<string, string>> {
  const pairs = rule.params.flatMap((param) => {
    const taken = 'from' in param ? taking(param, scope) : undefined
    return taken?.ok ? [[param.name, taken.value] as const] : []
  })
  return Object.fromEntries(pairs)
}

function taking(
  { name, from, oneOf }: Extract<HookParam, { readonly oneOf: readonly string[] }>,
  scope: Scope,
): { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string } {
  const answer = from.evaluate(scope)
  if (!answer.ok) return { ok: false, why: `The parameter "${name}" has no value: ${answer.error}` }
  const value = typeof answer.value === 'string' ? answer.value : JSON.stringify(answer.value)
  if (oneOf.includes(value)) return { ok: true, value }
  return { ok: false, why: `"${value.slice(0, 100)}" is not among the values that the rule allows for "${name}".` }
}
