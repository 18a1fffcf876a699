import type { ApprovalState, Proof } from '../../core/admission.ts'
import type { ErrorCode } from '../../core/error-catalog.ts'
import { PROVIDER_MARK } from '../../core/sign-in-provider.ts'

/** Who has said yes, each once; who asked does not count where policy wants four eyes. */
export function approvedBy(state: ApprovalState): readonly string[] {
  const counting = state.given.filter(({ proof }) => state.signed === undefined || proof !== undefined)
  const people: string[] = []
  for (const { by } of counting) if (!people.some((one) => isSame(one, by))) people.push(by)
  return people.filter((by) => !state.fourEyes || !isSame(by, state.askedBy))
}

/**
 * Whether two names may be of one person, who counts once. A signature, and a provider of sign-in, name people by an address
 * often; accounts name them by what stands before its "@".
 */
function isSame(one: string, other: string): boolean {
  const [a, b] = [plainName(one), plainName(other)]
  return a === b || a.split('@')[0] === b || a === b.split('@')[0]
}

function plainName(name: string): string {
  return name.startsWith(PROVIDER_MARK) ? name.slice(PROVIDER_MARK.length) : name
}

/** It was not given, or given and not used, in time. What has begun by it goes on. */
export function isOver(state: ApprovalState, now: number): boolean {
  return state.usedAt === undefined && now >= state.expiresAt
}

export type ApprovalChange =
  | { readonly ok: true; readonly state: ApprovalState }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string }

/** Somebody says yes; also to what has begun, where a stricter policy wants more people by now. Each counts once. */
export function approve(
  state: ApprovalState,
  word: { readonly by: string; readonly at: number; readonly why: string; readonly proof?: Proof },
): ApprovalChange {
  const closed = closedBy(state, word.at)
  if (closed !== undefined) return unfit(closed)
  if (state.signed && word.proof === undefined) return unfit(UNSIGNED)
  if (state.fourEyes && isSame(word.by, state.askedBy)) {
    return unfit(`${word.by} has asked for it, and the policy wants somebody else to approve.`)
  }
  if (approvedBy(state).some((by) => isSame(by, word.by))) return unfit(`${word.by} has approved it already.`)
  return { ok: true, state: { ...state, given: [...state.given, word] } }
}

/** Somebody says no, which ends it. */
export function refuseApproval(
  state: ApprovalState,
  word: { readonly by: string; readonly at: number; readonly why: string },
): ApprovalChange {
  const closed = state.usedAt === undefined ? closedBy(state, word.at) : BEGUN
  return closed === undefined ? { ok: true, state: { ...state, refused: word } } : unfit(closed)
}

/**
 * What waited for it begins. Of several that try, in one transaction each, only the first one may: the others get a
 * refusal.
 */
export function useApproval(state: ApprovalState, now: number): ApprovalChange {
  if (state.usedAt !== undefined) return unfit(BEGUN)
  const closed = closedBy(state, now)
  if (closed !== undefined) return unfit(closed)
  const given = approvedBy(state).length
  if (given < state.people) return unfit(`${given} of ${state.people} have approved.`)
  return { ok: true, state: { ...state, usedAt: now } }
}

/** Why the name of an account is not enough, and what is. */
export const UNSIGNED =
  'The policy wants it signed: who may run this command is not known to be anybody. Give --sign KEY (a key of the list of signers), ' +
  'or approve in the dashboard, signed in.'

const BEGUN = 'What it is for has begun already.'

function closedBy(state: ApprovalState, now: number): string | undefined {
  if (state.refused) return `${state.refused.by} has refused it: ${state.refused.why}`
  return isOver(state, now) ? 'Its time is over.' : undefined
}

function unfit(message: string): ApprovalChange {
  return { ok: false, code: 'APPROVAL_UNFIT', message }
}
