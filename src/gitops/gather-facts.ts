import { type Commit, CommitMalformed, hasId, parseCommit, readObjects } from './commit-object.ts'
import type { CommitFacts, Range } from './judge-range.ts'
import { baseTrees, commitsBetween, differences, mergedTree } from './mirror.ts'
import type { PathChange, Signer } from './trust-policy.ts'

/** Who signed each of some commits; the rest of the facts is in the mirror. */
export type Verifier = (commits: readonly Commit[]) => Promise<ReadonlyMap<string, CommitFacts['signer']>>

/** More at once is not a push, but another history; a person looks at it and trusts a commit further on. */
export const MOST_COMMITS = 50_000

/**
 * Reads and verifies everything between two commits. `isByPath`: who may sign depends on paths, so that it matters how a merge
 * moved them. Undefined where there is more than anybody pushes.
 */
export async function gatherFacts(
  mirror: string,
  { from, tip, isByPath }: { readonly from: string; readonly tip: string; readonly isByPath: boolean },
  verify: Verifier,
): Promise<Range | undefined> {
  const ids = await commitsBetween(mirror, from, tip)
  if (ids.length > MOST_COMMITS) return undefined
  const { commits, malformed, trees } = await readCommits(mirror, ids)
  await learnTrees(mirror, trees, [from, tip, ...commits.flatMap(({ parents }) => parents)])
  const signers = await verify(commits)
  const [changes, merges, [difference = []]] = [
    await differences(
      mirror,
      commits.map((commit) => [treeOf(trees, commit.parents[0]), commit.tree] as const),
    ),
    await mergeFacts(mirror, commits, { trees, isByPath }),
    await differences(mirror, [[treeOf(trees, from), treeOf(trees, tip)]]),
  ]
  const facts = commits.map((commit, index): CommitFacts => {
    const merge = merges.get(commit.id)
    return {
      id: commit.id,
      parents: commit.parents,
      signer: signers.get(commit.id) ?? UNVERIFIED,
      changes: changes[index] ?? [],
      approves: commit.approves,
      ...(merge && { merge }),
    }
  })
  return { commits: [...malformed, ...facts], tip, difference }
}

const UNVERIFIED: CommitFacts['signer'] = { kind: 'bad-signature', detail: 'its signature was not verified' }
/** Of nothing, in both hash functions. */
const EMPTY_TREES = [
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
] as const

function treeOf(trees: ReadonlyMap<string, string>, commit: string | undefined): string {
  if (commit === undefined)
    return EMPTY_TREES.find((tree) => tree.length === [...trees.keys()][0]?.length) ?? EMPTY_TREES[0]
  const tree = trees.get(commit)
  if (tree === undefined) throw new Error(`The tree of ${commit} was not read`)
  return tree
}

async function readCommits(mirror: string, ids: readonly string[]) {
  const commits: Commit[] = []
  const malformed: CommitFacts[] = []
  const trees = new Map<string, string>()
  for await (const { id, bytes } of readObjects(mirror, ids, 'commit')) {
    try {
      if (!hasId('commit', bytes, id)) throw new CommitMalformed(id, 'its content is not that of its id')
      const commit = parseCommit(id, bytes)
      commits.push(commit)
      trees.set(id, commit.tree)
    } catch (error) {
      if (!(error instanceof CommitMalformed)) throw error
      const signer = { kind: 'malformed', detail: error.message } as const
      malformed.push({ id, parents: [], signer, changes: [], approves: [] })
    }
  }
  return { commits, malformed, trees }
}

/** Trees of commits outside of the range, which only serve to compare with. */
async function learnTrees(mirror: string, trees: Map<string, string>, ids: readonly string[]): Promise<void> {
  const missing = [...new Set(ids)].filter((id) => !trees.has(id))
  for await (const { id, bytes } of readObjects(mirror, missing, 'commit')) {
    const tree = /^tree ([0-9a-f]+)\n/.exec(bytes.toString('latin1', 0, 100))?.[1]
    if (tree !== undefined) trees.set(id, tree)
  }
}

type MergeFacts = NonNullable<CommitFacts['merge']>

async function mergeFacts(
  mirror: string,
  commits: readonly Commit[],
  { trees, isByPath }: { readonly trees: ReadonlyMap<string, string>; readonly isByPath: boolean },
): Promise<ReadonlyMap<string, MergeFacts>> {
  const facts = new Map<string, MergeFacts>()
  for (const { id, tree, parents } of commits) {
    if (parents.length < 2) continue
    const sides = parents.map((parent) => treeOf(trees, parent))
    const [ours = '', theirs = ''] = parents
    const rebuilt = parents.length === 2 ? await mergedTree(mirror, ours, theirs) : undefined
    const bases = rebuilt === undefined ? sides : [rebuilt.tree]
    const against = await differences(
      mirror,
      bases.map((base) => [base, tree] as const),
    )
    const own = new Set([...pathsOf(against.flat()), ...(rebuilt?.conflicts ?? [])])
    const moved = isByPath && rebuilt ? await movedPaths(mirror, parents, { sides, merged: rebuilt.tree }) : []
    facts.set(id, { against: rebuilt === undefined ? 'any' : 'rebuilt', own: [...own], moved })
  }
  return facts
}

/**
 * Paths that a merge brings to a content of neither side, although one side has not touched them: git has followed a file that
 * the other side renamed. Where both have, it is a merge of their texts.
 */
async function movedPaths(
  mirror: string,
  [ours = '', theirs = '']: readonly string[],
  { sides: [left = '', right = ''], merged }: { readonly sides: readonly string[]; readonly merged: string },
): Promise<readonly string[]> {
  const inBoth = async (pairs: readonly (readonly [string, string])[]): Promise<ReadonlySet<string>> => {
    const [first = new Set<string>(), ...others] = (await differences(mirror, pairs)).map(
      (one) => new Set(pathsOf(one)),
    )
    return new Set([...first].filter((path) => others.every((paths) => paths.has(path))))
  }
  const ofNeither = await inBoth([
    [left, merged],
    [right, merged],
  ])
  if (ofNeither.size === 0) return []
  const bases = await baseTrees(mirror, ours, theirs)
  const touched = await inBoth(bases.flatMap((base) => [[base, left] as const, [base, right] as const]))
  return [...ofNeither].filter((path) => !touched.has(path))
}

function pathsOf(changes: readonly PathChange[]): readonly string[] {
  return changes.map(({ path }) => path)
}

/** Whether a verdict names somebody. */
export function isSigner(verdict: CommitFacts['signer']): verdict is Signer {
  return !('kind' in verdict)
}
