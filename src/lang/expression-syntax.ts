import { asSentence, patternProblem } from '../pattern/pattern.ts'
import type { ExpressionProblem } from './expression-problem.ts'
import { closedAt, type StepValues, strayIn } from './step-values.ts'
import { didYouMean } from './suggest.ts'
import { CLOSED_FIELDS, fieldsAt, type VariableTypes } from './variables.ts'

/** What `matches` becomes: the library's own is JavaScript's, which may try for ever. CEL means RE2. */
export const MATCHES = 'matches_by_re2'

/** Leads every `matches` of a tree to the one that is linear. */
export function withLinearMatches(node: SyntaxNode): void {
  if (node.op === 'rcall' && Array.isArray(node.args) && node.args[0] === 'matches') node.args[0] = MATCHES
  for (const child of childrenOf(node)) withLinearMatches(child)
}

/** A node of the syntax tree of an expression, as far as it is looked at here. */
export interface SyntaxNode {
  readonly op?: string
  /** Depends on `op`: operands, `[owner, name]` of a member, `[name, receiver, arguments]` of a method. */
  readonly args?: unknown
  readonly start: number
  readonly end: number
  readonly input?: string
}

/** What the types do not tell: the steps that are looked at, names inside `has()`, texts that a field never holds. */
export function inspectExpression(
  root: SyntaxNode,
  { types, values: shown = new Map() }: { readonly types: VariableTypes; readonly values?: StepValues },
  visible: readonly string[] | undefined,
): {
  readonly steps: readonly string[]
  readonly values: readonly string[]
  readonly params: readonly string[]
  readonly problem?: ExpressionProblem
} {
  const steps = new Set<string>()
  const values = new Set<string>()
  const params = new Set<string>()
  let problem: ExpressionProblem | undefined
  const visit = (node: SyntaxNode): void => {
    const step = stepOf(node)
    if (step) {
      steps.add(step.id)
      if (step.isValue) values.add(step.id)
      problem ??= notShown(node, shown)
      return
    }
    for (const param of paramsOf(node, types)) params.add(param)
    for (const any of anyStep(node, visible ?? fieldsAt(types, ['steps']) ?? [])) {
      steps.add(any)
      values.add(any)
    }
    problem ??= hiddenKeyProblem(node, types) ?? neverEqual(node, shown) ?? wrongPattern(node)
    // Below `params.x` there is but `params`, which would mean all of them.
    if (pathOf(node)?.[0] === 'params') return
    for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
  return { steps: [...steps], values: [...values], params: [...params], ...(problem && { problem }) }
}

/** The parameter in `params.x` and `params["x"]`; `params[expression]` may mean any of them. */
function paramsOf(node: SyntaxNode, types: VariableTypes): readonly string[] {
  const [owner, name] = pathOf(node) ?? []
  if (owner !== 'params') return []
  return name === undefined ? (fieldsAt(types, ['params']) ?? []) : [name]
}

/** The id in `steps.x` and `steps["x"]`, and whether it is for more than how the step ended. */
function stepOf(node: SyntaxNode): { readonly id: string; readonly isValue: boolean } | undefined {
  const [owner, id, field] = pathOf(node) ?? []
  if (owner !== 'steps' || id === undefined) return undefined
  return { id, isValue: field !== 'state' && field !== 'changed' }
}

/** `steps[expression]` may mean any of them. */
function anyStep(node: SyntaxNode, visible: readonly string[]): readonly string[] {
  return node.op === 'id' && node.args === 'steps' ? visible : []
}

/** A name below `steps.x.value` that the step never shows. */
function notShown(node: SyntaxNode, shown: StepValues): ExpressionProblem | undefined {
  const [, id = '', field, ...below] = pathOf(node) ?? []
  const schema = field === 'value' ? shown.get(id) : undefined
  const stray = schema && strayIn(schema, below)
  if (!stray) return undefined
  let owner = node
  for (let up = below.length - stray.at; up > 1; up--) owner = (owner.args as readonly [SyntaxNode])[0]
  const [of, key] = owner.args as readonly [SyntaxNode, SyntaxNode | string]
  const name = below[stray.at] ?? ''
  const place =
    typeof key === 'string'
      ? { offset: owner.end - name.length, length: name.length }
      : { offset: key.start, length: key.end - key.start }
  const detail = stray.fields.length > 0 ? `It has ${stray.fields.join(', ')}.` : 'It has no fields.'
  return { summary: `${textOf(of)} has no "${name}"`, detail, ...didYouMean(name, stray.fields), ...place }
}

const MEMBER_OPERATORS = ['.', '[]', '.?', '[?]']

/** `device.os["family"]` as its names; undefined for anything else. */
export function pathOf(node: SyntaxNode): readonly string[] | undefined {
  if (node.op === 'id') return [String(node.args)]
  if (!MEMBER_OPERATORS.includes(node.op ?? '')) return undefined
  const [owner, key] = node.args as readonly [SyntaxNode, SyntaxNode | string]
  const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : undefined
  const path = pathOf(owner)
  return path && typeof name === 'string' ? [...path, name] : undefined
}

/** The text of a node. The range of a member begins at its name, so its owner is put before it. */
export function textOf(node: SyntaxNode): string {
  return (node.input ?? '').slice(firstOffset(node), node.end)
}

function firstOffset(node: SyntaxNode): number {
  const first: unknown = Array.isArray(node.args) ? node.args[node.op === 'rcall' ? 1 : 0] : undefined
  return isNode(first) ? Math.min(node.start, firstOffset(first)) : node.start
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return (Array.isArray(node.args) ? node.args.flat(2) : [node.args]).filter(isNode)
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'start' in value
}

// The type checker looks only at the first name inside has().
function hiddenKeyProblem(node: SyntaxNode, types: VariableTypes): ExpressionProblem | undefined {
  const [name, [inside]] = (node.op === 'call' ? node.args : ['', []]) as readonly [string, readonly SyntaxNode[]]
  const path = name === 'has' && inside ? pathOf(inside) : undefined
  if (!path) return undefined
  for (let length = 1; length < path.length; length++) {
    const fields = fieldsAt(types, path.slice(0, length))
    const key = path[length] ?? ''
    if (fields === undefined) return undefined
    if (fields.includes(key)) continue
    const offset = (node.input ?? '').indexOf(key, node.start)
    const summary = `${path.slice(0, length).join('.')} has no "${key}"`
    return { summary, offset, length: key.length, ...didYouMean(key, fields) }
  }
  return undefined
}

function neverEqual(node: SyntaxNode, shown: StepValues): ExpressionProblem | undefined {
  if (node.op !== '==' && node.op !== '!=' && node.op !== 'in') return undefined
  const [left, right] = node.args as readonly [SyntaxNode, SyntaxNode]
  return neverHolds(left, right, shown) ?? neverHolds(right, left, shown)
}

function neverHolds(field: SyntaxNode, other: SyntaxNode, shown: StepValues): ExpressionProblem | undefined {
  const path = pathOf(field)
  const values = path && closedValues(path, shown)
  if (!path || !values) return undefined
  const literals = other.op === 'list' ? childrenOf(other) : [other]
  const wrong = literals.find((item) => item.op === 'value' && !values.includes(String(item.args)))
  if (!wrong) return undefined
  const text = String(wrong.args)
  return {
    summary: `${path.join('.')} is never "${text}"`,
    detail: `It is one of ${values.join(', ')}.`,
    offset: wrong.start,
    length: wrong.end - wrong.start,
    ...didYouMean(text, values),
  }
}

function closedValues(path: readonly string[], shown: StepValues): readonly string[] | undefined {
  const [owner, id = '', field, ...below] = path
  if (owner !== 'steps') return CLOSED_FIELDS.get(path.join('.'))
  const schema = field === 'value' ? shown.get(id) : undefined
  return schema ? closedAt(schema, below)?.map(String) : CLOSED_FIELDS.get(`steps.*.${field}`)
}

function wrongPattern(node: SyntaxNode): ExpressionProblem | undefined {
  if (node.op !== 'rcall') return undefined
  const [name, , [pattern]] = node.args as readonly [string, SyntaxNode, readonly SyntaxNode[]]
  if (name !== MATCHES || pattern?.op !== 'value' || typeof pattern.args !== 'string') return undefined
  const problem = patternProblem(pattern.args)
  if (problem === undefined) return undefined
  const place = { offset: pattern.start, length: pattern.end - pattern.start }
  return { summary: 'The pattern is not a regular expression', detail: asSentence(problem), ...place }
}
