import { grouped } from '../core/grouped.ts'
import { countPeople, maySign, type PathChange, rulesFor, type Signer, type TrustPolicy } from './trust-policy.ts'

/** What is known of a commit once its signature and its trees were looked at. */
export interface CommitFacts {
  readonly id: string
  readonly parents: readonly string[]
  /** Who signed it; or why that counts for nothing. */
  readonly signer: Signer | { readonly kind: SignatureProblem; readonly detail: string }
  /** Against the first parent. */
  readonly changes: readonly PathChange[]
  readonly merge?: MergeFacts
  readonly approves: readonly string[]
}

/** What a merge itself brings. Paths as bytes, a character each. */
export interface MergeFacts {
  /** It is held against what git makes of its two parents; or, where git makes nothing of them, against each parent. */
  readonly against: 'rebuilt' | 'any'
  /** Where it differs from that, and where its parents were in conflict: somebody has decided what stands there. */
  readonly own: readonly string[]
  /** Where git followed files that one side has renamed: what the other side wrote elsewhere came there by the merge. */
  readonly moved: readonly string[]
}

export type SignatureProblem = 'unsigned' | 'bad-signature' | 'unknown-signer' | 'malformed'

/** Why a range of commits is not put in force. */
export interface TrustProblem {
  readonly kind: SignatureProblem | 'signer-not-allowed' | 'signatures-missing'
  readonly commit: string
  /** As bytes, a character each. */
  readonly path?: string
  readonly detail: string
}

/** A range, from what is in force to what is to be. */
export interface Range {
  /** Every commit that is reachable from the new tip and not from the old one. */
  readonly commits: readonly CommitFacts[]
  readonly tip: string
  /** What differs between the trees of old and new. */
  readonly difference: readonly PathChange[]
}

/**
 * Whether a range may be put in force; no problem is a yes. Every commit must be signed by somebody who may sign for
 * each path that it changes; a merge answers for what it brings itself. Where a path takes several signatures, so many
 * people must have signed the content that it gets: with the commit that wrote it, with the merge that brought it, or
 * with a later commit whose message approves one of these.
 */
export function judgeRange(range: Range, policy: TrustPolicy): readonly TrustProblem[] {
  return [...range.commits.flatMap((commit) => judgeCommit(commit, policy)), ...missingSignatures(range, policy)]
}

function judgeCommit(commit: CommitFacts, policy: TrustPolicy): readonly TrustProblem[] {
  const { id, signer, merge } = commit
  const brought = merge && broughtBy(merge, policy)
  const isRebuilt = merge?.against === 'rebuilt' && brought?.length === 0
  if ('kind' in signer) {
    if (signer.kind === 'unsigned' && isRebuilt && policy.merges === 'rebuilt') return []
    const hint = signer.kind === 'unsigned' && merge ? mergeHint(commit, policy) : ''
    return [{ kind: signer.kind, commit: id, detail: `${signer.detail}${hint}` }]
  }
  if (isForge(signer, policy)) return judgeForge(id, brought)
  const paths = brought ?? commit.changes.map(({ path }) => path)
  return paths
    .filter((path) => !maySign(rulesFor(policy, path), signer))
    .map((path) => {
      const detail = `${signer.principals.join(', ')} may not sign for this path`
      return { kind: 'signer-not-allowed', commit: id, path, detail }
    })
}

/** Paths for which a merge answers. One that was only moved matters where not everybody may sign for it. */
function broughtBy({ own, moved }: MergeFacts, policy: TrustPolicy): readonly string[] {
  return [...new Set([...own, ...moved.filter((path) => rulesFor(policy, path).length > 0)])]
}

function mergeHint({ merge }: CommitFacts, policy: TrustPolicy): string {
  if (policy.merges === 'signed') return '; `merges: signed` takes merges that are signed only'
  if (merge?.against === 'any') return '; a merge of more than two parents has to be signed'
  return merge?.own.length === 0
    ? '; it moves what was written elsewhere to a path for which not everybody may sign'
    : '; its content is not what git makes of its two parents without a conflict'
}

function isForge({ principals }: Signer, policy: TrustPolicy): boolean {
  return principals.length > 0 && principals.every((name) => policy.forges.includes(name))
}

function judgeForge(id: string, brought: readonly string[] | undefined): readonly TrustProblem[] {
  if (brought === undefined) {
    const detail = 'a key of a forge is trusted with merges only'
    return [{ kind: 'signer-not-allowed', commit: id, detail }]
  }
  const detail =
    'a key of a forge is trusted with what git makes of two parents, and this merge brings something of its own'
  return brought.map((path) => ({ kind: 'signer-not-allowed', commit: id, path, detail }))
}

function missingSignatures({ commits, tip, difference }: Range, policy: TrustPolicy): readonly TrustProblem[] {
  const several = difference
    .map((change) => ({ change, rules: rulesFor(policy, change.path) }))
    .map((one) => ({ ...one, wanted: Math.max(1, ...one.rules.map(({ signatures }) => signatures)) }))
    .filter(({ wanted }) => wanted > 1)
  if (several.length === 0) return []
  const writers = writersOf(commits)
  const problems: TrustProblem[] = []
  for (const { change, rules, wanted } of several) {
    const bringing = new Set(writers.get(keyOf(change)) ?? [])
    const signers = commits
      .filter(({ id, approves }) => bringing.has(id) || approves.some((one) => bringing.has(one)))
      .flatMap(({ signer }) => ('kind' in signer || isForge(signer, policy) ? [] : [signer]))
    const people = countPeople(signers.filter((signer) => maySign(rules, signer)))
    if (people >= wanted) continue
    const detail = `${people} of ${wanted} people who may sign for this path have signed its content`
    problems.push({ kind: 'signatures-missing', commit: tip, path: change.path, detail })
  }
  return problems
}

function keyOf({ path, content }: PathChange): string {
  return `${content}\0${path}`
}

/** Which commits brought a path to a content. */
function writersOf(commits: readonly CommitFacts[]): ReadonlyMap<string, readonly string[]> {
  const written = commits.flatMap(({ id, changes }) => changes.map((change) => ({ id, key: keyOf(change) })))
  const writers = grouped(written, ({ key }) => key)
  return new Map([...writers].map(([key, all]) => [key, all.map(({ id }) => id)]))
}
