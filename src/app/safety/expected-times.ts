import type { Expected } from '../../core/admission.ts'
import type { ChangeTimes } from '../../core/change-times.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Policy } from '../../core/policy.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Runbook } from '../../core/runbook.ts'
import { expectedTime } from '../../engine/admission/expected-time.ts'

type Named = readonly Pick<Runbook, 'name'>[]

/**
 * How long a change of a device is expected to take: by what changes of the same runbooks took on devices of its profile and
 * system, newest first, or by the guess of the policy. Looking again is part of a change.
 */
export async function expectedTimes(
  store: Pick<RunStore, 'changeTimes'>,
  fleet: Fleet,
  of: { readonly runbooks: Named; readonly guess: Policy['guess'] },
): Promise<(device: string) => Expected> {
  const byClass = await store.changeTimes.of(namesOf(of.runbooks))
  const known = new Map<string, Expected>()
  return (device) => {
    const name = classOf(fleet, device)
    const found = known.get(name) ?? expectedTime(byClass.get(name) ?? NONE, of.guess)
    known.set(name, found)
    return found
  }
}

const NONE: ChangeTimes = { changes: [], rollbacks: [] }

/** What the changes of a run took, kept by `keep` for those to come. */
export class TimedChanges {
  readonly #fleet: Fleet
  readonly #runbooks: string
  readonly #times = new Map<string, { readonly changes: number[]; readonly rollbacks: number[] }>()

  constructor(fleet: Fleet, runbooks: Named) {
    this.#fleet = fleet
    this.#runbooks = namesOf(runbooks)
  }

  add(device: string, ms: number, of: 'changes' | 'rollbacks'): void {
    const name = classOf(this.#fleet, device)
    const times = this.#times.get(name) ?? { changes: [], rollbacks: [] }
    this.#times.set(name, times)
    times[of].unshift(ms)
  }

  async keep(store: Pick<RunStore, 'changeTimes'>): Promise<void> {
    if (this.#times.size > 0) await store.changeTimes.add(this.#runbooks, this.#times)
  }
}

function namesOf(runbooks: Named): string {
  return runbooks
    .map(({ name }) => name)
    .sort()
    .join()
}

function classOf(fleet: Fleet, device: string): string {
  const { profile, os } = fleet.devices.get(device) ?? {}
  return [profile, os?.family, os?.distribution, os?.version].filter((part) => part !== undefined).join(' ')
}
