import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ClaimPath } from '../../core/sign-in-provider.ts'

/** Nothing that looks like something else, or that a terminal or a page would take for more than a name. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@+|=:/-]{0,127}$/

/** The claim that a path leads to; undefined where there is none. */
export function claimAt(claims: JsonObject, path: ClaimPath): JsonValue | undefined {
  let inside: JsonValue | undefined = claims
  for (const key of path) {
    if (typeof inside !== 'object' || inside === null || Array.isArray(inside)) return undefined
    inside = Object.hasOwn(inside, key) ? (inside as JsonObject)[key] : undefined
  }
  return inside ?? undefined
}

/** The name that a claim gives; undefined where it is none, or an address of mail that the provider has not seen to be theirs. */
export function nameIn(claims: JsonObject, path: ClaimPath): string | undefined {
  const name = claimAt(claims, path)
  if (typeof name !== 'string' || !NAME.test(name)) return undefined
  const { email_verified: isVerified } = claims
  const isTheirs = isVerified === undefined || isVerified === true || isVerified === 'true'
  return path.length === 1 && path[0] === 'email' && !isTheirs ? undefined : name
}

/** The texts of a claim: itself, or those of its list. */
export function valuesAt(claims: JsonObject, path: ClaimPath): readonly string[] {
  const value = claimAt(claims, path)
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string')
}
