import type { AdmissionContent, AdmissionStore, Expected } from '../../../src/core/admission.ts'
import type { FleetKey } from '../../../src/core/fleet-key.ts'
import type { Admission, Permit, PlaceAnswer, Wait } from '../../../src/engine/admission/admission.ts'
import type { CompiledPolicy } from '../../../src/engine/admission/compile-policy.ts'
import { policyAdmission } from '../../../src/engine/admission/policy-admission.ts'
import { DAY } from './small-world.ts'

/** What all runs share, in memory. */
export function storeInMemory(): AdmissionStore {
  let kept: AdmissionContent = { places: [], waiters: [], breaker: { failures: [] }, holds: [] }
  return {
    paused: async () => new Map(),
    read: async () => kept,
    readHeld: async () => ({ ...kept, isHeld: () => true, isLiving: () => true }),
    async transact(_fleet, work) {
      const { result, content } = work({ ...kept, isHeld: () => true, isLiving: () => true })
      kept = content
      return result
    },
  }
}

/** Leases that are always free. */
export const FREE: Admission = {
  place: async () => ({
    kind: 'begin',
    permit: {
      lease: {
        token: { keys: [], epoch: 1 },
        lost: new AbortController().signal,
        leftMs: () => 1_000,
        release: async () => undefined,
      },
      fence: { lockName: '', authority: '', run: 'r', attempt: 1, epoch: 1, leftMs: () => 1_000 },
      change: async () => ({ kind: 'begin' }),
      release: async () => undefined,
    },
  }),
}

/** A device as a run changed it; times are milliseconds since 1970. */
export interface Driven {
  readonly device: string
  readonly from: number
  /** When people at it were told, each time. */
  readonly told: readonly number[]
}

interface Options {
  readonly policy: CompiledPolicy
  readonly devices: readonly string[]
  readonly expectedOf: (device: string) => Expected
  readonly parallel: number
  readonly start: number
}

/**
 * A run over the admission of a policy by a clock that jumps: people agree, everything goes well, and changes take as long as expected. As
 * the schedule of a run does, it lets go of who has to wait, and asks again in order when a device is done or the time has come.
 */
export async function driveRun(options: Options): Promise<readonly Driven[]> {
  const run = new DrivenRun(options)
  await run.drive()
  return run.done
}

class DrivenRun {
  readonly done: Driven[] = []
  readonly #options: Options
  readonly #admission: Admission
  readonly #told = new Map<string, number[]>()
  #now: number
  #due: string[]
  #waiting: { readonly device: string; readonly wait: Wait }[] = []
  #changing: { readonly device: string; readonly permit: Permit; readonly to: number }[] = []

  constructor(options: Options) {
    const { policy, devices, expectedOf, parallel, start } = options
    this.#options = options
    this.#now = start
    this.#due = [...devices]
    this.#admission = policyAdmission(FREE, {
      ...{ store: storeInMemory(), fleet: 'chain' as FleetKey, run: 'r', by: 'anna', policy, expectedOf },
      ...{ purpose: 'rollout', origin: 'pipeline', waves: [devices], patienceMs: 90 * DAY, waitMs: 90 * DAY },
      atOnce: parallel,
      seen: () => ({ working: true, at: this.#now }),
      clock: { now: () => new Date(this.#now), elapsed: () => this.#now },
    })
  }

  async drive(): Promise<void> {
    while (this.#due.length + this.#waiting.length + this.#changing.length > 0) {
      while (this.#due.length > 0 && this.#changing.length < this.#options.parallel) {
        await this.#visit(this.#due.shift() as string)
      }
      await this.#advance()
    }
  }

  async #visit(device: string): Promise<void> {
    const placed: PlaceAnswer = await this.#admission.place({ device, attempt: 1 })
    if (placed.kind !== 'begin') return this.#keep(device, placed)
    const { permit } = placed
    let leave = await permit.change([])
    if (leave.kind === 'wait' && leave.warn) {
      this.#told.set(device, [...(this.#told.get(device) ?? []), this.#now])
      const warned = leave.warn.map(({ name }) => ({ warning: name, says: 'warned' as const }))
      leave = await permit.change([], { isTouched: false, warned })
    }
    if (leave.kind !== 'begin') {
      await permit.release()
      return this.#keep(device, leave)
    }
    const { changeMs, proofMs } = this.#options.expectedOf(device)
    this.#changing.push({ device, permit, to: this.#now + changeMs + proofMs })
    this.done.push({ device, from: this.#now, told: this.#told.get(device) ?? [] })
  }

  #keep(device: string, wait: Exclude<PlaceAnswer, { kind: 'begin' }>): void {
    if (wait.kind === 'refuse')
      throw new Error(`${device} at ${new Date(this.#now).toISOString()}: ${wait.failure.message}`)
    this.#waiting.push({ device, wait })
  }

  async #advance(): Promise<void> {
    const untils = this.#waiting.flatMap(({ wait }) =>
      wait.until === undefined ? [] : [Math.max(wait.until, this.#now)],
    )
    const next = Math.min(...untils, ...this.#changing.map(({ to }) => to))
    if (!Number.isFinite(next)) {
      if (this.#due.length + this.#waiting.length === 0) return
      throw new Error(`nothing happens any more: ${JSON.stringify(this.#waiting)}`)
    }
    this.#now = next
    const ended = this.#changing.filter(({ to }) => to <= next)
    this.#changing = this.#changing.filter(({ to }) => to > next)
    for (const { permit } of ended) await permit.release({ state: 'changed' })
    const isDue = ({ wait }: { readonly wait: Wait }): boolean =>
      (wait.until ?? Number.POSITIVE_INFINITY) <= next || (ended.length > 0 && wait.isPassing)
    const due = this.#waiting.filter(isDue)
    this.#waiting = this.#waiting.filter((one) => !isDue(one))
    this.#due.push(...due.map(({ device }) => device))
  }
}
