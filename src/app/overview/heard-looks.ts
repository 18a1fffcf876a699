import { type Telling, tellingOf } from '../../core/ledger.ts'
import type { RunbookStatus } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'

/** Devices that are asked for at once: others have their turn in between. */
const DEVICES = 1_000
/** Ends of a device that may stand between those that are looked for. */
const MOST_ENDS = 200

/** A look at a device. */
export interface LookOf {
  readonly device: string
  readonly look: RunbookStatus
}

/** What looks have told of the work of devices. A look that was read once is not read again: it does not change. */
export class HeardLooks {
  #told = new Map<string, Telling | undefined>()

  /** Reads what is not known yet, and lets go of what is not among these. */
  async read(store: RunStore, looks: readonly LookOf[]): Promise<void> {
    const before = this.#told
    const missing = looks.filter((one) => !before.has(keyOf(one)))
    this.#told = new Map(looks.map((one) => [keyOf(one), before.get(keyOf(one))]))
    // For runs of which no more is kept than how they ended.
    for (const one of missing) this.#told.set(keyOf(one), byState(one.look))
    const byRun = new Map<string, LookOf[]>()
    for (const one of missing) {
      const own = byRun.get(one.look.run)
      if (own) own.push(one)
      else byRun.set(one.look.run, [one])
    }
    for (const [run, all] of byRun)
      for (let index = 0; index < all.length; index += DEVICES)
        for (const [key, telling] of await readSome(store, run, all.slice(index, index + DEVICES)))
          if (this.#told.has(key)) this.#told.set(key, telling)
  }

  /** Undefined where nobody looked. */
  of(one: LookOf): Telling | undefined {
    return this.#told.get(keyOf(one))
  }
}

async function readSome(
  { reads }: RunStore,
  run: string,
  looks: readonly LookOf[],
): Promise<readonly (readonly [string, Telling | undefined])[]> {
  const times = looks.map(({ look }) => look.at).sort()
  const ends = await reads.ends({
    devices: looks.map(({ device }) => device),
    run,
    from: times[0] ?? '',
    until: times.at(-1),
    limit: looks.length * MOST_ENDS,
  })
  return ends.map((end) => [keyOf({ device: end.device, look: end }), tellingOf(end)])
}

function byState({ state, code }: RunbookStatus): Telling | undefined {
  return tellingOf({ state, ...(code !== null && { failure: { code } }) })
}

function keyOf({
  device,
  look,
}: {
  readonly device: string
  readonly look: Pick<RunbookStatus, 'run' | 'at'>
}): string {
  return `${device} ${look.run} ${look.at}`
}
