import type { HookRule } from '../core/hook-rule.ts'
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
    const answer = param.from.evaluate(scope)
    if (!answer.ok) return { ok: false, why: `The parameter "${param.name}" has no value: ${answer.error}` }
    const text = typeof answer.value === 'string' ? answer.value : JSON.stringify(answer.value)
    if (!param.oneOf.includes(text)) {
      const why = `"${text.slice(0, 100)}" is not among the values that the rule allows for "${param.name}".`
      return { ok: false, why }
    }
    params.push([param.name, text])
  }
  return { ok: true, params: Object.fromEntries(params) }
}
