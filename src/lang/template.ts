import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Expression, Scope, Template } from '../core/runbook.ts'
import { compileExpression, type ExpressionProblem, type Variables } from './expression.ts'
import { splitTemplate, type TemplatePart } from './template-text.ts'
import type { ValuePath } from './yaml.ts'

/** A problem of one string in a tree: `path` leads to the string, offsets are inside it. */
interface TemplateProblem extends ExpressionProblem {
  readonly path: ValuePath
  /** The string is not a value but the key at the end of the path. */
  readonly key?: true
}

/** An expression of a tree: `path` leads to its string, offset and length are inside that, in UTF-16 units. */
export interface TemplateExpression {
  readonly expression: Expression
  readonly path: ValuePath
  readonly offset: number
  readonly length: number
  /** It is a part of its string. */
  readonly isInText?: true
}

export type CompiledTemplate =
  | { readonly ok: true; readonly template: Template; readonly expressions: readonly TemplateExpression[] }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] }

type Rendered<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }
type Renderer = (scope: Scope) => Rendered<JsonValue>

/** Whether a value is a string with `${{ }}` in it: its type is known only when it is filled in. */
export function isTemplated(value: unknown): boolean {
  if (typeof value !== 'string' || !value.includes('${{')) return false
  const split = splitTemplate(value)
  return 'problem' in split || split.parts.some((part) => 'code' in part)
}

/**
 * Compiles every `${{ }}` in the strings of a tree. A string that is one expression takes on its type; more than
 * that is text. `$${{` stands for `${{` itself. All problems of the tree come at once.
 */
export function compileTemplate(
  tree: JsonObject,
  options: { readonly variables: Variables; readonly stepIds?: readonly string[] },
): CompiledTemplate {
  const compiler = new TreeCompiler(options)
  const render = compiler.value(tree, [])
  if (compiler.problems.length > 0) return { ok: false, problems: compiler.problems }
  // Rendering a map gives a map.
  return {
    ok: true,
    expressions: compiler.expressions,
    template: {
      steps: [...compiler.steps],
      params: [...compiler.params],
      render: render as (scope: Scope) => Rendered<JsonObject>,
    },
  }
}

class TreeCompiler {
  readonly problems: TemplateProblem[] = []
  readonly expressions: TemplateExpression[] = []
  readonly steps = new Set<string>()
  readonly params = new Set<string>()
  readonly #options: { readonly variables: Variables; readonly stepIds?: readonly string[] }

  constructor(options: { readonly variables: Variables; readonly stepIds?: readonly string[] }) {
    this.#options = options
  }

  value(value: JsonValue, path: ValuePath): Renderer {
    if (typeof value === 'string') return this.#text(value, path)
    if (value === null || typeof value !== 'object') return constant(value)
    if (isList(value)) {
      return listRenderer(
        value,
        value.map((item, index) => this.value(item, [...path, index])),
      )
    }
    const entries = Object.entries(value)
    for (const [key] of entries) this.#key(key, [...path, key])
    return mapRenderer(
      value,
      entries.map(([key, item]) => [key, this.value(item, [...path, key])]),
    )
  }

  #key(key: string, path: ValuePath): void {
    if (!isTemplated(key)) return
    const detail = 'Only values are filled in. Write the key out, or build the whole map in one expression.'
    const place = { offset: 0, length: key.length }
    this.problems.push({ summary: 'A key cannot hold an expression', detail, path, key: true, ...place })
  }

  #text(text: string, path: ValuePath): Renderer {
    if (!text.includes('${{')) return constant(text)
    const split = splitTemplate(text)
    if ('problem' in split) {
      this.problems.push({ ...split.problem, path })
      return constant(null)
    }
    const pieces = split.parts.map((part) => this.#piece(part, path, split.parts.length > 1))
    const [only] = pieces
    if (pieces.length === 1 && only !== undefined && typeof only !== 'string') return only.evaluate
    return textRenderer(pieces)
  }

  #piece(part: TemplatePart, path: ValuePath, isInText: boolean): string | Expression {
    if ('text' in part) return part.text
    const code = part.code.trim()
    const compiled = compileExpression(code, this.#options)
    const start = part.offset + part.code.indexOf(code)
    if (!compiled.ok) {
      this.problems.push({ ...compiled.problem, offset: start + compiled.problem.offset, path })
      return ''
    }
    const { expression } = compiled
    this.expressions.push({ expression, path, offset: start, length: code.length, ...(isInText && { isInText }) })
    for (const step of expression.steps) this.steps.add(step)
    for (const param of expression.params ?? []) this.params.add(param)
    return expression
  }
}

/** Renderers that give back exactly what stands in the tree, so that a tree of nothing else needs no copy. */
const constants = new WeakSet<Renderer>()

function constant(value: JsonValue): Renderer {
  const rendered: Rendered<JsonValue> = { ok: true, value }
  const renderer: Renderer = () => rendered
  constants.add(renderer)
  return renderer
}

function listRenderer(list: readonly JsonValue[], items: readonly Renderer[]): Renderer {
  if (items.every((item) => constants.has(item))) return constant(list)
  return (scope) => {
    const values: JsonValue[] = []
    for (const item of items) {
      const rendered = item(scope)
      if (!rendered.ok) return rendered
      values.push(rendered.value)
    }
    return { ok: true, value: values }
  }
}

function mapRenderer(map: JsonObject, entries: readonly (readonly [string, Renderer])[]): Renderer {
  if (entries.every(([, item]) => constants.has(item))) return constant(map)
  return (scope) => {
    const values: [string, JsonValue][] = []
    for (const [key, item] of entries) {
      const rendered = item(scope)
      if (!rendered.ok) return rendered
      values.push([key, rendered.value])
    }
    return { ok: true, value: Object.fromEntries(values) }
  }
}

function textRenderer(pieces: readonly (string | Expression)[]): Renderer {
  return (scope) => {
    let text = ''
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        text += piece
        continue
      }
      const result = piece.evaluate(scope)
      if (!result.ok) return result
      const refusal = notText(result.value)
      if (refusal !== undefined) return { ok: false, error: `"${piece.text}" ${refusal}` }
      text += String(result.value)
    }
    return { ok: true, value: text }
  }
}

/** Why a value cannot be part of a text, as the end of a sentence about its expression. */
export function notText(value: JsonValue): string | undefined {
  if (value === null) return 'is empty; it cannot be part of a text.'
  if (typeof value !== 'object') return undefined
  if (isList(value)) return 'is a list; it cannot be part of a text. Write .join(", ") behind it.'
  if (isSecretReference(value)) {
    return 'is a secret; it cannot be part of a longer text, where it could no longer be hidden. Use it as a whole value.'
  }
  return 'is a map; it cannot be part of a text. Name one of its fields.'
}

/** `{ secret: "env:NAME" }`, as it stands in an inventory. It passes through expressions unread. */
export function isSecretReference(value: JsonValue): boolean {
  return isMap(value) && typeof value['secret'] === 'string' && Object.keys(value).length === 1
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}
