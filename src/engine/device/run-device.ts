import { InputError } from '../../core/diagnostic.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { DeviceWorker } from '../fleet/worker-pool.ts'
import { cancelled, type DeviceEnvironment, type DeviceWork } from './perform-device.ts'

/** Runs the runbooks of one device and emits its one final state. */
export async function runDevice(
  work: DeviceWork,
  run: DeviceEnvironment,
  worker: DeviceWorker,
): Promise<DeviceOutcome> {
  const { device, attempt = 1 } = work
  const environment: DeviceEnvironment = {
    ...run,
    emit: (body) => run.emit('device' in body ? { ...body, attempt } : body),
  }
  const began = environment.clock.elapsed()
  const started = environment.emit({ type: 'device.started', device: device.name, store: device.store })
  started.catch(() => undefined)
  const outcome = await deviceOutcome(work, environment, worker).catch(bug)
  await environment.emit({
    type: 'device.finished',
    device: device.name,
    store: device.store,
    region: device.region,
    kind: device.kind,
    ...outcome,
    duration_ms: Math.round(environment.clock.elapsed() - began),
  })
  return outcome
}

/** A fault of ours, or of what we work with, costs this one device, and says so. */
function bug(error: unknown): DeviceOutcome {
  const [diagnostic] = error instanceof InputError ? error.diagnostics : []
  if (diagnostic) {
    return { state: 'failed', failure: { code: diagnostic.code, phase: 'resolve', message: `${diagnostic.summary}.` } }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { state: 'failed', failure: { code: 'INTERNAL_BUG', phase: 'observe', message } }
}

async function deviceOutcome(
  work: DeviceWork,
  environment: DeviceEnvironment,
  worker: DeviceWorker,
): Promise<DeviceOutcome> {
  if (environment.stopping.aborted) return cancelled()
  await environment.learnSecrets?.(work.device)
  if (environment.mode === 'plan' || environment.mode === 'drift') return worker.perform(work, environment)
  const admitted = await environment.admission.admit(work.device.name)
  if (!admitted.granted) return { state: 'deferred', failure: admitted.failure }
  try {
    return await worker.perform(work, environment)
  } finally {
    await admitted.permit.release()
  }
}
