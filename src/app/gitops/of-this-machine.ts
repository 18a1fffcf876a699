import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type InputError, inputError } from '../../core/diagnostic.ts'
import { GitBroken } from '../../gitops/git.ts'
import { GIT_NEEDED } from '../../gitops/git-version.ts'
import { mirrorName } from '../../gitops/mirror.ts'
import { ToolMissing } from '../../gitops/program-tools.ts'
import { FolderDamaged } from '../../gitops/trust-folder.ts'
import type { OpenFollow } from './open-follow.ts'

/** What is wrong with this machine, and not with us. */
export function ofThisMachine(error: unknown, { folder }: OpenFollow): InputError | undefined {
  const missing = missingTool(error)
  if (missing) return missing
  if (error instanceof GitBroken) {
    const copy = join(folder, mirrorName(existsSync(join(folder, mirrorName('sha256'))) ? 'sha256' : 'sha1'))
    const detail = `${error.message}\nRemove the folder; it is fetched anew, and what is in force stays so.`
    return inputError('GITOPS_MIRROR_BROKEN', `"${copy}" cannot be read`, detail)
  }
  if (!(error instanceof FolderDamaged)) return undefined
  const detail =
    'It says what is in force. Say it anew: `till gitops trust COMMIT --reason TEXT`; record.ndjson beside it has the last one.'
  return inputError('GITOPS_INVALID', error.message, detail)
}

/** A program that decides about trust is not on this machine, or too old; undefined for another error. */
export function missingTool(error: unknown): InputError | undefined {
  if (!(error instanceof ToolMissing || (error instanceof GitBroken && error.missing))) return undefined
  const { tool, found } = error instanceof ToolMissing ? error : { tool: 'git', found: undefined }
  const without = 'Without it no revision is verified, and none is taken.'
  if (found !== undefined) {
    const detail = `Install ${tool} ${GIT_NEEDED.join('.')} or later. ${without}`
    return inputError(
      'GITOPS_TOOL_MISSING',
      `The program ${tool} on this machine is ${found}, which is too old`,
      detail,
    )
  }
  const packages: Readonly<Record<string, string>> = { 'ssh-keygen': 'openssh-client', gpg: 'gnupg' }
  const detail = `Install it (Debian: apt-get install ${packages[tool] ?? tool}). ${without}`
  return inputError('GITOPS_TOOL_MISSING', `The program ${tool} is not on this machine`, detail)
}
