import type { RunEnd } from '../app/run/run-request.ts'
import type { Run } from '../controller/run.ts'
import { broken } from '../controller/run-faults.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Sees a run through in a terminal: Ctrl-C once finishes what is changing, twice stops now. Signals are the process's own
 * again when `letGo` has resolved, too: nothing may be left behind on a device.
 */
export async function underSignals(run: Run, letGo: () => Promise<void>): Promise<RunEnd> {
  const listener = (signal: NodeJS.Signals): void => run.stop(signal)
  for (const signal of SIGNALS) process.on(signal, listener)
  try {
    const end = await run.finished
    await letGo()
    return end
  } catch (error) {
    // Why it broke off comes first: what lets it go often fails for the same reason.
    await letGo().catch(() => undefined)
    throw broken(error)
  } finally {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
