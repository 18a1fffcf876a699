import { join } from 'node:path'
import { shownPath } from './checkout.ts'
import { gatherFacts, MOST_COMMITS, type Verifier } from './gather-facts.ts'
import { GitBroken } from './git.ts'
import { judgeRange, type TrustProblem } from './judge-range.ts'
import {
  commitsBetween,
  type FetchFailed,
  fetchTip,
  formatOf,
  hasCommit,
  isAncestor,
  keepTrusted,
  openMirror,
  type Remote,
} from './mirror.ts'
import { ToolBroken } from './program-tools.ts'
import {
  type AssignmentReach,
  type LastPull,
  note,
  readLastPull,
  readReceived,
  readTrusted,
  type TrustedRevision,
  writeLastPull,
  writeReceived,
  writeTrusted,
} from './trust-folder.ts'
import type { TrustPolicy } from './trust-policy.ts'
import { remembering } from './verified-cache.ts'
import { digestOfSigners, type SignerFiles, verifySignatures } from './verify-signatures.ts'

/** Everything that stands outside of a repository and decides whether it is trusted. */
export interface Follow {
  /** Absolute path of the folder that holds mirror, record and revisions. */
  readonly folder: string
  readonly remote: Remote
  readonly files: SignerFiles
  readonly policy: TrustPolicy
  /** Digest of signers, revocations and policy. */
  readonly decidedWith: string
}

export type RefusalCode =
  | 'REVISION_UNTRUSTED'
  | 'REVISION_REWRITTEN'
  | 'REVISION_INCOMPLETE'
  | 'REVISION_BROKEN'
  | 'REVISION_UNREACHABLE'
  | 'REVISION_UNDECIDED'

/** What came of a look at the remote. */
export interface Pulled {
  /** `current`: nothing new; `advanced`: a new revision is in force; in the other cases the old one stays. */
  readonly outcome: LastPull['outcome']
  readonly trusted: TrustedRevision
  readonly tip: string | null
  /** Commits that are new, of which the signatures were judged. */
  readonly commits: number
  readonly code?: RefusalCode
  /** The pull before came to no answer about this tip, either. */
  readonly isUndecidedStill?: true
  /** When the remote last told where the branch is, where it does not now. */
  readonly answeredAt?: string
  readonly problems: LastPull['problems']
  readonly problemCount: number
  /** What became, or would become, of the assignments by a new revision, where that is known. */
  readonly assignments?: readonly AssignmentReach[]
}

/** A revision that can be used, with what it means for its assignments; or why it cannot. */
export type Prepared =
  | { readonly ok: true; readonly assignments?: readonly AssignmentReach[] }
  | { readonly ok: false; readonly why: string }

export interface PullOptions {
  /** Loads a verified revision. It is put in force only where it can be used. */
  readonly prepare: (commit: string) => Promise<Prepared>
  readonly now: () => Date
  /** Only say what would be. */
  readonly dry?: boolean
  /** Aborted, it throws its reason, and nothing is written. */
  readonly signal?: AbortSignal
}

/** Of problems, so many are kept; the rest is counted. */
const SHOWN = 50

/**
 * Fetches, verifies, and puts the tip of the branch in force where every commit since the one in force is as the policy
 * wants it. The caller is alone in the folder (`alone`). Undefined where no person has said with which commit trust begins.
 */
export async function pull(follow: Follow, options: PullOptions): Promise<Pulled | undefined> {
  const trusted = await readTrusted(follow.folder)
  if (trusted === undefined) return undefined
  const last = await readLastPull(follow.folder)
  const found = await look(follow, { trusted, last }, options)
  const answered = found.tip === null ? answeredAt(last) : undefined
  const pulled = answered === undefined ? found : { ...found, answeredAt: answered }
  if (options.dry) return pulled
  return remember(follow, { pulled, last, now: options.now() }).then(
    () => pulled,
    (error: unknown) => undecided(error, { trusted: pulled.trusted, tip: pulled.tip, last }),
  )
}

