import { counted } from '../../core/counted.ts'
import { inputError } from '../../core/diagnostic.ts'
import type { Pulled } from '../../gitops/pull.ts'
import {
  FolderDamaged,
  type Overtaken,
  readLastPull,
  readOvertaken,
  readRecord,
  readTrusted,
} from '../../gitops/trust-folder.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { reachLines } from './assignment-reach.ts'
import type { ByHand, ForAll } from './last-in-force.ts'
import type { OpenFollow } from './open-follow.ts'

const RECORD_LINES = 20

/** What `till gitops status` answers (till.gitops.status/1). */
export async function gitopsStatus(follow: OpenFollow) {
  const { folder, settings, paths } = follow
  const trusted = await readTrusted(folder).catch((error: unknown) => {
    if (!(error instanceof FolderDamaged)) throw error
    const detail = 'Say anew what is in force: `till gitops trust COMMIT --reason TEXT`.'
    throw inputError('GITOPS_INVALID', error.message, detail)
  })
  const last = await readLastPull(folder)
  const overtaken = await readOvertaken(folder)
  const ok = trusted !== undefined && last?.code === undefined && overtaken === undefined
  return {
    schema: 'till.gitops.status/1',
    ok,
    folder,
    repository: settings.repository,
    branch: settings.branch,
    checkout: paths.current,
    trusted: trusted ?? null,
    last: last ? withoutDigest(last) : null,
    overtaken: overtaken ? overtakenDocument(overtaken) : null,
    record: await readRecord(folder, RECORD_LINES),
  } as const
}

function withoutDigest({
  decidedWith: _,
  problemCount,
  ...last
}: NonNullable<Awaited<ReturnType<typeof readLastPull>>>) {
  return { ...last, problem_count: problemCount }
}

export type GitopsStatus = Awaited<ReturnType<typeof gitopsStatus>>

/** The same for people. */
export function statusText(status: GitopsStatus): string {
  const { trusted, last, overtaken, repository, branch, checkout } = status
  const lines = [`follows    ${repository} ${branch}`]
  if (trusted === null) lines.push('in force   nothing yet: till gitops trust COMMIT --reason TEXT')
  else {
    const why = trusted.reason === undefined ? '' : `: ${trusted.reason}`
    lines.push(`in force   ${trusted.commit}`)
    lines.push(`           since ${trusted.at}, ${trusted.by === 'till' ? 'verified' : `by ${trusted.by}`}${why}`)
    lines.push(`checkout   ${checkout}`)
    lines.push(...reachLines(trusted.assignments))
  }
  if (last) lines.push(`last look  ${last.at}  ${last.outcome}${last.code === undefined ? '' : `  ${last.code}`}`)
  if (last?.refused !== undefined)
    lines.push(`refused    ${last.refused.tip} since ${last.refused.since}  ${last.refused.code}`)
  if (last && last.tip === null) lines.push(`unheard    since ${last.answered_at ?? last.since}`)
  if (last) lines.push(...problemLines(last.problems, last.problem_count))
  if (overtaken) lines.push(`overtaken  since ${overtaken.since}  ${overtaken.code}: ${inPlace(overtaken)}`)
  return plainLines(lines)
}

/** Which revision counts among the controllers of a state, in the place of what is in force here. */
export function overtakenDocument(overtaken: Overtaken) {
  return { code: 'REVISION_OVERTAKEN', ...overtaken } as const
}

function inPlace({ commit, at, on, ordered_by: by }: Overtaken): string {
  return `${on} has ${commit} in force since ${at}${by === undefined ? '' : `, as ${by} ordered`}`
}

/** The same for people, and what to do. */
export function overtakenText(overtaken: Overtaken): string {
  const { commit, ordered_by: by } = overtaken
  const wayOut =
    by === undefined
      ? 'Devices are kept to that there. See what keeps this controller from it; or order for all what is meant: till gitops trust COMMIT --reason TEXT'
      : `Do the same here: till gitops trust ${commit} --reason TEXT`
  return plainLines([
    `REVISION_OVERTAKEN: ${inPlace(overtaken)}, and what is in force here is not newer. No device was looked at.`,
    `  ${wayOut}`,
  ])
}

/** The same of a repository that was to be reconciled as it lies here. */
export function overtakenHereText(overtaken: Overtaken): string {
  return plainLines([
    `REVISION_OVERTAKEN: ${inPlace(overtaken)}, and what is checked out here is neither that nor newer. No device was looked at.`,
    `  Bring it here first, by git fetch and git merge ${overtaken.commit}; or leave devices to the controllers that follow the repository.`,
  ])
}

function plainLines(lines: readonly string[]): string {
  return `${lines.map(plainText).join('\n')}\n`
}

/** Lines that say why a revision was refused. */
export function problemLines(problems: Pulled['problems'], count: number): readonly string[] {
  const lines = problems.flatMap(({ kind, commit, path, detail }) => {
    const where = [commit?.slice(0, 12), path === undefined ? undefined : JSON.stringify(path)]
      .filter(Boolean)
      .join(' ')
    const [first = '', ...more] = detail.split('\n')
    return [`  ${kind}  ${where}${where === '' ? '' : ': '}${first}`, ...more.map((line) => `    ${line}`)]
  })
  return count > problems.length ? [...lines, `  and ${count - problems.length} more`] : lines
}

/** What a pull answers as JSON (till.gitops.verified/1). */
export function pulledDocument(pulled: Pulled) {
  const { outcome, trusted, tip, commits, code, problems, problemCount, assignments } = pulled
  return {
    schema: 'till.gitops.verified/1',
    ok: code === undefined,
    outcome,
    in_force: trusted.commit,
    tip,
    commits,
    ...(code !== undefined && { code }),
    problems,
    problem_count: problemCount,
    ...(assignments && { assignments }),
  } as const
}

/** The same for people. */
export function pulledText(
  { outcome, trusted, tip, commits, code, problems, problemCount, assignments }: Pulled,
  dry: boolean,
): string {
  const said: Readonly<Record<Pulled['outcome'], string>> = {
    current: `${trusted.commit} is in force, and nothing is new.`,
    advanced: `${tip} is verified: ${counted(commits, 'new commit')}.${dry ? ' Nothing was put in force.' : ' It is in force now.'}`,
    refused: `REFUSED ${tip ?? ''} (${code}); ${trusted.commit} stays in force.`,
    undecided: `Nothing was decided about ${tip ?? 'what the remote has'} (${code}); ${trusted.commit} stays in force, and the next pull asks anew.`,
    unreachable: `The remote did not say where the branch is (${code}); ${trusted.commit} stays in force.`,
  }
  return plainLines([said[outcome], ...reachLines(assignments), ...problemLines(problems, problemCount)])
}

/** What came of putting a commit in force by hand, here and for all that share the state. */
export function trustedText({ commit, from, assignments }: ByHand, forAll: ForAll | undefined): string {
  const lines = [
    `${commit} is in force${from === undefined ? '' : `; before it was ${from}`}.`,
    ...reachLines(assignments),
  ]
  const { on, commit: other } = forAll?.before ?? {}
  if (forAll?.kind === 'ordered')
    lines.push(
      `It is ordered for all controllers of the state: those that have ${other} reconcile no device until it is put in force there, too.`,
    )
  if (forAll?.kind === 'theirs')
    lines.push(
      `${on} has ${other} in force, and that counts for all controllers of the state unless what is in force here comes to be newer.`,
      `If ${commit} is meant in its place, say it again: till gitops trust ${commit} --reason TEXT`,
    )
  return plainLines(lines)
}
