import { relative, sep } from 'node:path'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { textOrNothing } from '../../files/read-regular.ts'
import { lookAtWorkTree, type WorkTree } from '../../gitops/work-tree.ts'
import type { Project } from '../project.ts'
import { andMore } from './and-more.ts'
import { runbookFiles } from './runbooks.ts'

/** Why a work tree that git calls clean says, or gives devices, something else than its commit; remarks, since git was asked for it. */
export async function checkWorkTree(project: Project): Promise<readonly Diagnostic[]> {
  const { leftOut, converted, unknown } = await workTreeOf(project)
  const found: Diagnostic[] = []
  if (unknown !== undefined)
    found.push(differs('Whether the files are here as the commit has them is not known', { detail: `git: ${unknown}` }))
  if (leftOut.length > 0)
    found.push(
      differs(`Files of the commit are left out here: ${andMore(leftOut)}`, {
        detail: 'This is a sparse checkout: devices, runbooks and rules of the repository may be missing in it.',
        hint: '`git sparse-checkout disable` brings all of it.',
      }),
    )
  if (converted.length > 0)
    found.push(
      differs(`Files have other content here than in the commit, and git does not show it: ${andMore(converted)}`, {
        detail:
          'Attributes (eol, working-tree-encoding, ident), core.autocrlf or Git LFS change them in a work tree. A controller that follows the repository has them as they are in the commit.',
        hint: 'Commit them as devices are to have them: `*.ps1 -text` in .gitattributes, then `git add --renormalize .`.',
      }),
    )
  return found
}

/** Why the inventory may be less than the commit has; undefined where it is all of it. */
export async function whyInventoryIsPartial({ root, paths }: Project): Promise<string | undefined> {
  const { leftOut, unknown } = await lookAtWorkTree(root, isBelow(root, [paths.inventory]))
  if (unknown !== undefined)
    return `Git does not say whether all files of the inventory are here, and its device may be in one that is not: ${unknown}`
  if (leftOut.length === 0) return undefined
  return 'A sparse checkout leaves out files of the inventory, in which its device may be: `git sparse-checkout disable`.'
}

/** Of what is read here: inventory, runbooks, modules, and folders that a runbook names. */
async function workTreeOf(project: Project): Promise<WorkTree> {
  const { root, paths } = project
  const isOurs = isBelow(root, [paths.inventory, paths.runbooks, paths.modules])
  const runbooks = runbookFiles(project).map(textOf).join('\n')
  const named = new Map<string, boolean>()
  return lookAtWorkTree(root, (path) => {
    if (path === 'tillwright.yaml' || isOurs(path)) return true
    const [top = '', ...below] = path.split('/')
    const name = below.length === 0 ? top : `${top}/`
    const isNamed = named.get(name) ?? runbooks.includes(name)
    named.set(name, isNamed)
    return isNamed
  })
}

function isBelow(root: string, folders: readonly string[]): (path: string) => boolean {
  const prefixes = folders.map((folder) => relative(root, folder).split(sep).join('/'))
  return (path) => prefixes.some((prefix) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`))
}

function textOf(file: string): string {
  try {
    return textOrNothing(file)
  } catch {
    // Whoever loads it says what is wrong with it.
    return ''
  }
}

function differs(summary: string, more: Pick<Diagnostic, 'detail' | 'hint'>): Diagnostic {
  return { code: 'WORK_TREE_DIFFERS', severity: 'warning', summary, ...more }
}
