import { utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { InputError, inputError } from '../../../core/diagnostic.ts'
import { HOUR_MS } from '../../../core/duration.ts'
import type { Fleet } from '../../../core/fleet.ts'
import { checkOut, forgetUnused } from '../../../gitops/checkout.ts'
import type { LeftOut } from '../../../gitops/checkout-seal.ts'
import { gitText, inWorkTree } from '../../../gitops/git.ts'
import { requireGit } from '../../../gitops/git-version.ts'
import { type ObjectFormat, openMirror } from '../../../gitops/mirror.ts'
import { openProject, type Project } from '../../project.ts'
import { placed } from '../prepare-revision.ts'

/** One state of the repository, in a folder of its own. */
export interface Side {
  readonly project: Project
  readonly fleet: Fleet
  /** What of its tree is not there, since it is a link or a submodule. */
  readonly leftOut: readonly LeftOut[]
}

/** The repository that a project lies in, by git's objects. */
export interface RepositoryObjects {
  /** A bare repository of our own, that borrows the objects of the user's. */
  readonly mirror: string
  /** What the project's folder is called from the root of the repository; with a slash behind it, or empty. */
  readonly prefix: string
  /** The commit of a name, undefined where there is none. */
  commitOf(ref: string): Promise<string | undefined>
  /** Reads a commit or a tree into a folder of its own; nothing of it is executed. Throws InputError, TreeRefused. */
  open(treeish: string): Promise<Side>
}

/** Opens the repository that a project lies in, which is not written to. Throws InputError, ToolMissing. */
export async function openObjects(project: Project): Promise<RepositoryObjects> {
  const here = await workTree(project.root)
  const folder = join(project.root, '.till', 'against')
  const mirror = await openMirror(folder, here.format)
  // Objects of the repository are read where they are; those that a merge makes are written here.
  await writeFile(join(mirror, 'objects', 'info', 'alternates'), `${here.objects}\n`)
  const paths = { revisions: join(folder, 'revisions'), home: join(folder, 'till') }
  await forgetUnused(paths.revisions, Date.now() - HOUR_MS)
  return {
    mirror,
    prefix: here.prefix,
    commitOf: (ref) => commitOf(project.root, ref),
    async open(treeish) {
      const tree = (await gitText(mirror, ['rev-parse', '--verify', '--end-of-options', `${treeish}^{tree}`])).trim()
      const { root, leftOut } = await checkOut(async () => mirror, tree, paths)
      // Another process may be about to tidy up.
      await utimes(root, new Date(), new Date())
      const side = await openSide(join(root, here.prefix), paths.revisions)
      const own = leftOut.filter(({ path }) => path.startsWith(here.prefix))
      return { ...side, leftOut: own.map((one) => ({ ...one, path: one.path.slice(here.prefix.length) })) }
    },
  }
}

/** Loads it. What it names lies within it: a branch must not have files of this machine read. */
async function openSide(root: string, revisions: string): Promise<Omit<Side, 'leftOut'>> {
  try {
    const project = await openProject(root)
    const strays = (['inventory', 'runbooks', 'modules'] as const).filter((name) =>
      relative(root, project.paths[name]).startsWith('..'),
    )
    if (strays.length > 0) {
      const detail = `"${strays[0]}" of tillwright.yaml leads out of it.`
      throw inputError('REVISION_BROKEN', 'A revision names files outside of the repository', detail)
    }
    return { project, fleet: await project.fleet() }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.diagnostics.map((one) => placed(one, revisions)))
  }
}

interface Here {
  readonly objects: string
  /** What the folder is called from the root of the work tree. */
  readonly prefix: string
  readonly format: ObjectFormat
}

/** Where git has the objects of the work tree that a folder lies in. */
async function workTree(root: string): Promise<Here> {
  await requireGit()
  const args = ['rev-parse', '--path-format=absolute', '--is-shallow-repository', '--git-path', 'objects']
  const ended = await inWorkTree(root, [...args, '--show-object-format', '--show-prefix'])
  const [shallow, objects = '', format, prefix = ''] = ended.stdout.toString().split('\n')
  if (ended.code !== 0 || objects === '') {
    const detail = 'A difference is one between two revisions: `git init`, and commit.'
    throw inputError('USAGE_INVALID', `"${root}" is in no git repository`, detail)
  }
  if (shallow !== 'true') return { objects, prefix, format: format === 'sha256' ? 'sha256' : 'sha1' }
  const detail = 'Fetch it whole: `git fetch --unshallow`; in a pipeline GIT_DEPTH: 0, or fetch-depth: 0.'
  throw inputError('REVISION_INCOMPLETE', 'This repository is a shallow clone, in which history is missing', detail)
}

/** The commit of a name; a pipeline has branches only as its remote's. */
async function commitOf(root: string, ref: string): Promise<string | undefined> {
  for (const name of [ref, `refs/remotes/origin/${ref}`]) {
    const ended = await inWorkTree(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
    if (ended.code === 0) return ended.stdout.toString().trim()
  }
  return undefined
}
