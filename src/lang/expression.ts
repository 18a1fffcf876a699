import {
  Environment,
  EvaluationError,
  type ObjectSchema,
  ParseError,
  type ParseResult,
  TypeError as TypeFault,
} from '@marcbachmann/cel-js'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Expression, Scope } from '../core/runbook.ts'
import { compilePattern } from '../pattern/pattern.ts'
import { explainFault, type Fault, plainWords } from './explain-fault.ts'
import type { ExpressionProblem } from './expression-problem.ts'
import { inspectExpression, MATCHES, type SyntaxNode, textOf, withLinearMatches } from './expression-syntax.ts'
import { fromCel, NotJson, toCel, toCelOnce } from './expression-values.ts'
import { LineIndex } from './source-text.ts'
import type { StepValues } from './step-values.ts'
import {
  ALERT_FIELDS,
  DEVICE_FIELDS,
  EVENT_FIELDS,
  STEP_FIELDS,
  STORE_FIELDS,
  type VariableType,
  type VariableTypes,
} from './variables.ts'

export type { ExpressionProblem } from './expression-problem.ts'
export { selectorScope } from './scope.ts'

/** What a set of expressions may name, with types. Made once for each runbook. */
export interface Variables {
  readonly types: VariableTypes
  /** What `steps.<id>.value` can have. */
  readonly values?: StepValues
  readonly environment: Environment
}

export type CompiledExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problem: ExpressionProblem }

/** Number arithmetic does not ask how a number was written: `vars.factor * 1.5` holds whether factor is 2 or 2.5. */
const MIXED_ARITHMETIC: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
]

let base: Environment | undefined

/** What selectors may name: `--where`, `targets`, and the `where` of assignments. */
export const SELECTOR_VARIABLES: Variables = variablesOf({
  store: STORE_FIELDS,
  device: DEVICE_FIELDS,
  region: 'string',
})

/**
 * What the expressions of one runbook may name.
 * @param params CEL type of each parameter of the runbook
 * @param steps ids of all its steps; which of them one expression may look at is said when it is compiled
 * @param values what of them is known of what they show
 */
export function runbookVariables(
  params: Readonly<Record<string, string>>,
  steps: readonly string[],
  values: StepValues = new Map(),
): Variables {
  const types = {
    store: STORE_FIELDS,
    device: DEVICE_FIELDS,
    vars: 'map',
    params,
    steps: Object.fromEntries(steps.map((id) => [id, STEP_FIELDS])),
  }
  return variablesOf(types, values)
}

/** What the rules of hooks may name; what is not about a device has an empty one. */
export const HOOK_VARIABLES: Variables = variablesOf({
  alert: ALERT_FIELDS,
  store: STORE_FIELDS,
  device: DEVICE_FIELDS,
  region: 'string',
})

/** What the `include` and `exclude` of a sink may name. */
export const EVENT_VARIABLES: Variables = variablesOf({ event: EVENT_FIELDS })

/** What expressions of a source of events may name, before it is known what an event is. */
export const RAW_EVENT_VARIABLES: Variables = variablesOf({ event: 'dyn', about: { topic: 'string' } })

/** What its rules may name. */
export const SOURCE_EVENT_VARIABLES: Variables = variablesOf({
  event: 'dyn',
  about: { topic: 'string', kind: 'string', at: 'string' },
})

/** What a source of alerts may name that the project describes. */
export const SOURCE_VARIABLES: Variables = variablesOf({ payload: 'dyn', item: 'dyn' })

const MESSAGE_FIELDS = { incidents: 'list', contact: 'dyn', message: 'dyn', store: STORE_FIELDS } as const

/** What the body of a message to people may name. */
export const MESSAGE_VARIABLES: Variables = variablesOf({ ...MESSAGE_FIELDS, incident: 'dyn' })

/** What it may name that is not about a single incident. */
export const BATCH_VARIABLES: Variables = variablesOf(MESSAGE_FIELDS)

/** What the expressions of a module of the user may name: its parameters, by their CEL types. */
export function moduleVariables(params: Readonly<Record<string, string>>): Variables {
  return variablesOf({ params })
}

/**
 * Compiles one CEL expression and checks its types. `stepIds` are the steps it may look at; without them it may look
 * at every one. Never throws: a problem says where in `text` it is, in UTF-16 units.
 */
