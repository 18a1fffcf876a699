import { spawn } from 'node:child_process'

/** What `less` is told where nobody tells it otherwise: leave at once what fits, keep colours, do not clear the screen. */
const LESS = 'FRX'

/**
 * Shows a text by the user's pager (`PAGER`, else less) and waits until it is left; false where there is none, and nothing
 * was shown. `PAGER=cat`, or an empty one, is none.
 */
export async function showByPager(text: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const program = environment['PAGER'] ?? 'less'
  if (program.trim() === '' || program.trim() === 'cat') return false
  const env = { LESS, ...environment }
  const pager = spawn(program, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env })
  // Ctrl-C is for the pager: it searches, or stops reading.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  try {
    return await new Promise<boolean>((resolve) => {
      pager.once('error', () => resolve(false))
      // 127 is that of a shell that does not find the program; it has said so, and the text is still to be shown.
      pager.once('close', (code) => resolve(code !== 127))
      pager.stdin.on('error', ignore)
      pager.stdin.end(text)
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}
