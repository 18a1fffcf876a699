import type { RunOverloaded } from '../core/events.ts'
import { machineLoad } from '../load/machine-load.ts'

const LOOK_EVERY_MS = 500
/** So long, and it is no moment. */
const WORTH_TELLING_MS = 5_000

/** Looks at this machine while a run goes on, until what it answers with is called; tells once that it is overloaded. */
export function watchLoad(tell: (event: RunOverloaded) => void): () => void {
  const unwatch = machineLoad.watch()
  const before = machineLoad.overloadedMs
  const timer = setInterval(() => {
    if (machineLoad.overloadedMs - before < WORTH_TELLING_MS) return
    clearInterval(timer)
    tell({ type: 'run.overloaded', ...machineLoad.shortage })
  }, LOOK_EVERY_MS).unref()
  return () => {
    clearInterval(timer)
    unwatch()
  }
}
