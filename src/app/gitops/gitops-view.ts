import { counted } from '../../core/counted.ts'
import { inputError } from '../../core/diagnostic.ts'
import type { Pulled } from '../../gitops/pull.ts'
import { FolderDamaged, readLastPull, readRecord, readTrusted } from '../../gitops/trust-folder.ts'
import { plainText } from '../../reporters/plain-text.ts'
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
  const ok = trusted !== undefined && (last === undefined || last.code === undefined)
  return {
    schema: 'till.gitops.status/1',
    ok,
    folder,
    repository: settings.repository,
    branch: settings.branch,
    checkout: paths.current,
    trusted: trusted ?? null,
    last: last ? withoutDigest(last) : null,
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
  const { trusted, last, repository, branch, checkout } = status
  const lines = [`follows    ${repository} ${branch}`]
  if (trusted === null) lines.push('in force   nothing yet: till gitops trust COMMIT --reason TEXT')
  else {
    const why = trusted.reason === undefined ? '' : `: ${trusted.reason}`
    lines.push(`in force   ${trusted.commit}`)
    lines.push(`           since ${trusted.at}, ${trusted.by === 'till' ? 'verified' : `by ${trusted.by}`}${why}`)
    lines.push(`checkout   ${checkout}`)
  }
  if (last) lines.push(`last look  ${last.at}  ${last.outcome}${last.code === undefined ? '' : `  ${last.code}`}`)
  if (last?.refused !== undefined)
    lines.push(`refused    ${last.refused.tip} since ${last.refused.since}  ${last.refused.code}`)
  if (last && last.tip === null) lines.push(`unheard    since ${last.answered_at ?? last.since}`)
  if (last) lines.push(...problemLines(last.problems, last.problem_count))
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
export function pulledDocument({ outcome, trusted, tip, commits, code, problems, problemCount }: Pulled) {
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
  } as const
}

/** The same for people. */
export function pulledText(
  { outcome, trusted, tip, commits, code, problems, problemCount }: Pulled,
  dry: boolean,
): string {
  const said: Readonly<Record<Pulled['outcome'], string>> = {
    current: `${trusted.commit} is in force, and nothing is new.`,
    advanced: `${tip} is verified: ${counted(commits, 'new commit')}.${dry ? ' Nothing was put in force.' : ' It is in force now.'}`,
    refused: `REFUSED ${tip ?? ''} (${code}); ${trusted.commit} stays in force.`,
    undecided: `Nothing was decided about ${tip ?? 'what the remote has'} (${code}); ${trusted.commit} stays in force, and the next pull asks anew.`,
    unreachable: `The remote did not answer (${code}); ${trusted.commit} stays in force.`,
  }
  return `${[said[outcome], ...problemLines(problems, problemCount)].map(plainText).join('\n')}\n`
}
