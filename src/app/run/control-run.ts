import { isDeepStrictEqual } from 'node:util'
import type { ApprovalState, Identification, RunControl } from '../../core/admission.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import { EVENT_SCHEMA, type RunEventBody } from '../../core/events.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { RunSummary } from '../../core/run.ts'
import type { NewEvent, RunStore } from '../../core/run-store.ts'
import { readUnfinished } from '../../core/unfinished-run.ts'
import { approve, approvedBy, UNSIGNED } from '../../engine/admission/approvals.ts'
import { controlOf, withControl } from '../../engine/admission/run-control.ts'
import { awaitedLines, pendingApprovals, wavesToRelease } from './awaited.ts'

/** What somebody says, and why. */
export interface Word {
  readonly by: string
  readonly at: number
  readonly why: string
  /** How it is known that it is that one; absent: by the account alone. */
  readonly proof?: Identification
  /** To what it is said (`awaitedLines`), as it was signed or shown; absent: to whatever waits, which does for no approval that has to be signed. */
  readonly to?: readonly string[]
}

/** What an approval has come to. */
export interface Approved {
  readonly approvals: readonly (ApprovalState & {
    /** How many have said yes of those who may. */ readonly voices: number
  })[]
  /** Waves behind which the run goes on from now on, from 1. */
  readonly released: readonly number[]
  /** Nobody else has to say anything. */
  readonly isReady: boolean
}

/**
 * Says that what waits of a run goes on: gives the approvals that its policy wants, and releases the waves that it stands
 * behind, the failures in them forgiven. Throws InputError where it waits for nobody's word, or not for this one.
 */
export async function approveRun(
  store: RunStore,
  of: { readonly fleet: FleetKey; readonly run: RunSummary },
  word: Word,
): Promise<Approved> {
  const { run } = of.run
  const unfinished = await readUnfinished(store.events(run))
  const { rollback } = unfinished.record
  if (rollback)
    throw unfit(
      `Wave ${rollback.begun.wave} of run "${run}" failed and is taken back by run ${rollback.begun.rollback_run}.`,
    )
  const waves = wavesToRelease(unfinished)
  const approved = await store.admission.transact(of.fleet, (content) => {
    const before = controlOf(content, run)
    const pending = pendingApprovals(before, word.at)
    if (word.to && !isDeepStrictEqual(word.to, awaitedLines({ approvals: pending, waves })))
      return { result: unfit(SAID_TO_OTHER), content }
    const given = refusalOf(before, word) ?? giveNext(before, pending, word)
    const refused = given instanceof InputError || (given === undefined && waves.size === 0)
    if (refused || before.aborted) return { result: given ?? waitsForNobody(run), content }
    const released = Object.fromEntries(
      [...waves].map(([wave, forgiven]) => [wave, { by: word.by, at: word.at, forgiven }]),
    )
    const control: RunControl = { ...(given ?? before), released: { ...before.released, ...released } }
    return { result: control, content: { ...content, ...withControl(content, run, control) }, saying: word }
  })
  if (approved instanceof InputError) throw approved
  const { by, why, proof } = word
  await tell(store, run, { type: 'run.approved', by, why, ...(proof && { proof }) })
  const approvals = approved.approvals.map((state) => ({ ...state, voices: approvedBy(state).length }))
  const isReady = approvals.every(({ voices, people }) => voices >= people)
  return { approvals, released: [...waves.keys()].map((wave) => wave + 1), isReady }
}

/** Ends a run for good: whoever works on it finishes what is being changed, and nobody goes on with it. */
export async function abortRun(
  store: RunStore,
  of: { readonly fleet: FleetKey; readonly run: RunSummary },
  word: Word,
): Promise<void> {
  const { run, state } = of.run
  await store.admission.transact(of.fleet, (content) => {
    const control: RunControl = { ...controlOf(content, run), aborted: word }
    return { result: undefined, content: { ...content, ...withControl(content, run, control) } }
  })
  await tell(store, run, { type: 'run.aborted', by: word.by, why: word.why })
  if (state !== 'running') await store.kept.drop(run)
}

/** Puts on record what somebody has said about a run. */
export async function tell(store: RunStore, run: string, body: RunEventBody): Promise<void> {
  await store.append([{ schema: EVENT_SCHEMA, run, at: new Date().toISOString(), ...body } as NewEvent])
}

/** Waves of a run whose approval had to be signed are released in that way, too. */
function refusalOf({ approvals }: RunControl, { proof, to }: Word): InputError | undefined {
  if (!approvals.some(({ signed }) => signed)) return undefined
  if (proof === undefined) return unfit(UNSIGNED)
  return to === undefined ? unfit(SAID_TO_WHATEVER) : undefined
}

/** The approvals that are waited for, with one more voice; undefined where there are none. */
function giveNext(
  control: RunControl,
  pending: readonly ApprovalState[],
  { by, at, why, proof }: Word,
): RunControl | InputError | undefined {
  if (pending.length === 0) return undefined
  const approvals = new Map(control.approvals.map((state) => [state.id, state]))
  for (const state of pending) {
    const changed = approve(state, { by, at, why, ...(proof && { proof }) })
    if (!changed.ok) return unfit(changed.message)
    approvals.set(state.id, changed.state)
  }
  return { ...control, approvals: [...approvals.values()] }
}

const SAID_TO_OTHER =
  'What the run waits for has changed since it was looked at: what was agreed to is something else. Look at it again (till runs show), and sign or approve anew.'
const SAID_TO_WHATEVER =
  'The policy wants it signed: say what is agreed to, by "awaits" as GET /api/v1/runs/RUN/awaits tells it.'

export function waitsForNobody(run: string): InputError {
  return unfit(`Run "${run}" waits for nobody's word.`)
}

export function unfit(detail: string): InputError {
  const diagnostic: Diagnostic = {
    code: 'APPROVAL_UNFIT',
    severity: 'error',
    summary: 'The approval cannot be given',
    detail,
  }
  return new InputError([diagnostic])
}
