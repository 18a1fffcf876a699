import { readdirSync, statSync } from 'node:fs'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { reasonOf } from '../../lang/inventory/read-folder.ts'
import type { Project } from '../project.ts'

type PathKey = 'inventory' | 'runbooks' | 'modules' | 'known_hosts' | 'state'

/**
 * Folders and files that tillwright.yaml names by these keys, and that are something else, or folders that are not there: a slip in
 * a name would leave out all runbooks, or all modules. What is not named may be missing, as may what a folder of git without
 * files leads to by its usual name, and files that are made at the first use. Of the inventory its reader says so itself.
 */
export function checkPaths(project: Project): readonly Diagnostic[] {
  const { settings, paths } = project
  const files = [
    ['known_hosts', paths.knownHosts],
    ...(settings.postgres === undefined && !project.isSandbox ? [['state', paths.state] as const] : []),
  ] as const
  return [
    ...folderFaults(project, 'modules', paths.modules),
    ...folderFaults(project, 'runbooks', paths.runbooks),
    ...files.flatMap(([key, path]) => (isFolder(path) ? [unreadablePath(project, key, { code: 'EISDIR' })] : [])),
  ]
}

function folderFaults(project: Project, key: 'runbooks' | 'modules', path: string): readonly Diagnostic[] {
  try {
    readdirSync(path)
    return []
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const isUsual = project.settings[key].replace(/^\.\/|\/$/g, '') === key
    return code === 'ENOENT' && isUsual ? [] : [unreadablePath(project, key, { code })]
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Why what tillwright.yaml names cannot be read, at the line that names it. */
export function unreadablePath(
  project: Project,
  key: PathKey,
  error: { readonly code?: string | undefined },
): Diagnostic {
  const { settings } = project
  const source = settings.placeOf(key === 'state' ? ['state', 'file'] : [key]) ?? settings.placeOf([key])
  const summary = `"${settings[key]}" cannot be read`
  return {
    code: 'FILE_UNREADABLE',
    severity: 'error',
    summary,
    detail: reasonOf(error),
    ...(source !== undefined && { source }),
  }
}
