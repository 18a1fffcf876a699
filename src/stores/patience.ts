import { AsyncLocalStorage } from 'node:async_hooks'

/** What somebody waits for who goes away soon: a request, until it is answered. */
interface Patience {
  readonly until: number
  isOver: boolean
}

const asking = new AsyncLocalStorage<Patience>()

/** For so long what `work` asks waits for something that is away. What it has begun, and goes on behind its answer, has time again. */
export async function withPatience<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const patience: Patience = { until: performance.now() + ms, isOver: false }
  try {
    return await asking.run(patience, work)
  } finally {
    patience.isOver = true
  }
}

/** Milliseconds for which who asks here waits; Infinity where nobody is in a hurry. */
export function patienceLeftMs(): number {
  const patience = asking.getStore()
  return !patience || patience.isOver ? Number.POSITIVE_INFINITY : patience.until - performance.now()
}

/** So long it is waited on, where it is found that what is away is there, and only slow. */
const SLOW_MS = 3_000

/**
 * What `work` gives. Once who asks here waits no longer, `lateWith` says what to reject with, which `work` is told; undefined: it is waited
 * on for a while.
 */
export async function inPatience<T>(
  work: (isLate: () => boolean) => Promise<T>,
  lateWith: () => Promise<unknown>,
): Promise<T> {
  const ms = patienceLeftMs()
  if (ms === Number.POSITIVE_INFINITY) return work(() => false)
  let timer: NodeJS.Timeout | undefined
  let isLate = false
  let isDone = false
  const over = new Promise<never>((_, reject) => {
    const look = async (): Promise<void> => {
      // Where there was an answer meanwhile, this goes on behind it.
      if (patienceLeftMs() === Number.POSITIVE_INFINITY) return
      const late = await lateWith()
      if (isDone) return
      if (late === undefined) timer = setTimeout(look, SLOW_MS)
      else {
        isLate = true
        reject(late)
      }
    }
    timer = setTimeout(look, Math.max(0, ms))
  })
  try {
    return await Promise.race([work(() => isLate), over])
  } finally {
    isDone = true
    clearTimeout(timer)
  }
}

/** What is done for several, of whom only some are in a hurry. */
export function unhurried<T>(work: () => T): T {
  return asking.exit(work)
}
