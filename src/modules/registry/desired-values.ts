import type { JsonObject, JsonValue } from '../../core/json.ts'
import { isSecret } from '../../core/secret.ts'

export interface RegistryParams {
  readonly key: string
  readonly state?: 'present' | 'absent'
  readonly values?: JsonObject
  readonly remove?: readonly string[]
  readonly view?: '64' | '32'
  readonly sensitive?: readonly string[]
}

/** One value as the registry has it: numbers as decimal digits, so that a qword keeps its last digit; binary in hexadecimal. */
export interface RegistryValue {
  readonly type: string
  readonly data: JsonValue
}

export interface RegistryState {
  readonly exists: boolean
  readonly values: ReadonlyMap<string, RegistryValue>
}

export interface DesiredValue {
  readonly name: string
  readonly isSensitive: boolean
  readonly type: string
  /** Absent: the value must not be there. */
  readonly data: JsonValue | undefined
}

/** What is desired of each value, secrets in clear. */
export function desiredValuesOf(params: RegistryParams): DesiredValue[] {
  const listed = new Set(params.sensitive)
  const set = Object.entries(params.values ?? {}).map(([name, given]): DesiredValue => {
    const { type, data } = typed(given)
    const isSensitive = isSecret(data) || listed.has(name)
    return { name, isSensitive, type, data: isSecret(data) ? data.reveal() : data }
  })
  const gone = (params.remove ?? []).map((name) => ({ name, isSensitive: listed.has(name), type: '', data: undefined }))
  return [...set, ...gone]
}

function typed(given: JsonValue): { readonly type: string; readonly data: JsonValue } {
  if (Array.isArray(given)) return { type: 'multi_string', data: given }
  if (typeof given === 'number') return { type: 'dword', data: given }
  if (typeof given !== 'object' || given === null || isSecret(given)) {
    return { type: 'string', data: given }
  }
  const { type, data = null } = given as JsonObject
  return { type: String(type), data }
}

const MOST: Readonly<Record<string, bigint>> = { dword: 2n ** 32n - 1n, qword: 2n ** 64n - 1n }

/** A desired value in the form in which the registry answers; or why there can be no such value. */
export function normalValue(desiredValue: DesiredValue): RegistryValue & { readonly problem?: string } {
  const { type, data = null } = desiredValue
  const most = MOST[type]
  if (most !== undefined) {
    const digits = String(data)
    if (/^\d+$/.test(digits) && BigInt(digits) <= most) return { type, data: BigInt(digits).toString() }
    return { type, data, problem: `a ${type} is a whole number from 0 to ${most}` }
  }
  if (type === 'binary') {
    const hex = String(data)
      .replaceAll(/[\s,-]/g, '')
      .toLowerCase()
    return /^([0-9a-f]{2})*$/.test(hex)
      ? { type, data: hex }
      : { type, data, problem: 'binary is written in hexadecimal' }
  }
  if (type === 'multi_string') {
    return Array.isArray(data) ? { type, data } : { type, data, problem: 'a multi_string is a list of texts' }
  }
  return typeof data === 'string' ? { type, data } : { type, data, problem: `a ${type} is a text` }
}
