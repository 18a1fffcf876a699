import type { FleetKey } from '../core/fleet-key.ts'
import type { RunStore } from '../core/run-store.ts'
import { controlOf } from '../engine/admission/run-control.ts'
import type { RunPause } from '../engine/fleet/run-pause.ts'

/** So often a run looks whether somebody has ended or paused it. */
const LOOK_EVERY_MS = 1_000

/** Ends or holds a run as somebody says from another process, until what it gives is called. */
export function heedWords(of: {
  readonly id: string
  readonly fleet: FleetKey
  readonly store: RunStore
  readonly pause: RunPause
  readonly stopping: AbortSignal
  readonly stop: (why: string) => void
  readonly warn: (text: string) => void
}): () => void {
  const { id, pause } = of
  let wasTold = false
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref()
  pause.onChange((isPaused) => {
    // Nothing else may keep the process: a run that waits for a word is there.
    if (isPaused) timer.ref()
    else timer.unref()
  })
  return () => clearInterval(timer)

  async function look(): Promise<void> {
    const content = await of.store.admission.read(of.fleet).catch(() => undefined)
    if (!content) return
    const { aborted, paused } = controlOf(content, id)
    if (aborted && !of.stopping.aborted) of.stop('abort')
    if (paused && !wasTold) of.warn(`Run ${id} is paused by ${paused.by}: ${paused.why}. Go on: till resume ${id}`)
    if (!paused && wasTold) of.warn(`Run ${id} goes on.`)
    wasTold = paused !== undefined
    pause.set(wasTold)
  }
}
