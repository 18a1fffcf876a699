import type { Change } from '../../core/change.ts'
import type { ContentToSend } from '../../core/content.ts'
import type { AgentState } from './agent-state.ts'

/** Changes that a package brings about. */
export const INSTALLS = /^(state|version)$/

/** A slow till takes a few seconds to start it. */
export const PATIENCE_S = 15

/** Whatever changes, the agent is restarted; unless it is only whether it starts at boot. */
export function actOf(changes: readonly Change[], wasRunning: boolean): string {
  if (changes.every(({ path }) => path === 'enabled')) return ''
  return wasRunning || changes.some(({ path }) => INSTALLS.test(path)) ? 'restart' : 'start'
}

/** The package, where it is a file of the repository and is installed. */
export function sends(
  _params: unknown,
  changes: readonly Change[],
  { file }: Pick<AgentState, 'file'>,
): readonly ContentToSend[] {
  return file && changes.some(({ path }) => INSTALLS.test(path)) ? [file] : []
}
