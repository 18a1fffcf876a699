import type { AdmissionContent, ApprovalState, RunControl } from '../../core/admission.ts'
import type { Approval } from '../../core/policy.ts'
import { isOver, useApproval } from './approvals.ts'

const NOTHING: RunControl = { approvals: [], released: {} }

/** What people have said about a run. */
export function controlOf({ runs }: Pick<AdmissionContent, 'runs'>, run: string): RunControl {
  return runs?.[run] ?? NOTHING
}

/** The same with other words about one run; nothing is kept of one about which nothing was said. */
export function withControl(
  { runs }: Pick<AdmissionContent, 'runs'>,
  run: string,
  control: RunControl,
): Pick<AdmissionContent, 'runs'> {
  const { [run]: _before, ...others } = runs ?? {}
  const { approvals, released, aborted, paused } = control
  const isSilent = approvals.length === 0 && Object.keys(released).length === 0 && !aborted && !paused
  const all = isSilent ? others : { ...others, [run]: control }
  return Object.keys(all).length === 0 ? {} : { runs: all }
}

/**
 * Asks for the approval that a policy wants, once; of one that was asked for already it wants what the stricter policy does. One that nobody gave or used in time is asked for anew by whoever
 * starts or resumes the run (`isFirst`), and never by itself.
 */
export function askedFor(
  control: RunControl,
  wanted: Approval,
  of: {
    readonly run: string
    readonly wave: number | undefined
    readonly by: string
    readonly now: number
    readonly isFirst: boolean
  },
): RunControl {
  if (wanted.people === 0) return control
  const wave = wanted.each === 'wave' ? of.wave : undefined
  const before = control.approvals.find((state) => state.wave === wave)
  const known = before && tightened(before, wanted)
  if (known && !(of.isFirst && (isOver(known, of.now) || known.refused))) {
    if (known === before) return control
    return { ...control, approvals: control.approvals.map((state) => (state === before ? known : state)) }
  }
  const asked: ApprovalState = {
    id: wave === undefined ? of.run : `${of.run}/${wave + 1}`,
    run: of.run,
    ...(wave !== undefined && { wave }),
    askedBy: of.by,
    askedAt: of.now,
    expiresAt: of.now + wanted.validMs,
    people: wanted.people,
    fourEyes: wanted.fourEyes,
    ...(wanted.signed && { signed: true }),
    given: [],
  }
  return { ...control, approvals: [...control.approvals.filter((state) => state.wave !== wave), asked] }
}

/**
 * An approval is judged by the policy in force as well (rules/approval.ts), and has to be given by the same measure: people could not give
 * what is missing otherwise. Also of what has begun, which goes on when they have. The same state where nothing is stricter.
 */
function tightened(known: ApprovalState, wanted: Approval): ApprovalState {
  const people = Math.max(known.people, wanted.people)
  const fourEyes = known.fourEyes || wanted.fourEyes
  const signed = known.signed ?? wanted.signed
  const expiresAt = Math.min(known.expiresAt, known.askedAt + wanted.validMs)
  const isSame = people === known.people && fourEyes === known.fourEyes && signed === known.signed
  if (isSame && expiresAt === known.expiresAt) return known
  return { ...known, people, fourEyes, expiresAt, ...(signed && { signed }) }
}

/** What waited for an approval has begun by it. */
export function begunBy(control: RunControl, wave: number | undefined, now: number): RunControl {
  const approvals = control.approvals.map((state) => {
    if (state.usedAt !== undefined || (state.wave !== undefined && state.wave !== wave)) return state
    const used = useApproval(state, now)
    return used.ok ? used.state : state
  })
  return { ...control, approvals }
}
