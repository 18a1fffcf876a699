import { setTimeout as delay } from 'node:timers/promises'
import { isBusy, unusable } from './sqlite-faults.ts'

/** How long a statement blocks this process's event loop on another's lock; waiting goes on without blocking it. */
export const BUSY_BLOCK_MS = 20
/** Past it, another process sits on the file. */
const BUSY_GIVE_UP_MS = 30_000

/** Does something with the state file at `path` that may meet another process's lock, again until it goes through. Throws InputError. */
export async function patiently<T>(path: string, work: () => T): Promise<T> {
  const giveUpAt = performance.now() + BUSY_GIVE_UP_MS
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw unusable(path, error)
      await delay(1 + Math.random() * 20)
    }
  }
}
