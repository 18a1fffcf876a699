import type { Expression } from './runbook.ts'
import type { SourceRange } from './source.ts'

/** What somebody may do here; each may do what those before it may. */
export const ROLES = ['viewer', 'helpdesk', 'operator', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** The least role that may do so. */
const NEEDED = {
  see: 'viewer',
  /** Have a device looked at: a plan, which writes nothing. */
  look: 'helpdesk',
  /** See to incidents: take them, say something, pause their clocks, close them. */
  attend: 'helpdesk',
  /** Have a device changed, through admission; end a run. */
  change: 'operator',
  /** Say that what waits for people goes on. */
  approve: 'approver',
} as const satisfies Readonly<Record<string, Role>>
export type Right = keyof typeof NEEDED
export const RIGHTS = Object.keys(NEEDED) as readonly Right[]

export function mayDo(role: Role, right: Right): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(NEEDED[right])
}

/** Everything that a role may do. */
export function rightsOf(role: Role): readonly Right[] {
  return RIGHTS.filter((right) => mayDo(role, right))
}

/** How somebody proves who it is. Both are references to secrets (`env:NAME`, `file:PATH` …); a hash may stand there itself. */
export type AccountProof =
  | { readonly kind: 'password'; readonly hash: string }
  | { readonly kind: 'token'; readonly secret: string }

/** Somebody who may look at the dashboard, or a program that may ask the API. */
export interface Account {
  readonly name: string
  readonly role: Role
  /** Devices that exist for it; absent: all. */
  readonly devices?: Expression
  /** The partner that it is of, as teams of the matrix name it: other incidents do not exist for it. */
  readonly partner?: string
  readonly source: SourceRange
}

/** An account that tillwright.yaml names, with its proof. */
export interface LocalAccount extends Account {
  readonly proof: AccountProof
}

/** When sessions end by themselves, in milliseconds. */
export interface SessionLimits {
  readonly idleMs: number
  readonly wholeMs: number
}
