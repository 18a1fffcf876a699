import { type InputError, inputError } from '../../../core/diagnostic.ts'
import type { Device } from '../../../core/fleet.ts'
import type { WorkerFacts, WorkerRight } from '../../../core/handed-work.ts'
import type { RunStore } from '../../../core/run-store.ts'
import { serves } from '../../../core/served.ts'
import type { DeviceWork } from '../../../engine/device/perform-device.ts'
import { whyNotCounted } from '../../worker/worker-token.ts'

/** Throws InputError where nobody is there for some of the devices. */
export async function refuseUnserved(
  work: readonly DeviceWork[],
  store: RunStore,
  rights: readonly WorkerRight[],
): Promise<void> {
  // One that rests may work again within a minute; the run waits for that as for one that is gone.
  const present = (await store.work.workers()).filter(({ draining }) => !draining)
  const judged = present.map((worker) => ({ ...worker, why: whyNotCounted(rights, worker) }))
  const serving = [...new Set(judged.flatMap(({ serve, why }) => (why === undefined ? [serve] : [])))]
  const alone = work.filter(({ device, refused }) => !refused && !serving.some((serve) => serves(serve, device)))
  const refused = judged
    .map(({ name, why }) => (why === undefined ? '' : ` The worker ${name} is there, but ${why}.`))
    .join('')
  if (alone.length > 0)
    throw nobodyFor(
      alone.map(({ device }) => device),
      refused,
    )
}

/** It takes new jobs. */
export function isTaking({ draining, resting }: Pick<WorkerFacts, 'draining' | 'resting'>): boolean {
  return !draining && resting === undefined
}

function nobodyFor(devices: readonly Device[], refused: string): InputError {
  const shown = devices.slice(0, 3).map(({ name, region, kind }) => `${name} (region ${region}, ${kind})`)
  const more = devices.length > shown.length ? ` and ${devices.length - shown.length} more` : ''
  const summary = `No worker serves ${shown.join(', ')}${more}`
  const detail = `Start one with till worker --serve, or run it without --on workers. Who is there: till state status.${refused}`
  return inputError('WORKER_NONE', summary, detail)
}
