import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Scope, Step } from '../../core/runbook.ts'
import { Secret } from '../../core/secret.ts'

/** What preparing the parameters of a step needs to know. */
export interface Preparation {
  /** Problems of rendered parameters against the module's schema, in words. */
  readonly checkParams: (module: string, params: JsonObject) => readonly string[]
  /** Paths of this machine in them absolute. */
  readonly withPaths: (module: string, params: JsonObject) => Result<JsonObject>
  /** Resolves `{ secret: "env:NAME" }`; what it resolves is masked from then on. */
  readonly readSecret: (reference: string) => Promise<Result<Secret>>
}

/** A step's parameters for one device: expressions evaluated, checked against the schema, secrets in place. */
export async function prepareParams(step: Step, scope: Scope, preparation: Preparation): Promise<Result<JsonValue>> {
  const rendered = step.params.render(scope)
  if (!rendered.ok) return fail(failure('EXPRESSION_FAILED', rendered.error))
  const problems = preparation.checkParams(step.module, withPlaceholders(rendered.value) as JsonObject)
  if (problems.length > 0) return fail(failure('PARAMS_INVALID', problems.join('; ')))
  const unfit = unfitText(rendered.value, [])
  if (unfit !== undefined) return fail(failure('PARAMS_INVALID', unfit))
  const placed = preparation.withPaths(step.module, rendered.value)
  if (!placed.ok) return placed
  const references = secretReferences(placed.value)
  if (references.length === 0) return success(placed.value)
  const secrets = new Map<string, Secret>()
  for (const reference of references) {
    const secret = await preparation.readSecret(reference)
    if (!secret.ok) return secret
    const why = whyUnfit(secret.value.reveal())
    if (why !== undefined) return fail(failure('PARAMS_INVALID', `The secret "${reference}" ${why}.`))
    secrets.set(reference, secret.value)
  }
  return success(withSecrets(placed.value, secrets))
}

/** As long as a text may be that a step hands to a device, in characters. What is longer belongs in a file. */
const LONGEST = 4 * 1024 * 1024

/** What no shell can hold, or no device has room for, in words; texts may come from what devices said. */
function unfitText(value: JsonValue, path: readonly string[]): string | undefined {
  if (typeof value === 'string') {
    const why = whyUnfit(value)
    return why && `"${path.join('.')}" ${why}.`
  }
  if (value === null || typeof value !== 'object') return undefined
  for (const [key, item] of Object.entries(value)) {
    const unfit = key.includes('\0')
      ? `A key of "${path.join('.')}" holds a NUL character.`
      : unfitText(item, [...path, key])
    if (unfit !== undefined) return unfit
  }
  return undefined
}

function whyUnfit(text: string): string | undefined {
  if (text.length > LONGEST) return `has ${text.length} characters; ${LONGEST} are the most`
  return text.includes('\0') ? 'holds a NUL character, which no device can be given' : undefined
}

/** Whether `when` holds; absent, it does. */
export function evaluateWhen(step: Step, scope: Scope): Result<boolean> {
  if (!step.when) return success(true)
  const answer = step.when.evaluate(scope)
  if (!answer.ok) return fail(failure('EXPRESSION_FAILED', `when: ${answer.error}`))
  if (typeof answer.value !== 'boolean') {
    return fail(failure('EXPRESSION_FAILED', `when: "${step.when.text}" is ${typeof answer.value}, not true or false`))
  }
  return success(answer.value)
}

function failure(code: 'EXPRESSION_FAILED' | 'PARAMS_INVALID', message: string): Failure {
  return { code, phase: 'resolve', message }
}

function isReference(value: JsonValue): value is { readonly secret: string } {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && typeof (value as JsonObject)['secret'] === 'string'
}

function secretReferences(value: JsonValue): string[] {
  if (isReference(value)) return [value.secret]
  if (Array.isArray(value)) return value.flatMap(secretReferences)
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(secretReferences)
  return []
}

/** A schema sees a secret as the string that it is. */
function withPlaceholders(value: JsonValue): JsonValue {
  return replaceReferences(value, () => 'secret')
}

/** A `Secret` stands where JSON has a string; modules hand it on as a shell value without looking at it. */
function withSecrets(value: JsonValue, secrets: ReadonlyMap<string, Secret>): JsonValue {
  return replaceReferences(value, (reference) => secrets.get(reference) as unknown as JsonValue)
}

function replaceReferences(value: JsonValue, replace: (reference: string) => JsonValue): JsonValue {
  if (isReference(value)) return replace(value.secret)
  if (Array.isArray(value)) return value.map((item) => replaceReferences(item, replace))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceReferences(item, replace)]))
}
