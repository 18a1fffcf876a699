import type { ChildProcess } from 'node:child_process'
import type { ShellAnswer } from '../../core/channel.ts'
import { startProgram } from '../../files/start-program.ts'
import { afterEnd } from '../../load/after-end.ts'

/** A program of this machine and its arguments, as they are: no shell reads them. */
export interface Tool {
  readonly words: readonly string[]
  readonly cwd?: string | undefined
  /** Beside the environment of this process. */
  readonly environment: Readonly<Record<string, string>>
}

/** What is kept of each output: its end, where tools say how it went. */
const KEPT = 256 * 1024
const GRACE_MS = 2_000

/**
 * Runs a tool until it ends or `signal` is aborted; then everything that it has started is ended, too. Exit code 127 is
 * that of a program that is not there.
 */
export function runTool({ words, cwd, environment }: Tool, signal: AbortSignal): Promise<ShellAnswer> {
  const began = performance.now()
  const [program = '', ...args] = words
  return new Promise((resolve) => {
    // A group of its own, so that its children can be ended with it.
    const child = startProgram(program, args, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const stdout = endOf(child.stdout)
    const stderr = endOf(child.stderr)
    let killer: NodeJS.Timeout | undefined
    const stop = (): void => {
      killGroup(child, 'SIGTERM')
      killer = setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS)
    }
    const end = (exitCode: number, problem = ''): void => {
      clearTimeout(killer)
      signal.removeEventListener('abort', stop)
      // What it left behind in its group holds on to nothing of ours.
      killGroup(child, 'SIGKILL')
      resolve({
        exitCode,
        stdout: Buffer.from(stdout.text()),
        text: stdout.text(),
        stderr: Buffer.from(stderr.text() + problem),
        errorText: stderr.text() + problem,
        truncated: stdout.cut() || stderr.cut(),
        timedOut: signal.aborted,
        durationMs: performance.now() - began,
      })
    }
    child.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ENOENT' ? 127 : 126, error.message))
    // Somebody who inherited the output may live on; a moment is enough for what is in the pipe.
    afterEnd(child, GRACE_MS, (code) => end(code ?? 137))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}

function endOf(stream: ChildProcess['stdout']): { readonly text: () => string; readonly cut: () => boolean } {
  let text = ''
  let cut = false
  stream?.setEncoding('utf8').on('data', (part: string) => {
    text += part
    if (text.length <= KEPT * 2) return
    text = text.slice(-KEPT)
    cut = true
  })
  return { text: () => text, cut: () => cut }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // Nothing of it is left.
  }
}
