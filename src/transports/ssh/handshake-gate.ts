/** Bounds how many handshakes are under way at once in this process, so that the CPU is not their bottleneck. */
export interface HandshakeGate {
  /**
   * Resolves, in order of asking, when a handshake may begin; deadlines begin after it. Call what it resolves to
   * when the handshake is over; calling it again does nothing.
   */
  admit(): Promise<() => void>
}

/** A handshake that takes longer waits for the device, not for us; it does not keep others from beginning. */
const HELD_AT_MOST_MS = 1_000

/** A gate for at most `limit` handshakes; throws unless it is at least 1. */
export function createHandshakeGate(limit: number): HandshakeGate {
  if (!(limit >= 1)) throw new RangeError(`A gate for ${limit} handshakes lets nothing through.`)
  const waiting: (() => void)[] = []
  let held = 0

  function take(): () => void {
    held += 1
    let released = false
    const release = (): void => {
      if (released) return
      released = true
      clearTimeout(timer)
      held -= 1
      waiting.shift()?.()
    }
    const timer = setTimeout(release, HELD_AT_MOST_MS)
    return release
  }

  return {
    admit: () =>
      new Promise((resolve) => {
        if (held < limit) resolve(take())
        else waiting.push(() => resolve(take()))
      }),
  }
}
