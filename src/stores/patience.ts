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

/** What `work` gives; rejects with `late` once who asks here waits no longer for it, which `work` is told. */
export async function inPatience<T>(work: (isLate: () => boolean) => Promise<T>, late: () => unknown): Promise<T> {
  const ms = patienceLeftMs()
  if (ms === Number.POSITIVE_INFINITY) return work(() => false)
  let timer: NodeJS.Timeout | undefined
  let isLate = false
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        // Where there was an answer meanwhile, this goes on behind it.
        if (patienceLeftMs() === Number.POSITIVE_INFINITY) return
        isLate = true
        reject(late())
      },
      Math.max(0, ms),
    )
  })
  try {
    return await Promise.race([work(() => isLate), over])
  } finally {
    clearTimeout(timer)
  }
}

/** What is done for several, of whom only some are in a hurry. */
export function unhurried<T>(work: () => T): T {
  return asking.exit(work)
}