interface Known {
  readonly trusted: TrustedRevision
  readonly last: LastPull | undefined
}

async function look(follow: Follow, { trusted, last }: Known, options: PullOptions): Promise<Pulled> {
  let tip: string | null = null
  try {
    const mirror = await openMirror(follow.folder, formatOf(trusted.commit))
    const fetched = await fetchTip(mirror, follow.remote, options.signal)
    // A fetch that was cut off from here says nothing of the remote.
    options.signal?.throwIfAborted()
    if (typeof fetched !== 'string') return notFetched(fetched, { trusted, last })
    tip = fetched
    const known = unchanged(last, { trusted, tip, decidedWith: follow.decidedWith })
    return known ?? (await decide(follow, { mirror, trusted, tip }, options))
  } catch (error) {
    options.signal?.throwIfAborted()
    return undecided(error, { trusted, tip, last })
  }
}

function notFetched({ kind, detail }: FetchFailed, { trusted, last }: Known): Pulled {
  if (kind === 'local') return undecidedFor(detail, { trusted, tip: null, last })
  const code = kind === 'unreachable' ? 'REVISION_UNREACHABLE' : 'REVISION_INCOMPLETE'
  return refusal({ trusted, tip: null, commits: 0 }, code, [{ kind, detail }])
}

/** What was refused stays so while nothing that decides about it is another. One that cannot be loaded may be loaded later. */
function unchanged(
  last: LastPull | undefined,
  now: { readonly trusted: TrustedRevision; readonly tip: string; readonly decidedWith: string },
): Pulled | undefined {
  const { trusted, tip } = now
  if (tip === trusted.commit) return { outcome: 'current', trusted, tip, commits: 0, problems: [], problemCount: 0 }
  if (last?.outcome !== 'refused' || last.tip !== tip || last.decidedWith !== decisionOf(now)) return undefined
  if (last.code === 'REVISION_BROKEN') return undefined
  const { code, problems, problemCount } = last
  return { outcome: 'refused', trusted, tip, commits: 0, code: code as RefusalCode, problems, problemCount }
}

interface Asked extends Known {
  readonly tip: string | null
}

/**
 * A program was killed, the mirror is damaged, the disk is full: that says nothing of the revision, and devices are kept to the
 * one in force.
 */
