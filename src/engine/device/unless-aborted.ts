export const ABORTED = Symbol('aborted')

/** What work comes to, unless the signal is aborted first: then nobody waits for it. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | typeof ABORTED> {
  if (signal.aborted) return ABORTED
  let stop: (() => void) | undefined
  const stopped = new Promise<typeof ABORTED>((resolve) => {
    stop = () => resolve(ABORTED)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    if (stop) signal.removeEventListener('abort', stop)
  }
}
