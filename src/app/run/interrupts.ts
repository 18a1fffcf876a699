import { setMaxListeners } from 'node:events'

/** What Ctrl-C means to a run: once, finish what is changing; twice, stop now. */
export interface StopSignals {
  readonly stopping: AbortSignal
  readonly aborting: AbortSignal
  /** Puts the process's own handling of signals back. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Listens to signals; `onSignal` is told of each, with `hard` from the second on. */
export function listenForInterrupts(onSignal: (signal: string, hard: boolean) => void): StopSignals {
  const stopping = new AbortController()
  const aborting = new AbortController()
  // Every device in flight listens to both.
  setMaxListeners(0, stopping.signal, aborting.signal)
  const listener = (signal: NodeJS.Signals): void => {
    const hard = stopping.signal.aborted
    onSignal(signal, hard)
    if (hard) aborting.abort()
    stopping.abort()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return {
    stopping: stopping.signal,
    aborting: aborting.signal,
    release() {
      for (const signal of SIGNALS) process.off(signal, listener)
    },
  }
}
