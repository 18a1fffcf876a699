import { isUnusable } from '../core/diagnostic.ts'
import type { ServerLog } from './server-log.ts'

/** What strangers are told too: nothing of where the store is. */
const TOLD =
  'The state store is away, or cannot be used now: ask again later. The log of the server says what is wrong there, and what to do.'

/** What to answer with 503 where the state store is why; people find the rest in the log. undefined: something else is. */
export function stateAway(error: unknown, log: ServerLog): string | undefined {
  if (!isUnusable(error)) return undefined
  const [{ summary, detail } = { summary: error.message, detail: undefined }] = error.diagnostics
  log.sayOf('state', `Answered with 503: ${summary}${detail === undefined ? '' : `. ${detail}`}`)
  return TOLD
}

/** So long whoever asks waits for a store that is away. */
export const AWAY_MS = 3_000
export const AGAIN = { 'retry-after': '5' } as const
