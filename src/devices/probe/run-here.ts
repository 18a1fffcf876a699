import { startProgram } from '../../files/start-program.ts'
import { wantHere } from '../../files/want-here.ts'
import { deadline } from '../../load/deadline.ts'

export interface ProgramAnswer {
  /** undefined: the program is not there, or could not be started. */
  readonly exitCode: number | undefined
  readonly output: string
  readonly timedOut: boolean
}

const KEPT = 64 * 1024

/** Runs a program of this machine without a shell, in the C locale; ended when the time is over. Rejects where this machine has too little for it (`wantHere`). */
export function runHere(
  program: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProgramAnswer> {
  return new Promise((resolve, reject) => {
    const path = `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`
    const child = startProgram(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: path, LC_ALL: 'C' } })
    let output = ''
    let timedOut = false
    const stop = (): void => {
      timedOut = true
      child.kill('SIGKILL')
    }
    const callOff = deadline(options.timeoutMs, stop)
    options.signal.addEventListener('abort', stop, { once: true })
    const end = (exitCode: number | undefined): void => {
      callOff()
      options.signal.removeEventListener('abort', stop)
      resolve({ exitCode, output, timedOut })
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < KEPT) output += text
      })
    }
    child.once('error', (error) => {
      if (wantHere(error) !== undefined) reject(error)
      output += error.message
      end(undefined)
    })
    child.once('close', (code) => end(code ?? -1))
    if (options.signal.aborted) stop()
  })
}