export function compileExpression(
  text: string,
  options: { readonly variables: Variables; readonly expect?: 'bool'; readonly stepIds?: readonly string[] },
): CompiledExpression {
  const { variables, expect } = options
  const wrong = (problem: ExpressionProblem): CompiledExpression => ({ ok: false, problem })
  if (text.trim() === '') return wrong({ summary: 'The expression is empty', offset: 0, length: text.length })
  const parsed = parse(text, variables)
  if ('problem' in parsed) return wrong(parsed.problem)
  const { run, type } = parsed
  const found = inspectExpression(run.ast as SyntaxNode, variables, options.stepIds)
  if (found.problem) return wrong(found.problem)
  const early = found.steps.find((id) => options.stepIds !== undefined && !options.stepIds.includes(id))
  if (early !== undefined) return wrong(notBefore(early, text))
  if (expect === 'bool' && type !== 'bool' && !type.startsWith('dyn')) {
    const detail = `Its result is ${typeName(type)}; what stands here must be true or false.`
    return wrong({ summary: 'The expression is not a condition', detail, offset: 0, length: text.length })
  }
  const { steps, values, params } = found
  return { ok: true, expression: { text, steps, values, params, evaluate: (scope) => evaluate(run, scope, options) } }
}

/** Compiles a selector; the problem of one that was typed on a command line comes with its own text as its source. */
export function compileSelector(
  text: string,
):
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problem: ExpressionProblem; readonly diagnostic: Diagnostic } {
  const compiled = compileExpression(text, { variables: SELECTOR_VARIABLES, expect: 'bool' })
  if (compiled.ok) return compiled
  const { problem } = compiled
  const { line, column } = new LineIndex(text).position(problem.offset)
  const place = line === 1 ? `at character ${column}` : `at line ${line}, character ${column}`
  const diagnostic: Diagnostic = {
    code: problem.code ?? 'EXPRESSION_INVALID',
    severity: 'error',
    summary: `${problem.summary}, ${place} of the selector "${text}"`,
    ...(problem.detail !== undefined && { detail: problem.detail }),
    ...(problem.hint !== undefined && { hint: problem.hint }),
  }
  return { ok: false, problem, diagnostic }
}

function baseEnvironment(): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: { maxAstNodes: 10_000, maxDepth: 100 },
  })
  for (const [operator, compute] of MIXED_ARITHMETIC) {
    const handler = (a: bigint | number, b: bigint | number): number => compute(Number(a), Number(b))
    environment.registerOperator(`int ${operator} double: double`, handler)
    environment.registerOperator(`double ${operator} int: double`, handler)
  }
  environment.registerFunction(`string.${MATCHES}(string): bool`, (text: string, source: string) => {
    const compiled = compilePattern(source)
    if (compiled.ok) return compiled.pattern.test(text)
    throw new EvaluationError({
      code: 'invalid_regular_expression',
      message: `"${source}" is not a regular expression: ${compiled.problem}`,
    })
  })
  environment.registerOperator('int == double', (a: bigint, b: number) => Number(a) === b)
  return environment
}

/** The environment is made when it is asked for: most commands compile no expression. */
function variablesOf(types: VariableTypes, values?: StepValues): Variables {
  let environment: Environment | undefined
  return {
    types,
    ...(values && { values }),
    get environment() {
      environment ??= environmentOf(types)
      return environment
    },
  }
}

function environmentOf(types: VariableTypes): Environment {
  base ??= baseEnvironment()
  const environment = base.clone()
  for (const [name, type] of Object.entries(types)) {
    if (typeof type === 'string') environment.registerVariable(name, type)
    else environment.registerVariable({ name, schema: type as ObjectSchema })
  }
  return environment
}

function parse(
  text: string,
  variables: Variables,
): { readonly run: ParseResult; readonly type: string } | { readonly problem: ExpressionProblem } {
  try {
    const run = variables.environment.parse(text)
    withLinearMatches(run.ast as SyntaxNode)
    const check = run.check()
    if (check.valid) return { run, type: check.type ?? 'dyn' }
    return { problem: problemOf(check.error, text, variables) }
  } catch (error) {
    return { problem: problemOf(error, text, variables) }
  }
}

function problemOf(error: unknown, text: string, variables: Variables): ExpressionProblem {
  if (error instanceof RangeError) {
    return { summary: 'The expression is nested too deeply', offset: 0, length: text.length }
  }
  if (!(error instanceof ParseError || error instanceof TypeFault)) throw error
  const functions = variables.environment.getDefinitions().functions.map(({ name }) => name)
  return explainFault(error as Fault, { text, types: variables.types, functions })
}

