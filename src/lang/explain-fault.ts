import { formatCount } from '../core/counted.ts'
import type { ExpressionProblem } from './expression-problem.ts'
import { MATCHES, pathOf, type SyntaxNode, textOf } from './expression-syntax.ts'
import { didYouMean } from './suggest.ts'
import { fieldsAt, type VariableTypes } from './variables.ts'

/** An error of the expression library at load. */
export interface Fault {
  readonly code: string
  readonly summary: string
  readonly range?: { readonly start: number; readonly end: number }
  readonly node?: SyntaxNode
}

interface FaultContext {
  readonly text: string
  readonly types: VariableTypes
  readonly functions: readonly string[]
}

/** Turns an error of the library into what an author of a runbook can act on. */
export function explainFault(fault: Fault, context: FaultContext): ExpressionProblem {
  const start = Math.min(fault.range?.start ?? 0, context.text.length)
  const place = { offset: start, length: Math.max(1, (fault.range?.end ?? start) - start) }
  switch (fault.code) {
    case 'unknown_variable':
      return { ...unknownVariable(String(fault.node?.args), context), ...place }
    case 'no_such_key':
      return unknownKey(fault, context, place)
    case 'no_matching_overload':
      return { ...place, ...unknownFunction(fault, context) }
    case 'unexpected_token':
    case 'unexpected_character':
      return { ...unexpected(context.text, place.offset), ...place }
    case 'no_such_overload':
      return { summary: parserWords(fault.summary), ...insteadOf(fault.node), ...place }
    default:
      return { summary: parserWords(fault.summary), ...tooLarge(fault.summary), ...place }
  }
}

/** What is meant by an operator that has no meaning for texts. */
function insteadOf(node: SyntaxNode | undefined): Partial<Words> {
  if (node?.op !== 'in') return {}
  const [part, whole] = node.args as readonly [SyntaxNode, SyntaxNode]
  return hint(`of two texts it is ${textOf(whole)}.contains(${textOf(part)})`)
}

/** The parser's own limits. */
function tooLarge(summary: string): Partial<Words> {
  const [, most] = /^Exceeded max\w+ \((\d+)\)/.exec(summary) ?? []
  if (most === undefined) return {}
  const detail = 'Name a list in `vars` and write `device.id in vars.LIST`, or spread it over several steps.'
  return { summary: `The expression is too large: it may have ${formatCount(Number(most))} parts`, detail }
}

/** What the parser says of its tokens, in words. */
function parserWords(summary: string): string {
  const [, wanted, got] = /^Expected ([A-Z_]+), got ([A-Z_]+)$/.exec(summary.replace(/\.$/, '')) ?? []
  if (wanted === undefined) return sentence(summary)
  if (got === 'EOF') return 'The expression ends too early'
  return wanted === 'IDENTIFIER' ? 'A name is expected here' : sentence(summary)
}

type Words = Omit<ExpressionProblem, 'offset' | 'length'>

/** What people write who think in another language. */
const FOREIGN_WORDS: Readonly<Record<string, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  '=': '==',
  '&': '&&',
  '|': '||',
}

function unexpected(text: string, offset: number): Words {
  const rest = text.slice(offset)
  if (rest.trim() === '') return { summary: 'The expression ends too early' }
  const found = /^(\w+|.)/.exec(rest)?.[0] ?? rest
  const meant = Object.hasOwn(FOREIGN_WORDS, found) ? FOREIGN_WORDS[found] : undefined
  return { summary: `"${found}" is not expected here`, ...(meant !== undefined && hint(`did you mean ${meant}?`)) }
}

function unknownVariable(name: string, context: FaultContext): Words {
  const variables = Object.keys(context.types)
  const summary = `There is nothing called "${name}" here`
  const detail = `Expressions see ${variables.join(', ')}. Text must be in quotes.`
  if (name === 'vars') return { summary, detail, ...hint('did you mean device.vars?') }
  const owner = variables.find((variable) => fieldsAt(context.types, [variable])?.includes(name))
  if (owner !== undefined) return { summary, detail, ...hint(`did you mean ${memberText(owner, name)}?`) }
  return { summary, detail, ...didYouMean(name, variables) }
}

function unknownKey(
  fault: Fault,
  context: FaultContext,
  place: { readonly offset: number; readonly length: number },
): ExpressionProblem {
  if (fault.node === undefined) return { summary: sentence(fault.summary), ...place }
  const [owner, key] = fault.node.args as readonly [SyntaxNode, string | SyntaxNode]
  const name = typeof key === 'string' ? key : String(key.args)
  const at = typeof key === 'string' ? place : { offset: key.start, length: key.end - key.start }
  const path = pathOf(owner) ?? []
  const fields = fieldsAt(context.types, path) ?? []
  if (path[0] === 'steps' && path.length === 1) return { ...unknownStep(name, fields), ...at }
  const summary = `${textOf(owner)} has no "${name}"`
  const detail = fields.length > 0 ? `It has ${fields.join(', ')}.` : 'The runbook declares no parameters.'
  return { summary, detail, ...didYouMean(name, fields), ...at }
}

function unknownStep(name: string, steps: readonly string[]): Words {
  const dashed = steps.find((id) => id.startsWith(`${name}-`))
  return {
    code: 'RUNBOOK_STEP_UNKNOWN',
    summary: `There is no step "${name}"`,
    detail: steps.length > 0 ? `The steps are ${steps.join(', ')}.` : 'The runbook has no other steps.',
    ...(dashed === undefined ? didYouMean(name, steps) : hint(`an id with a dash is written steps["${dashed}"]`)),
  }
}

function unknownFunction(
  fault: Fault,
  context: FaultContext,
): Words & { readonly offset?: number; readonly length?: number } {
  const args = fault.node?.args as readonly [string, SyntaxNode, unknown] | undefined
  const name = args?.[0] === MATCHES ? 'matches' : (args?.[0] ?? '')
  if (context.functions.includes(name)) {
    return {
      summary: sentence(fault.summary.replace('found no matching overload for', 'This is not how it is called:')),
      ...asMethod(name, fault.node),
    }
  }
  const from = fault.node?.op === 'rcall' ? (args?.[1].end ?? 0) : (fault.node?.start ?? 0)
  const place = { offset: Math.max(0, context.text.indexOf(name, from)), length: name.length }
  return { summary: `There is no function "${name}"`, ...didYouMean(name, context.functions), ...place }
}

/** Functions of texts stand behind the text. */
function asMethod(name: string, node: SyntaxNode | undefined): Partial<Words> {
  if (node?.op !== 'call' || !OF_TEXTS.has(name)) return {}
  const [of, ...others] = (node.args as readonly [string, readonly SyntaxNode[]])[1]
  return of === undefined ? {} : hint(`did you mean ${textOf(of)}.${name}(${others.map(textOf).join(', ')})?`)
}

const OF_TEXTS: ReadonlySet<string> = new Set(['matches', 'contains', 'startsWith', 'endsWith'])

function memberText(owner: string, name: string): string {
  return /^\w+$/.test(name) ? `${owner}.${name}` : `${owner}["${name}"]`
}

function hint(text: string): { readonly hint: string } {
  return { hint: text }
}

/** A message of the library without the marks of its type system. */
export function plainWords(summary: string): string {
  return summary
    .replaceAll(MATCHES, 'matches')
    .replace('no such overload', 'These types do not go together')
    .replaceAll(/dyn<([\w.]+)>/g, '$1')
    .replaceAll(/\$[\w.-]+/g, 'map')
    .replaceAll('\n', ' ')
}

function sentence(summary: string): string {
  const text = plainWords(summary)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
