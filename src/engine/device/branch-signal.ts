import { setMaxListeners } from 'node:events'

/** A signal of its own for one device, aborted with the one that it branches off from. */
export interface Branch {
  readonly signal: AbortSignal
  /** Aborts it alone. */
  abort(reason?: unknown): void
  /** Cuts it off: it is not aborted any more. */
  release(): void
}

const branches = new WeakMap<AbortSignal, Set<AbortController>>()

/**
 * A branch of a signal that thousands listen to: a signal goes through all of its listeners for each one that is added
 * or taken away, so it gets but one listener, and each device has few.
 */
export function branchOf(trunk: AbortSignal): Branch {
  const controller = new AbortController()
  // Every step of the device listens to it.
  setMaxListeners(0, controller.signal)
  if (trunk.aborted) controller.abort(trunk.reason)
  const siblings = branches.get(trunk) ?? listen(trunk)
  siblings.add(controller)
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => siblings.delete(controller),
  }
}

function listen(trunk: AbortSignal): Set<AbortController> {
  const controllers = new Set<AbortController>()
  branches.set(trunk, controllers)
  const abort = (): void => {
    for (const controller of controllers) controller.abort(trunk.reason)
  }
  trunk.addEventListener('abort', abort, { once: true })
  return controllers
}
