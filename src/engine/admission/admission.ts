import type { Failure } from '../../core/failure.ts'
import type { RunStore } from '../../core/ports.ts'

/** Leave to change a device; given back when the device is done. */
export interface Permit {
  release(): Promise<void>
}

export type Admitted =
  | { readonly granted: true; readonly permit: Permit }
  | { readonly granted: false; readonly failure: Failure }

/** The one gate before any change. Whoever changes a device holds a permit from here, whatever started the run. */
export interface Admission {
  admit(device: string): Promise<Admitted>
  close(): void
}

const LEASE_MS = 120_000
const RENEW_MS = 30_000

/** Admission by leases: one run a device at a time, over all processes that share the state store. */
export function leaseAdmission(store: Pick<RunStore, 'acquireLease' | 'releaseLease'>, run: string): Admission {
  const held = new Set<string>()
  const timer = setInterval(() => {
    // What cannot be renewed now is tried again before it ends; a state store that stays away stops the run by itself.
    for (const device of held) store.acquireLease(device, { run, ttlMs: LEASE_MS }).catch(() => undefined)
  }, RENEW_MS)
  timer.unref()
  return {
    async admit(device) {
      const lease = await store.acquireLease(device, { run, ttlMs: LEASE_MS })
      if (!lease.granted) {
        const { holder } = lease
        const message = `Run "${holder.run}" (process ${holder.pid} on ${holder.host}) is working on the device.`
        return { granted: false, failure: { code: 'LEASE_HELD', phase: 'resolve', message } }
      }
      held.add(device)
      return {
        granted: true,
        permit: {
          async release() {
            held.delete(device)
            // A lease that cannot be given back ends by itself, and what came of the device is known by now.
            await store.releaseLease(device, run).catch(() => undefined)
          },
        },
      }
    },
    close() {
      clearInterval(timer)
    },
  }
}
