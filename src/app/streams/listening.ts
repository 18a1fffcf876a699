import type { SourceSettings } from '../../core/event-source.ts'

/**
 * Since when each source has brought what there is, without a break. What nobody heard before that says nothing about a device: the
 * broker was away, the source was not there or led elsewhere, another server listened.
 */
export class Listening {
  readonly #sources = new Map<string, { readonly origin: string; readonly since: number }>()

  /** In milliseconds since 1970. */
  since(
    { name, from }: Pick<SourceSettings, 'name' | 'from'>,
    { now, inTrouble }: { readonly now: number; readonly inTrouble: boolean },
  ): number {
    const origin = JSON.stringify(from)
    const before = this.#sources.get(name)
    if (before?.origin === origin && !inTrouble) return before.since
    this.#sources.set(name, { origin, since: now })
    return now
  }

  /** To these somebody listens here by now. */
  keep(settings: readonly Pick<SourceSettings, 'name'>[]): void {
    const names = new Set(settings.map(({ name }) => name))
    for (const name of this.#sources.keys()) if (!names.has(name)) this.#sources.delete(name)
  }
}
