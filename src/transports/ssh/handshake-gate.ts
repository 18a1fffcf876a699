import { deadline } from '../../load/deadline.ts'
import { machineLoad } from '../../load/machine-load.ts'

/** A place among the logins under way. */
export interface Admitted {
  /** The device is there: the place is kept until it has answered, though not for ever. */
  extend(): void
  /** Gives the place to the next. Doing so again does nothing. */
  release(): void
}

/**
 * Bounds how many logins are under way at once in this process, from the first packet to the first answer, so that
 * neither our CPU nor that of a machine behind many addresses is asked for more than it can do within the deadlines. Where
 * this machine is overloaded there are fewer places, and those who have one keep it for longer.
 */
export interface HandshakeGate {
  /** Resolves, in order of asking, when a login may begin; deadlines begin after it. Undefined when aborted before. */
  enter(signal: AbortSignal): Promise<Admitted | undefined>
  /** From now on there are so many places; 0 lets nobody in. Resolves when no more than that are taken. */
  resize(limit: number): Promise<void>
}

/** A device that shows no sign of life waits for itself, not for us; it does not keep others from beginning. */
const SILENT_AT_MOST_MS = 1_000

/** Nor does one that answers the door and then takes its time. */
const HELD_AT_MOST_MS = 5_000

/** A gate for at most `limit` logins; as many times fewer as this machine is overloaded (`strain`, 1 where it has time). */
export function createHandshakeGate(limit: number, strain = (): number => machineLoad.strain): HandshakeGate {
  const waiting = new Set<() => void>()
  const fitting = new Set<() => void>()
  let places = limit
  let held = 0

  const open = (): number => Math.ceil(places / strain())

  function settle(): void {
    for (const enter of waiting) {
      if (held >= open()) break
      enter()
    }
    if (held > places) return
    for (const fits of fitting) fits()
    fitting.clear()
  }

  function take(): Admitted {
    held += 1
    let released = false
    const release = (): void => {
      if (released) return
      released = true
      callOff()
      held -= 1
      settle()
    }
    let callOff = deadline(SILENT_AT_MOST_MS, release)
    const extend = (): void => {
      if (released) return
      callOff()
      callOff = deadline(HELD_AT_MOST_MS, release)
    }
    return { extend, release }
  }

  return {
    enter: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined)
        if (held < open()) return resolve(take())
        const leave = (): void => {
          waiting.delete(enter)
          signal.removeEventListener('abort', cancel)
        }
        const enter = (): void => {
          leave()
          resolve(take())
        }
        const cancel = (): void => {
          leave()
          resolve(undefined)
        }
        waiting.add(enter)
        signal.addEventListener('abort', cancel, { once: true })
      }),
    resize: (to) => {
      places = to
      return new Promise((resolve) => {
        fitting.add(resolve)
        settle()
      })
    },
  }
}
