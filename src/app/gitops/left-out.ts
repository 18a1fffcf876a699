import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { inputError } from '../../core/diagnostic.ts'
import { type LeftOut, readSeal } from '../../gitops/checkout-seal.ts'
import { PROJECT_FILE } from '../project.ts'
import { andMore } from '../revision/and-more.ts'

/** What is missing in a revision since it is a link or a submodule there; empty for nothing. */
export async function leftOutWords(root: string): Promise<string> {
  const { leftOut = [] } = (await readSeal(root)) ?? {}
  if (leftOut.length === 0) return ''
  return `Left out of what is followed: ${leftOutNames(leftOut)}.`
}

/** What is not there of a tree, as people read it. */
export function leftOutNames(leftOut: readonly LeftOut[]): string {
  return andMore(leftOut.map(({ path, what }) => `${path} (${what})`))
}

/** Refuses a revision whose root is no project, and says where one lies. Throws InputError. */
export function requireProject(root: string, leftOut: readonly LeftOut[]): void {
  if (existsSync(join(root, PROJECT_FILE))) return
  const summary = `The repository has no ${PROJECT_FILE} at its root`
  const found = leftOut.find(({ path }) => path === PROJECT_FILE)
  if (found)
    throw inputError('PROJECT_UNKNOWN', summary, `It is a ${found.what} there, which is left out. Commit it as a file.`)
  const below = foldersWithProject(root)
  const where =
    below.length === 0 ? '' : ` It lies in ${andMore(below)}: move it up, or follow a repository of its own.`
  throw inputError(
    'PROJECT_UNKNOWN',
    summary,
    `What is followed is a repository whose root is the folder of ${PROJECT_FILE}.${where}`,
  )
}

/** As deep as projects lie in a repository of several. */
function foldersWithProject(root: string, folder = '', depth = 3): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry): readonly string[] => {
    if (entry.isFile() && entry.name === PROJECT_FILE) return [`${folder}/`]
    if (!entry.isDirectory() || depth === 0) return []
    return foldersWithProject(root, folder === '' ? entry.name : `${folder}/${entry.name}`, depth - 1)
  })
}
