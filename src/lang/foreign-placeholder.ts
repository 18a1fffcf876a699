import type { JsonObject, JsonValue } from '../core/json.ts'
import { compileExpression, type ExpressionProblem, type Variables } from './expression.ts'
import { EXPRESSION_OPEN, splitTemplate } from './template-text.ts'
import type { ValuePath } from './yaml.ts'

/**
 * What Jinja has (Ansible, Salt): `{{ name }}`, `{{ a.b[0] | filter }}`, where a name comes first, and `{% if … %}`. Templates of
 * Go are another thing, which programs on devices take: `{{.Names}}`, `{{json .}}`, `{{range …}}`, `{{end}}`.
 */
const PLACEHOLDER = /\{\{-?\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\]{}]*\])*)\s*(?:\|[^{}]*)?-?\}\}/g
const STATEMENT = /\{%-?\s*(?:if|elif|else|endif|for|endfor|set|include|block|macro|raw)\b[^%]*%\}/g
/** An expression with one brace: no shell has a variable with a dot in its name. */
const ONE_BRACE = /\$\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\]{}]*\])+)\s*\}/g
const WORDS_OF_GO: ReadonlySet<string> = new Set(['end', 'else', 'break', 'continue'])

/** What names of Ansible are here. */
const OURS: Readonly<Record<string, string>> = {
  inventory_hostname: 'device.name',
  inventory_hostname_short: 'device.id',
  ansible_host: 'device.address',
  ansible_hostname: 'device.id',
  ansible_user: 'device.transport.user',
  ansible_os_family: 'device.os.family',
  ansible_distribution: 'device.os.distribution',
  ansible_distribution_version: 'device.os.version',
}

interface PlaceholderProblem extends ExpressionProblem {
  readonly path: ValuePath
}

/**
 * Placeholders of another tool in the texts of a tree, which are nothing here and would reach the device as they stand: of each
 * text the first.
 */
export function placeholderProblems(
  value: JsonValue,
  variables: Variables,
  path: ValuePath = [],
): readonly PlaceholderProblem[] {
  if (typeof value === 'string') {
    const problem = problemOf(value, variables)
    return problem === undefined ? [] : [{ ...problem, path }]
  }
  if (value === null || typeof value !== 'object') return []
  const entries: readonly (readonly [string | number, JsonValue])[] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value as JsonObject)
  return entries.flatMap(([key, item]) => placeholderProblems(item, variables, [...path, key]))
}

function problemOf(text: string, variables: Variables): ExpressionProblem | undefined {
  if (!text.includes('{{') && !text.includes('{%') && !text.includes('${')) return undefined
  const plain = withoutExpressions(text)
  const names = [...plain.matchAll(PLACEHOLDER)].filter(([, name]) => !WORDS_OF_GO.has(name ?? ''))
  const ours = [...plain.matchAll(ONE_BRACE)].filter(([, code]) => compileExpression(code ?? '', { variables }).ok)
  const found = [...names, ...ours, ...plain.matchAll(STATEMENT)].sort((a, b) => a.index - b.index)
  const [first] = found
  if (first === undefined) return undefined
  const [written, name] = first
  const others = found.length > 1 ? `, as ${found.length - 1} more of this text` : ''
  const summary = `"${written}" is not filled in here: it goes to the device as it stands${others}`
  const meant = name === undefined ? `a condition: ${EXPRESSION_OPEN} device.kind == "till" ? "a" : "b" }}` : undefined
  const code = name === undefined ? undefined : ownName(name, variables)
  return {
    code: 'PLACEHOLDER_FOREIGN',
    summary,
    detail: `${written.startsWith('$') ? 'An expression has two braces' : 'That is how Jinja writes it'}. If a program on the device is to get it: ${EXPRESSION_OPEN} ${JSON.stringify(written)} }}.`,
    hint: meant ?? `write: ${EXPRESSION_OPEN} ${code} }}`,
    offset: first.index,
    length: written.length,
  }
}

/** The text with blanks where expressions stand, so that places stay. */
function withoutExpressions(text: string): string {
  const split = splitTemplate(text)
  if ('problem' in split) return ''
  let plain = text
  for (const part of split.parts) {
    if (!('code' in part)) continue
    const start = part.offset - EXPRESSION_OPEN.length
    const end = part.offset + part.code.length + 2
    plain = plain.slice(0, start) + ' '.repeat(end - start) + plain.slice(end)
  }
  return plain.replaceAll(EXPRESSION_OPEN, ' '.repeat(EXPRESSION_OPEN.length))
}

/** What is meant by a name: one of ours, of Ansible, a parameter of the runbook, or a value of the inventory. */
function ownName(name: string, variables: Variables): string {
  if (Object.hasOwn(OURS, name)) return OURS[name] as string
  const compiles = (code: string): boolean => compileExpression(code, { variables }).ok
  return [name, `params.${name}`].find(compiles) ?? `vars.${name}`
}
