import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readTrusted } from '../../gitops/trust-folder.ts'
import { openProject, type Project } from '../project.ts'
import { GITOPS_FILE } from './gitops-folder.ts'

/** What is in force is read so often at most: a large run asks for thousands of devices in a second. */
const LOOK_MS = 500

/**
 * For a project that is a checkout of what is followed: asks which revision is in force by now, and opens it where it is another one than
 * was told last. It is of no use to anybody else but to read its rules, and is to be closed. Undefined for any other project.
 */
export function inForceSince({ root }: Pick<Project, 'root'>): (() => Promise<Project | undefined>) | undefined {
  const checkout = realpathSync(root)
  const revisions = dirname(checkout)
  const folder = dirname(revisions)
  if (basename(revisions) !== 'revisions' || !existsSync(join(folder, GITOPS_FILE))) return undefined
  let told = basename(checkout)
  let lookAt = 0
  return async () => {
    if (performance.now() < lookAt) return undefined
    lookAt = performance.now() + LOOK_MS
    const commit = (await readTrusted(folder))?.commit
    if (commit === undefined || commit === told) return undefined
    told = commit
    return openProject(join(revisions, commit))
  }
}
