import { deadline } from '../load/deadline.ts'

/** A deadline for which what is waited meanwhile (`waitedMs`) does not count. Returns what calls it off. */
export function uploadDeadline(ms: number, act: () => void, waitedMs: () => number = () => 0): () => void {
  let callOff = (): void => undefined
  const arm = (leftMs: number): void => {
    const before = waitedMs()
    callOff = deadline(leftMs, () => {
      const moreMs = waitedMs() - before
      if (moreMs >= 1) arm(moreMs)
      else act()
    })
  }
  arm(ms)
  return () => callOff()
}
