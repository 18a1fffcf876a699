import type { Wait } from '../admission/admission.ts'
import type { DeviceWork } from '../device/perform-device.ts'

/** A device that safety has put off. */
export interface Waiting {
  readonly work: DeviceWork
  readonly wait: Wait
}

/** Those of a run that wait without a place or a connection, first come first. */
export class WaitingDevices {
  readonly #waiting = new Map<string, Waiting>()
  /** Those who were called while they were being asked for: what they are told may be outdated. */
  readonly #called = new Set<string>()

  get size(): number {
    return this.#waiting.size
  }

  /** Returns false where it was called meanwhile, and is to be asked for again at once. */
  add(waiting: Waiting): boolean {
    const { name } = waiting.work.device
    if (this.#called.delete(name) && waiting.wait.isPassing) return false
    this.#waiting.set(name, waiting)
    return true
  }

  /** It may get another answer now. Returns its work, where it waits. */
  call(name: string): DeviceWork | undefined {
    const waiting = this.#waiting.get(name)
    if (waiting) this.#waiting.delete(name)
    else this.#called.add(name)
    return waiting?.work
  }

  /** It waits for nothing any more. */
  begins(name: string): void {
    this.#called.delete(name)
  }

  /** Takes so many of those for which `which` holds. */
  take(most: number, which: (waiting: Waiting) => boolean = () => true): readonly DeviceWork[] {
    const taken: DeviceWork[] = []
    for (const [name, waiting] of this.#waiting) {
      if (taken.length >= most) break
      if (!which(waiting)) continue
      this.#waiting.delete(name)
      taken.push(waiting.work)
    }
    return taken
  }

  /** What each waits for. */
  *waits(): Iterable<Wait> {
    for (const { wait } of this.#waiting.values()) yield wait
  }
}
