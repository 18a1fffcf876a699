import type { JsonValue } from '../core/json.ts'
import { suggest } from './suggest.ts'
import { isSecretReference } from './template.ts'
import type { ValuePath } from './value-path.ts'

/** Where secrets may be: what stands before the colon of a reference. */
const SECRET_KINDS = ['env', 'file', 'command', 'age'] as const

const DETAIL = `A secret is written as its kind of place (${SECRET_KINDS.join(', ')}), a colon, and the place, such as "env:TILL_PASSWORD".`

interface WrongKind {
  readonly code: 'SCHEMA_VALUE_INVALID'
  readonly summary: string
  readonly detail: string
  readonly hint?: string
}

/** What is wrong with a reference of no known kind. It may be the secret itself, so only what is near to a kind is repeated. */
export function wrongSecretKind(reference: string): WrongKind | undefined {
  const [kind = ''] = reference.split(':', 1)
  if (reference !== kind && (SECRET_KINDS as readonly string[]).includes(kind)) return undefined
  const near = reference === kind ? undefined : suggest(kind, SECRET_KINDS)
  const named = near === undefined ? 'What stands here' : `"${kind}"`
  return {
    code: 'SCHEMA_VALUE_INVALID',
    summary: `${named} is no kind of place of a secret`,
    detail: DETAIL,
    ...(near !== undefined && { hint: `did you mean "${near}:"?` }),
  }
}

/** All references within a value whose kind is wrong, with their paths. */
export function wrongSecretKinds(
  value: JsonValue,
  path: ValuePath = [],
): readonly (WrongKind & { readonly path: ValuePath })[] {
  if (value === null || typeof value !== 'object') return []
  if (isSecretReference(value)) {
    const wrong = wrongSecretKind(String((value as { readonly secret?: JsonValue }).secret))
    return wrong ? [{ ...wrong, path: [...path, 'secret'] }] : []
  }
  const isList = Array.isArray(value)
  return Object.entries(value).flatMap(([key, item]) => wrongSecretKinds(item, [...path, isList ? Number(key) : key]))
}