function evaluate(
  run: ParseResult,
  scope: Scope,
  options: { readonly variables: Variables; readonly expect?: 'bool' },
): ReturnType<Expression['evaluate']> {
  try {
    const value = fromCel(run(new CelScope(scope, options.variables.types)))
    if (options.expect === 'bool' && typeof value !== 'boolean') {
      return { ok: false, error: `"${run.ast.input}" is ${JSON.stringify(value)}, but must be true or false.` }
    }
    return { ok: true, value }
  } catch (error) {
    if (error instanceof NotJson)
      return { ok: false, error: `"${run.ast.input}" has no usable result: ${error.message}.` }
    if (error instanceof RangeError) return { ok: false, error: `"${run.ast.input}" is nested too deeply.` }
    if (!(error instanceof EvaluationError)) throw error
    const missing = missingKey(error)
    const message = missing ? `there is no ${missing.key} in ${missing.owner}.` : `${plainWords(error.summary)}.`
    return {
      ok: false,
      error: `"${run.ast.input}": ${message}`,
      ...(missing && { missing: { owner: missing.owner, key: missing.key.replace(/^"(.*)"$/, '$1') } }),
    }
  }
}

function missingKey({ code, node }: EvaluationError): { readonly owner: string; readonly key: string } | undefined {
  if (code !== 'no_such_key' || !node || (node.op !== '.' && node.op !== '[]')) return undefined
  const [owner, key] = node.args as readonly [SyntaxNode, SyntaxNode | string]
  return { owner: textOf(owner), key: typeof key === 'string' ? `"${key}"` : textOf(key) }
}

/** What an expression sees of a scope: only what it names is converted, when it is looked at. */
class CelScope {
  readonly #scope: Scope
  readonly #types: VariableTypes

  constructor(scope: Scope, types: VariableTypes) {
    this.#scope = scope
    this.#types = types
  }

  get store(): unknown {
    return celOwner(this.#scope.store)
  }

  get device(): unknown {
    return celOwner(this.#scope.device)
  }

  get vars(): unknown {
    return toCelOnce(this.#scope.vars)
  }

  get region(): unknown {
    return this.#scope.device['region']
  }

  get alert(): unknown {
    return toCelOnce(this.#scope.alert ?? {})
  }

  get incident(): unknown {
    return toCelOnce(this.#scope.incident ?? {})
  }

  get incidents(): unknown {
    return toCel(this.#scope.incidents ?? [])
  }

  get contact(): unknown {
    return toCelOnce(this.#scope.contact ?? {})
  }

  get message(): unknown {
    return toCelOnce(this.#scope.message ?? {})
  }

  get event(): unknown {
    const { event = {} } = this.#scope
    return event !== null && typeof event === 'object' ? toCelOnce(event as JsonObject) : toCel(event)
  }

  get about(): unknown {
    return toCelOnce(this.#scope.about ?? {})
  }

  get payload(): unknown {
    return toCel(this.#scope.payload ?? null)
  }

  get item(): unknown {
    return toCel(this.#scope.item ?? null)
  }

  get params(): unknown {
    return celParams(this.#scope.params, this.#types['params'])
  }

  // The engine adds to this map while a device is worked on; only what steps read stays as it is.
  get steps(): unknown {
    const steps = Object.entries(this.#scope.steps as Readonly<Record<string, Readonly<Record<string, JsonValue>>>>)
    return Object.fromEntries(steps.map(([id, step]) => [id, { ...step, value: toCel(step['value'] ?? null) }]))
  }
}

const owners = new WeakMap<JsonObject, Record<string, unknown>>()

/** A device or store. Its vars are by far the largest part and seldom asked for. */
function celOwner(owner: JsonObject): Record<string, unknown> {
  const known = owners.get(owner)
  if (known) return known
  const { vars, ...fields } = owner
  const converted = Object.defineProperty({ ...(toCel(fields) as object) }, 'vars', {
    enumerable: true,
    get: () => toCelOnce((vars ?? {}) as JsonObject),
  }) as Record<string, unknown>
  owners.set(owner, converted)
  return converted
}

// A parameter declared as a number stays a double when it is 2.
function celParams(params: Scope['params'], types: VariableType | undefined): unknown {
  const declared = typeof types === 'object' ? types : {}
  const entries = Object.entries(params)
  return Object.fromEntries(entries.map(([name, value]) => [name, declared[name] === 'double' ? value : toCel(value)]))
}

function notBefore(id: string, text: string): ExpressionProblem {
  const detail = 'Steps run in the order of the file; an expression sees only what was done before it.'
  const offset = Math.max(0, text.indexOf(id))
  return {
    code: 'RUNBOOK_STEP_UNKNOWN',
    summary: `The step "${id}" is not before this`,
    detail,
    offset,
    length: id.length,
  }
}

function typeName(type: string): string {
  return type.startsWith('$') ? 'a map' : `of type ${type}`
}
