import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasId } from './commit-object.ts'
import { askGit, LEFT_OUT, whyUnknown } from './revision.ts'

/** In what a work tree is not its commit although git calls it clean. Paths count from the folder that was asked about. */
export interface WorkTree {
  /** Files of the commit that are not there: a sparse checkout. */
  readonly leftOut: readonly string[]
  /** Files with other content: line ends, an encoding, `$Id$`, Git LFS, as .gitattributes or core.autocrlf say. */
  readonly converted: readonly string[]
  /** Why git did not say it, although there is a repository. */
  readonly unknown?: string
}

const WHOLE: WorkTree = { leftOut: [], converted: [] }
const FILE = /^(. )10\d{4} ([0-9a-f]+) 0\t(.*)$/s

/** Looks at the files below `root` that `isAsked` names; a folder outside of git is as it is. */
export async function lookAtWorkTree(root: string, isAsked: (path: string) => boolean): Promise<WorkTree> {
  let list: string
  try {
    list = await askGit(root, ['ls-files', '-s', '-t', '-z', '--', '.'])
  } catch (error) {
    const unknown = whyUnknown(error)
    return unknown === undefined ? WHOLE : { ...WHOLE, unknown }
  }
  const files = list.split('\0').flatMap((line) => {
    const [, tag, id = '', path = ''] = FILE.exec(line) ?? []
    return path !== '' && isAsked(path)
      ? [{ isLeftOut: tag === LEFT_OUT && !existsSync(join(root, path)), id, path }]
      : []
  })
  if (files.length === 0) return WHOLE
  const leftOut = files.filter(({ isLeftOut }) => isLeftOut).map(({ path }) => path)
  const others = files.filter(({ isLeftOut, id, path }) => !isLeftOut && differs(join(root, path), id))
  if (others.length === 0) return { leftOut, converted: [] }
  // What somebody has changed is not what git made of it.
  const changed = new Set((await askGit(root, ['ls-files', '-m', '-z', '--', '.']).catch(() => '')).split('\0'))
  return { leftOut, converted: others.map(({ path }) => path).filter((path) => !changed.has(path)) }
}

function differs(file: string, id: string): boolean {
  try {
    return lstatSync(file).isFile() && !hasId('blob', readFileSync(file), id)
  } catch {
    // Whoever reads it says what is wrong with it.
    return false
  }
}
