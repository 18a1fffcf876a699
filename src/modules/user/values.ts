import type { ShellValue } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { hasSecret, inClear, jsonInClear, Secret, secretsIn } from '../../core/secret.ts'
import type { UserModule } from '../../core/user-module.ts'

/** What a step gave, and defaults in place of what it did not give. Where JSON has a text a `Secret` may stand. */
export type Given = Readonly<Record<string, JsonValue | Secret>>

/** The part of a parameter's schema that is looked at here. */
interface ParamSchema {
  readonly default?: JsonValue
  readonly writeOnly?: boolean
}

export function paramSchemas({ params }: Pick<UserModule, 'params'>): Readonly<Record<string, ParamSchema>> {
  return (params['properties'] ?? {}) as unknown as Readonly<Record<string, ParamSchema>>
}

export function givenParams(module: UserModule, params: JsonObject): Given {
  const defaults = Object.entries(paramSchemas(module)).flatMap(([name, schema]) =>
    schema.default === undefined ? [] : [[name, schema.default] as const],
  )
  return { ...Object.fromEntries(defaults), ...params }
}

/**
 * Parameters as variables of sh: texts as they are, true, false and numbers in digits, null as nothing, lists and maps
 * as JSON. Fails for a text with a NUL in it, which no shell can hold.
 */
export function posixValues(given: Given): Result<Readonly<Record<string, ShellValue>>> {
  const values = Object.entries(given).map(([name, value]) => [name, asText(value)] as const)
  const [wrong] = values.find(([, value]) => inClear(value).includes('\0')) ?? []
  return wrong === undefined ? success(Object.fromEntries(values)) : fail(holdsNul(wrong))
}

function holdsNul(name: string): Failure {
  const message = `The parameter "${name}" holds a NUL character, which no shell can take.`
  return { code: 'PARAMS_INVALID', phase: 'observe', message }
}

/** Names of parameters that are not given: an environment may have variables of the same names. */
export function notGiven(module: UserModule, given: Given): readonly string[] {
  return Object.keys(paramSchemas(module)).filter((name) => !Object.hasOwn(given, name))
}

/** Parameters as `POWERSHELL_HEAD` takes them apart: `till_KIND_NAME`, KIND being t for text, i, d and b. */
export function powershellValues(given: Given): Readonly<Record<string, ShellValue>> {
  const values = Object.entries(given).filter(([, value]) => value !== null)
  return Object.fromEntries(values.map(([name, value]) => [`till_${kindOf(value)}_${name}`, asText(value)]))
}

function kindOf(value: Given[string]): 't' | 'i' | 'd' | 'b' {
  if (typeof value === 'boolean') return 'b'
  if (typeof value !== 'number') return 't'
  return Number.isSafeInteger(value) ? 'i' : 'd'
}

function asText(value: Given[string]): string | Secret {
  if (value instanceof Secret || typeof value === 'string') return value
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  return hasSecret(value) ? new Secret(JSON.stringify(jsonInClear(value))) : JSON.stringify(value)
}

/** Texts of parameters that are not to be shown: secrets, and those that the module hides. */
export function hiddenTexts(module: UserModule, given: Given): readonly string[] {
  const schemas = paramSchemas(module)
  return Object.entries(given).flatMap(([name, value]) => {
    const hidden = schemas[name]?.writeOnly === true ? [inClear(asText(value))] : []
    return [...hidden, ...secretsIn(value).map((secret) => secret.reveal())].filter((text) => text !== '')
  })
}
