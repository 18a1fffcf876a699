import type { Role } from './account.ts'
import type { Expression } from './runbook.ts'
import type { SourceRange } from './source.ts'

/** Where a claim stands in what a provider says of somebody: keys from the outside to the inside. */
export type ClaimPath = readonly string[]

/** Whoever has a value among those of a claim has a role. */
export interface RoleRule {
  readonly claim: ClaimPath
  /** The value itself: no pattern, and letters as they are. */
  readonly is: string
  readonly role: Role
  /** Devices that exist for them; absent: all. */
  readonly devices?: Expression
  /** The partner that they are of, as teams of the matrix name it. */
  readonly partner?: string
  readonly source: SourceRange
}

/** A provider of OpenID Connect that says who somebody is, and what is open to whom of those that it knows. */
export interface SignInProvider {
  /** As people call it. */
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  /** A reference to a secret; absent: a public client, which PKCE alone protects. */
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** The claim by which people are on record. */
  readonly person: ClaimPath
  /** The first that fits counts, with all that it says; whoever none fits is not let in. */
  readonly roles: readonly RoleRule[]
  readonly source: SourceRange
}

/** What stands before the names of people whom a provider knows: accounts of ours have no colon in theirs. */
export const PROVIDER_MARK = 'oidc:'

/**
 * Whether an address may be asked in the clear: on this machine (RFC 6761 6.3, RFC 1122 3.2.1.3) nobody is on the way.
 * `hostname` is that of a WHATWG URL.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
