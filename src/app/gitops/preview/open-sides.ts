import { utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Diagnostic, InputError } from '../../../core/diagnostic.ts'
import { HOUR_MS } from '../../../core/duration.ts'
import type { Fleet } from '../../../core/fleet.ts'
import { checkOut, forgetUnused, TreeRefused } from '../../../gitops/checkout.ts'
import { GitBroken, gitText, inWorkTree } from '../../../gitops/git.ts'
import { commitsBetween, openMirror, treeOfMerge } from '../../../gitops/mirror.ts'
import { ToolMissing } from '../../../gitops/program-tools.ts'
import { openProject, type Project } from '../../project.ts'
import { placed } from '../prepare-revision.ts'

/** One state of the repository, in a folder of its own. */
export interface Side {
  readonly project: Project
  readonly fleet: Fleet
}

/** What is there, and what would be there once another revision is merged. */
export interface Sides {
  readonly base: Side & { readonly commit: string }
  readonly merged: Side & { readonly tree: string }
  /** The revision that would be merged. */
  readonly tip: string
  /** Commits that it brings. */
  readonly commits: number
}

/** What would be merged, and into what; HEAD unless given. */
interface Merge {
  readonly ref: string
  readonly into?: string
}

/**
 * Reads the commit that is checked out, or `into`, and the tree that git makes of it and `ref`, out of git's objects: nothing
 * of either is executed, and the repository of the user is not written to. Throws InputError.
 */
export async function openSides(project: Project, { ref, into = 'HEAD' }: Merge): Promise<Sides> {
  try {
    return await sidesOf(project, { ref, into })
  } catch (error) {
    if (error instanceof TreeRefused) throw refused('REVISION_BROKEN', `"${ref}" is not taken`, error.message)
    if (error instanceof ToolMissing || (error instanceof GitBroken && error.missing))
      throw refused('GITOPS_TOOL_MISSING', 'The program git is not on this machine', 'Install it: apt-get install git.')
    if (!(error instanceof GitBroken)) throw error
    const detail = `${error.message}\nFetch the whole history; \`git fsck\` finds damage.`
    throw refused('REVISION_INCOMPLETE', `The history of "${ref}" cannot be read`, detail)
  }
}

async function sidesOf(project: Project, { ref, into }: Required<Merge>): Promise<Sides> {
  const here = await workTree(project.root)
  const [commit, tip] = [await commitOf(project.root, into), await commitOf(project.root, ref)]
  if (commit === undefined || tip === undefined) throw unknownRevision(commit === undefined ? into : ref)
  const folder = join(project.root, '.till', 'against')
  const mirror = await openMirror(folder)
  // Objects of the repository are read where they are; those that a merge makes are written here.
  await writeFile(join(mirror, 'objects', 'info', 'alternates'), `${here.objects}\n`)
  const merge = await treeOfMerge(mirror, commit, tip)
  if (!merge.ok) {
    const detail = `Merge or rebase it first. In conflict: ${merge.paths.slice(0, 5).join(', ')}.`
    throw refused(
      'REVISION_BROKEN',
      `"${ref}" does not merge into ${into === 'HEAD' ? 'what is checked out here' : `"${into}"`}`,
      detail,
    )
  }
  const paths = { revisions: join(folder, 'revisions'), home: join(folder, 'till') }
  await forgetUnused(paths.revisions, Date.now() - HOUR_MS)
  const open = async (tree: string): Promise<Side> => {
    const { root } = await checkOut(mirror, tree, paths)
    // Another process may be about to tidy up.
    await utimes(root, new Date(), new Date())
    return openSide(join(root, here.prefix), paths.revisions)
  }
  const base = await open((await gitText(mirror, ['rev-parse', '--verify', `${commit}^{tree}`])).trim())
  const merged = await open(merge.tree)
  const commits = (await commitsBetween(mirror, commit, tip)).length
  return { base: { ...base, commit }, merged: { ...merged, tree: merge.tree }, tip, commits }
}

/** Loads it. What it names lies within it: a branch must not have files of this machine read. */
async function openSide(root: string, revisions: string): Promise<Side> {
  try {
    const project = await openProject(root)
    const strays = (['inventory', 'runbooks', 'modules'] as const).filter((name) =>
      relative(root, project.paths[name]).startsWith('..'),
    )
    if (strays.length > 0) {
      const detail = `"${strays[0]}" of tillwright.yaml leads out of it.`
      throw refused('REVISION_BROKEN', 'A revision names files outside of the repository', detail)
    }
    return { project, fleet: await project.fleet() }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.diagnostics.map((one) => placed(one, revisions)))
  }
}

/** Where git has the objects of the work tree that a folder lies in, and what the folder is called from its root. */
async function workTree(root: string): Promise<{ readonly objects: string; readonly prefix: string }> {
  const args = ['rev-parse', '--path-format=absolute', '--is-shallow-repository', '--git-path', 'objects']
  const ended = await inWorkTree(root, [...args, '--show-prefix'])
  if (ended.missing) throw new ToolMissing('git')
  const [shallow, objects = '', prefix = ''] = ended.stdout.toString().split('\n')
  if (ended.code !== 0 || objects === '') {
    const detail = 'A difference is one between two revisions: `git init`, and commit.'
    throw refused('USAGE_INVALID', `"${root}" is in no git repository`, detail)
  }
  if (shallow !== 'true') return { objects, prefix }
  const detail = 'Fetch it whole: `git fetch --unshallow`; in a pipeline GIT_DEPTH: 0, or fetch-depth: 0.'
  throw refused('REVISION_INCOMPLETE', 'This repository is a shallow clone, in which history is missing', detail)
}

/** The commit of a name; a pipeline has branches only as its remote's. */
async function commitOf(root: string, ref: string): Promise<string | undefined> {
  for (const name of [ref, `refs/remotes/origin/${ref}`]) {
    const ended = await inWorkTree(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
    if (ended.code === 0) return ended.stdout.toString().trim()
  }
  return undefined
}

function unknownRevision(ref: string): InputError {
  const detail = 'Name a branch, a tag or a commit that is there; `git fetch` brings those of the remote.'
  return refused('USAGE_INVALID', `There is no revision "${ref}" in this repository`, detail)
}

function refused(code: Diagnostic['code'], summary: string, detail: string): InputError {
  return new InputError([{ code, severity: 'error', summary, detail }])
}
