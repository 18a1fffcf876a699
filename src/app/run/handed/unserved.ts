import { type InputError, inputError } from '../../../core/diagnostic.ts'
import type { Device } from '../../../core/fleet.ts'
import type { WorkerFacts } from '../../../core/handed-work.ts'
import type { RunStore } from '../../../core/run-store.ts'
import type { DeviceWork } from '../../../engine/device/perform-device.ts'
import { serves } from './serve.ts'

/** Throws InputError where nobody is there for some of the devices. */
export async function refuseUnserved(work: readonly DeviceWork[], store: RunStore): Promise<void> {
  // One that rests may work again within a minute; the run waits for that as for one that is gone.
  const there = (await store.work.workers()).filter(({ draining }) => !draining)
  const serving = [...new Set(there.map(({ serve }) => serve))]
  const alone = work.filter(({ device, refused }) => !refused && !serving.some((serve) => serves(serve, device)))
  if (alone.length > 0) throw nobodyFor(alone.map(({ device }) => device))
}

/** It takes new jobs. */
export function isTaking({ draining, resting }: Pick<WorkerFacts, 'draining' | 'resting'>): boolean {
  return !draining && resting === undefined
}

function nobodyFor(devices: readonly Device[]): InputError {
  const shown = devices.slice(0, 3).map(({ name, region, kind }) => `${name} (region ${region}, ${kind})`)
  const more = devices.length > shown.length ? ` and ${devices.length - shown.length} more` : ''
  const summary = `No worker serves ${shown.join(', ')}${more}`
  const detail = 'Start one with till worker --serve, or run it without --on workers. Who is there: till state status.'
  return inputError('WORKER_NONE', summary, detail)
}