function undecided(error: unknown, asked: Asked): Pulled {
  if (error instanceof ToolBroken || isOfSystem(error)) return undecidedFor(error.message, asked)
  if (!(error instanceof GitBroken) || error.missing) throw error
  const advice =
    'Where it stays so, remove the copy of the repository (mirror*.git) in the folder: it is fetched anew, and what is in force stays so.'
  return undecidedFor(`${error.message}\n${advice}`, asked)
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

function undecidedFor(detail: string, { last, ...of }: Asked): Pulled {
  const isStill = last?.outcome === 'undecided' && last.tip === of.tip
  const problems = [{ kind: 'undecided', ...(of.tip !== null && { commit: of.tip }), detail }]
  const pulled = refusal({ ...of, commits: 0 }, 'REVISION_UNDECIDED', problems)
  return isStill ? { ...pulled, isUndecidedStill: true } : pulled
}

function decisionOf(now: { readonly trusted: TrustedRevision; readonly decidedWith: string }): string {
  return digestOfSigners([now.decidedWith, now.trusted.commit])
}

interface Candidate {
  readonly mirror: string
  readonly trusted: TrustedRevision
  readonly tip: string
}

async function decide(follow: Follow, candidate: Candidate, options: PullOptions): Promise<Pulled> {
  const { mirror, trusted, tip } = candidate
  const rewritten = await whyRewritten(candidate)
  if (rewritten !== undefined)
    return refusal({ trusted, tip, commits: 0 }, 'REVISION_REWRITTEN', [
      { kind: 'rewritten', commit: tip, detail: rewritten },
    ])
  const received = await receive(follow.folder, candidate, options)
  const verifier = remembering(join(follow.folder, 'verified'), follow.decidedWith, verifierAt(follow.files, received))
  const isByPath = follow.policy.paths.length > 0
  const range = await gatherFacts(mirror, { from: trusted.commit, tip, isByPath }, verifier)
  if (range === undefined) {
    const detail = `it has more than ${MOST_COMMITS} new commits, which no push has`
    return refusal({ trusted, tip, commits: 0 }, 'REVISION_UNTRUSTED', [{ kind: 'malformed', commit: tip, detail }])
  }
  const commits = range.commits.length
  options.signal?.throwIfAborted()
  const problems = judgeRange(range, follow.policy)
  if (problems.length > 0) return refusal({ trusted, tip, commits }, 'REVISION_UNTRUSTED', problems.map(shown))
  const prepared = await options.prepare(tip)
  if (!prepared.ok)
    return refusal({ trusted, tip, commits }, 'REVISION_BROKEN', [
      { kind: 'broken', commit: tip, detail: prepared.why },
    ])
  const { ok: _, ...reach } = prepared
  const advanced = { outcome: 'advanced', tip, commits, problems: [], problemCount: 0, ...reach } as const
  if (options.dry) return { ...advanced, trusted }
  const revision = { commit: tip, at: options.now().toISOString(), by: 'till', ...reach }
  await keepTrusted(mirror, tip)
  await writeTrusted(follow.folder, revision, trusted.commit)
  await writeReceived(follow.folder, new Map())
  return { ...advanced, trusted: revision }
}

async function whyRewritten({ mirror, trusted, tip }: Candidate): Promise<string | undefined> {
  if (!(await hasCommit(mirror, trusted.commit)))
    return `the commit that is in force, ${trusted.commit}, is not in this repository`
  if (await isAncestor(mirror, trusted.commit, tip)) return undefined
  return (await isAncestor(mirror, tip, trusted.commit))
    ? `the branch was set back to a commit that is older than the one in force, ${trusted.commit}`
    : `the branch was rewritten: the commit that is in force, ${trusted.commit}, is not in its history`
}

/** A commit is judged by the time at which it was seen first: the dates in it are its author's to choose. */
async function receive(
  folder: string,
  { mirror, trusted, tip }: Candidate,
  { now, dry }: PullOptions,
): Promise<ReadonlyMap<string, string>> {
  const known = await readReceived(folder)
  const at = now().toISOString()
  const ids = await commitsBetween(mirror, trusted.commit, tip)
  const received = new Map(ids.map((id) => [id, known.get(id) ?? at]))
  // What was seen on a branch that was set back meanwhile was still received then.
  for (const [id, seen] of known) if (!received.has(id) && received.size < MOST_COMMITS) received.set(id, seen)
  if (!dry && ids.some((id) => !known.has(id))) await writeReceived(folder, received)
  return received
}

function verifierAt(files: SignerFiles, received: ReadonlyMap<string, string>): Verifier {
  return async (commits) => {
    const verdicts = new Map<string, Awaited<ReturnType<Verifier>> extends ReadonlyMap<string, infer V> ? V : never>()
    const times = new Set(commits.map(({ id }) => received.get(id) ?? ''))
    for (const time of times) {
      const some = commits.filter(({ id }) => (received.get(id) ?? '') === time)
      for (const [id, verdict] of await verifySignatures(some, files, new Date(time))) verdicts.set(id, verdict)
    }
    return verdicts
  }
}

function shown({ kind, commit, path, detail }: TrustProblem): LastPull['problems'][number] {
  return { kind, commit, ...(path !== undefined && { path: shownPath(path) }), detail }
}

const OUTCOMES: Readonly<Partial<Record<RefusalCode, Pulled['outcome']>>> = {
  REVISION_UNREACHABLE: 'unreachable',
  REVISION_UNDECIDED: 'undecided',
}

function refusal(
  of: Pick<Pulled, 'trusted' | 'tip' | 'commits'>,
  code: RefusalCode,
  problems: LastPull['problems'],
): Pulled {
  const outcome = OUTCOMES[code] ?? 'refused'
  return { ...of, outcome, code, problems: problems.slice(0, SHOWN), problemCount: problems.length }
}

/** Writes what was seen; on record goes only what is news. */
async function remember(
  follow: Follow,
  { pulled, last, now }: { readonly pulled: Pulled; readonly last: LastPull | undefined; readonly now: Date },
): Promise<void> {
  const { outcome, tip, code, problems, problemCount, trusted } = pulled
  const at = now.toISOString()
  const isSame = last?.outcome === outcome && last.tip === tip && last.code === code
  const refused = stillRefused(pulled, last, at)
  const answered = tip === null ? answeredAt(last) : at
  const next: LastPull = {
    at,
    outcome,
    tip,
    decidedWith: decisionOf({ trusted, decidedWith: follow.decidedWith }),
    ...(code !== undefined && { code }),
    problems,
    problemCount,
    since: isSame ? last.since : outcome === 'refused' && tip !== null ? (refused?.since ?? at) : at,
    ...(answered !== undefined && { answered_at: answered }),
    ...(refused && { refused }),
  }
  if (!isSame && code !== undefined)
    await note(follow.folder, { at, what: outcome, commit: tip, code, by: 'till', problems: problems.slice(0, 5) })
  await writeLastPull(follow.folder, next)
}

/** When the remote last told where the branch is, by what was seen before. */
function answeredAt(last: LastPull | undefined): string | undefined {
  return last?.answered_at ?? (last?.tip === null ? undefined : last?.at)
}

/** What is refused stays so until another revision is seen: that nobody answers now is no word about it. */
function stillRefused(
  { outcome, tip, code }: Pulled,
  last: LastPull | undefined,
  at: string,
): LastPull['refused'] | undefined {
  const isAsBefore = last?.outcome === 'refused' && last.tip !== null && last.code !== undefined
  const before = last?.refused ?? (isAsBefore ? { tip: last.tip, code: last.code, since: last.since } : undefined)
  if (outcome === 'current' || outcome === 'advanced') return undefined
  if (outcome !== 'refused' || tip === null || code === undefined) return before
  return { tip, code, since: before?.tip === tip && before.code === code ? before.since : at }
}

/**
 * A person puts a commit in force that nobody verifies: where trust begins, and after a rewrite. Why there is no such
 * commit, where there is none.
 */
export async function trustByHand(
  follow: Pick<Follow, 'folder' | 'remote'>,
  {
    commit,
    by,
    reason,
    now,
    prepare,
  }: {
    readonly commit: string
    readonly by: string
    readonly reason: string
    readonly now: Date
    readonly prepare: PullOptions['prepare']
  },
): Promise<
  (Prepared & { readonly ok: true; readonly from: string | undefined }) | { readonly ok: false; readonly why: string }
> {
  const mirror = await openMirror(follow.folder, formatOf(commit))
  if (!(await hasCommit(mirror, commit))) {
    const fetched = await fetchTip(mirror, follow.remote)
    if (typeof fetched !== 'string') return { ok: false, why: fetched.detail }
    if (!(await hasCommit(mirror, commit)))
      return { ok: false, why: `branch "${follow.remote.branch}" has no such commit` }
  }
  const prepared = await prepare(commit)
  if (!prepared.ok) return prepared
  const { ok: _, ...reach } = prepared
  const before = await readTrusted(follow.folder).catch(() => undefined)
  await keepTrusted(mirror, commit)
  await writeTrusted(follow.folder, { commit, at: now.toISOString(), by, reason, ...reach }, before?.commit)
  return { ...prepared, from: before?.commit }
}
