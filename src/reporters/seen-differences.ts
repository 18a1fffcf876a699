import { createHash } from 'node:crypto'

/** What differs is mostly the same everywhere; what is more is shown in full. */
const MOST = 2_000

/** Which differences were shown already, and of which device. */
export class SeenDifferences {
  readonly #devices = new Map<string, string>()

  /** The other device that these lines were shown of; undefined the first time. */
  seenOn(lines: readonly string[], device: string): string | undefined {
    const key = createHash('sha256').update(JSON.stringify(lines)).digest('base64')
    const first = this.#devices.get(key)
    if (first === undefined && this.#devices.size < MOST) this.#devices.set(key, device)
    return first === device ? undefined : first
  }
}
