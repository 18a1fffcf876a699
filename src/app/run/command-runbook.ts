import { createHash } from 'node:crypto'
import type { Runbook } from '../../core/runbook.ts'

/** In place of a file, for what was typed. */
export const COMMAND_LINE = 'command line'

const TYPED = { file: COMMAND_LINE, line: 1, column: 1, endLine: 1, endColumn: 1 }

/**
 * The runbook of `till exec`: one command whose answer is the observation. One word is a text for sh, several are a
 * program and its arguments.
 */
export function commandRunbook(words: readonly string[], timeoutMs: number): Runbook {
  const [only] = words
  const run = words.length === 1 && only !== undefined ? only : words
  const digest = createHash('sha256').update(JSON.stringify(words)).digest('hex')
  return {
    name: 'exec',
    description: 'A command of the command line',
    params: { command: run },
    steps: [
      {
        id: 'command',
        name: words.join(' '),
        module: 'command',
        params: { steps: [], render: () => ({ ok: true, value: { run, read_only: true } }) },
        restart_on: [],
        timeout_ms: timeoutMs,
        continue_on_failure: false,
        on_failure: [],
        rollback: [],
        source: TYPED,
      },
    ],
    classify: [],
    digest,
    file: TYPED.file,
  }
}
