import { countPeople, maySign, type PathChange, rulesFor, type Signer, type TrustPolicy } from './trust-policy.ts'

/** What is known of a commit once its signature and its trees were looked at. */
export interface CommitFacts {
  readonly id: string
  readonly parents: readonly string[]
  /** Who signed it; or why that counts for nothing. */
  readonly signer: Signer | { readonly kind: SignatureProblem; readonly detail: string }
  /** Against the first parent. */
  readonly changes: readonly PathChange[]
  /**
   * What a merge itself brings: where it differs from what git makes of its two parents (`rebuilt`), or from any of its
   * parents, where that cannot be made (`any`).
   */
  readonly merge?: { readonly against: 'rebuilt' | 'any'; readonly own: readonly PathChange[] }
  readonly approves: readonly string[]
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
  const isRebuilt = merge?.against === 'rebuilt' && merge.own.length === 0
  if ('kind' in signer) {
    if (signer.kind === 'unsigned' && isRebuilt && policy.merges === 'rebuilt') return []
    const hint = signer.kind === 'unsigned' && merge ? mergeHint(commit, policy) : ''
    return [{ kind: signer.kind, commit: id, detail: `${signer.detail}${hint}` }]
  }
  if (isForge(signer, policy)) return judgeForge(commit)
  const own = merge?.own ?? commit.changes
  return own
    .filter(({ path }) => !maySign(rulesFor(policy, path), signer))
    .map(({ path }) => {
      const detail = `${signer.principals.join(', ')} may not sign for this path`
      return { kind: 'signer-not-allowed', commit: id, path, detail }
    })
}

function mergeHint({ merge }: CommitFacts, policy: TrustPolicy): string {
  if (policy.merges === 'signed') return '; `merges: signed` takes merges that are signed only'
  return merge?.against === 'any'
    ? '; a merge of more than two parents has to be signed'
    : '; its content is not what git makes of its two parents'
}

function isForge({ principals }: Signer, policy: TrustPolicy): boolean {
  return principals.length > 0 && principals.every((name) => policy.forges.includes(name))
}

function judgeForge({ id, parents }: CommitFacts): readonly TrustProblem[] {
  if (parents.length > 1) return []
  const detail = 'a key of a forge is trusted with merges only'
  return [{ kind: 'signer-not-allowed', commit: id, detail }]
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
  const writers = new Map<string, string[]>()
  for (const { id, changes } of commits) {
    for (const change of changes) {
      const key = keyOf(change)
      const known = writers.get(key)
      if (known) known.push(id)
      else writers.set(key, [id])
    }
  }
  return writers
}
