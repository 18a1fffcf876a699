import type { DeviceOutcome } from '../../../core/outcome.ts'

/** How a device ends that nobody of these groups takes; `refused` says who else is there. */
export function gone(
  groups: readonly { readonly why: string | undefined }[],
  refused: readonly string[],
): DeviceOutcome {
  const why = groups.find((group) => group.why !== undefined)?.why
  if (why !== undefined) return unable(why)
  const nobody =
    groups.length === 0
      ? 'No worker that the run counts on serves the device.'
      : 'Every worker that serves the device is gone, and none has come for 30 s.'
  const message = [nobody, ...refused].join(' ')
  return { state: 'deferred', failure: { code: 'WORKER_GONE', phase: 'resolve', message } }
}

/** It says nothing of the device, so that it counts as no failure of one. */
export function unable(why: string | undefined): DeviceOutcome {
  const message = `No worker could work on the device. ${why ?? 'Why, the logs of the workers say.'}`
  return { state: 'deferred', failure: { code: 'WORKER_FAILED', phase: 'resolve', message } }
}
