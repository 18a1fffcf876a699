import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export const GITOPS_FILE = 'gitops.yaml'

/**
 * The folder of what a controller follows: as named; else of the environment; else `gitops` in the state folder of the
 * service (systemd), of the system for root, or of the user.
 */
export function gitopsFolder(folder?: string): string {
  const named = folder ?? (process.env['TILL_GITOPS'] || undefined)
  if (named !== undefined) return isAbsolute(named) ? named : join(process.cwd(), named)
  const state = process.env['STATE_DIRECTORY']?.split(':')[0]
  if (state) return join(state, 'gitops')
  if (process.getuid?.() === 0) return '/var/lib/tillwright/gitops'
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'tillwright', 'gitops')
}
