import type { ApprovalState, Identification } from '../../core/admission.ts'
import { wasWithin } from '../../core/clock-ahead.ts'
import type { ErrorCode } from '../../core/error-catalog.ts'
import { PROVIDER_MARK } from '../../core/sign-in-provider.ts'

type Voice = ApprovalState['given'][number]

/** Who has said yes, each once; who asked does not count where policy wants four eyes. */
export function approvedBy(state: ApprovalState): readonly string[] {
  return voicesOf(state).map(({ by }) => by)
}

function voicesOf({ given, signed, fourEyes, askedBy }: ApprovalState): readonly Voice[] {
  const voices: Voice[] = []
  for (const voice of given) {
    const counts = (!signed || voice.proof !== undefined) && !(fourEyes && isSame(voice.by, askedBy))
    if (counts && !voices.some((other) => isSameVoice(voice, other))) voices.push(voice)
  }
  return voices
}

/**
 * One person may be known by the name of an account (`anna`), of a provider of sign-in, and as the list of signers has it, often an
 * address (`anna@example.com`): what is before the `@` tells people apart, in whatever case it is written.
 */
function isSame(one: string, another: string): boolean {
  return plainName(one) === plainName(another)
}

function plainName(name: string): string {
  const plain = name.startsWith(PROVIDER_MARK) ? name.slice(PROVIDER_MARK.length) : name
  return (plain.split('@')[0] ?? '').toLowerCase()
}

/** Also by a key that the list of signers has under another name by now. */
function isSameVoice(one: Pick<Voice, 'by' | 'proof'>, another: Voice): boolean {
  const isSameKey = one.proof?.kind === 'ssh' && another.proof?.kind === 'ssh' && one.proof.key === another.proof.key
  return isSameKey || isSame(one.by, another.by)
}

/** It was not given, or given and not used, in time; or asked for by a clock that was ahead, whose time would never end. What has begun by it goes on. */
export function isOver({ usedAt, askedAt, expiresAt }: ApprovalState, now: number): boolean {
  return usedAt === undefined && !wasWithin(expiresAt - askedAt, { at: askedAt, now })
}

export type ApprovalChange =
  | { readonly ok: true; readonly state: ApprovalState }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string }

/** Somebody says yes; also to what has begun, where a stricter policy wants more people by now. Each counts once. */
export function approve(
  state: ApprovalState,
  word: { readonly by: string; readonly at: number; readonly why: string; readonly proof?: Identification },
): ApprovalChange {
  const closed = closedBy(state, word.at)
  if (closed !== undefined) return unfit(closed)
  if (state.signed && word.proof === undefined) return unfit(UNSIGNED)
  if (state.fourEyes && isSame(word.by, state.askedBy)) {
    const whom = word.by === state.askedBy ? word.by : `${state.askedBy}, who counts as the same person as ${word.by},`
    return unfit(`${whom} has asked for it, and the policy wants somebody else to approve.`)
  }
  const known = voicesOf(state).find((voice) => isSameVoice(word, voice))
  if (known) {
    const also = known.by === word.by ? '' : `, and ${word.by} counts as the same person`
    return unfit(`${known.by} has approved it already${also}.`)
  }
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
  'The policy wants it signed: who may run this command, or has this token, is not known to be anybody. Give --sign KEY ' +
  '(a key of the list of signers), or approve in the dashboard, signed in.'

const BEGUN = 'What it is for has begun already.'

function closedBy(state: ApprovalState, now: number): string | undefined {
  if (state.refused) return `${state.refused.by} has refused it: ${state.refused.why}`
  return isOver(state, now) ? 'Its time is over.' : undefined
}

function unfit(message: string): ApprovalChange {
  return { ok: false, code: 'APPROVAL_UNFIT', message }
}
