import type { ChildProcess } from 'node:child_process'
import { deadline } from './deadline.ts'

/**
 * Calls `report` once, when a program has ended and what it said was read; or `lingerMs` milliseconds after its end, since something
 * that it started may hold its streams for good. On a busy machine the end of a program is often heard before its words are.
 */
export function afterEnd(
  child: ChildProcess,
  lingerMs: number,
  report: (code: number | null, signal: NodeJS.Signals | null) => void,
): void {
  child.once('exit', (code, signal) => {
    let isTold = false
    const tell = (): void => {
      if (!isTold) report(code, signal)
      isTold = true
    }
    const callOff = deadline(lingerMs, tell)
    child.once('close', () => {
      callOff()
      tell()
    })
  })
}
