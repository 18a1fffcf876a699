import { system } from './namespace.ts'

const TRIES = 50
const PAUSE_MS = 100

/** Removes a user; what it still runs is about to end (userdel refuses until then), so it is asked again for five seconds. */
export function removeUser(name: string): void {
  for (let tried = 1; ; tried += 1) {
    try {
      system('userdel', name)
      return
    } catch (error) {
      if (tried === TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}
