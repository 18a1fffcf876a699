import type { Place, Waiter } from '../../core/admission.ts'
import type { Bucket, CompiledPolicy, GroupBucket } from './compile-policy.ts'
import { isOfNobody } from './freed-place.ts'

/** What is waited for: a bucket, a group, or a device by its name. */
export type QueueKey = Bucket | GroupBucket | string

/**
 * Everything in progress, over all runs, indexed for one policy: places, and who waits for one. It is rebuilt from the
 * state store, and kept up by whoever writes there.
 */
export class Ledger {
  readonly #policy: CompiledPolicy
  readonly #places = new Map<string, Place>()
  /** By device: how many places it is out by. */
  readonly #out = new Map<string, number>()
  readonly #counts = new Map<Bucket, Set<string>>()
  /** By device: how many places that nobody works on it is out by: it may be so for days. */
  readonly #left = new Map<string, number>()
  /** By bucket: how many of its devices are. */
  readonly #leftCounts = new Map<Bucket, number>()
  /** By device: whose places in progress it is out by. */
  readonly #workedOn = new Map<string, Set<string>>()
  /** Places in progress, by run, and by run and wave. */
  readonly #inProgress = new Map<string, number>()
  readonly #waiters = new Map<string, Waiter>()
  #latest = 0
  /** Those who go as soon as devices in progress are done, first come first, by what they wait for. */
  readonly #queues = new Map<QueueKey, Waiter[]>()

  constructor(
    policy: CompiledPolicy,
    content: { readonly places?: Iterable<Place>; readonly waiters?: Iterable<Waiter> } = {},
  ) {
    this.#policy = policy
    for (const place of content.places ?? []) this.put(place)
    for (const waiter of content.waiters ?? []) this.wait(waiter)
  }

  place(device: string): Place | undefined {
    return this.#places.get(device)
  }

  places(): Iterable<Place> {
    return this.#places.values()
  }

  /** Takes a place, or takes over that of the device. Who has one no longer waits. */
  put(place: Place): void {
    this.drop(place.device)
    this.leave(place.run, place.device)
    this.#places.set(place.device, place)
    this.#count(place, 1)
    this.#take(place, 1)
  }

  drop(device: string): void {
    const place = this.#places.get(device)
    if (place === undefined) return
    this.#places.delete(device)
    this.#count(place, -1)
    this.#take(place, -1)
  }

  isOut(device: string): boolean {
    return this.#out.has(device)
  }

  /** Devices that are being worked on and take this one out, itself perhaps. */
  workedOnBy(device: string): ReadonlySet<string> {
    return this.#workedOn.get(device) ?? NONE
  }

  /** Out by a place that nobody works on. */
  isLeftOut(device: string): boolean {
    return this.#left.has(device)
  }

  /** What takes a device out with it, where that has no place of its own. */
  outBy(device: string): string | undefined {
    if (this.#places.has(device)) return undefined
    for (const place of this.#places.values())
      if (place.takes.includes(device) && !isOfNobody(place, this.#policy.world.devices)) return place.device
    return undefined
  }

  /** Devices of a bucket that are out. */
  outOf(bucket: Bucket): ReadonlySet<string> {
    return this.#counts.get(bucket) ?? NONE
  }

  /** How many devices of a bucket are out by a place that nobody works on. */
  leftIn(bucket: Bucket): number {
    return this.#leftCounts.get(bucket) ?? 0
  }

  /** Devices of a run that may still fail; of one wave, or of all. */
  inProgress(run: string, wave?: number): number {
    return this.#inProgress.get(wave === undefined ? run : `${run} ${wave}`) ?? 0
  }

  /** Places that hold, counted where `is` says so; over all runs. */
  countWhere(is: (place: Place) => boolean): number {
    let count = 0
    for (const place of this.#places.values()) if (is(place)) count += 1
    return count
  }

  /** The time, but behind all who wait: neither a clock that was put back nor the same instant lets anyone pass them. */
  timeInQueue(now: number): number {
    return Math.max(now, this.#latest + 1)
  }

  waiters(): Iterable<Waiter> {
    return this.#waiters.values()
  }

  waiter(run: string, device: string): Waiter | undefined {
    return this.#waiters.get(`${run} ${device}`)
  }

  wait(waiter: Waiter): void {
    this.leave(waiter.run, waiter.device)
    this.#waiters.set(`${waiter.run} ${waiter.device}`, waiter)
    this.#latest = Math.max(this.#latest, waiter.since)
    if (!waiter.isNext) return
    for (const key of this.#keysOf(waiter)) {
      const queue = this.#queues.get(key) ?? []
      if (queue.length === 0) this.#queues.set(key, queue)
      queue.splice(positionIn(queue, waiter), 0, waiter)
    }
  }

  /** No longer waits. */
  leave(run: string, device: string): void {
    const waiter = this.waiter(run, device)
    if (waiter === undefined) return
    this.#waiters.delete(`${run} ${device}`)
    if (!waiter.isNext) return
    for (const key of this.#keysOf(waiter)) {
      const queue = this.#queues.get(key)
      const at = queue?.indexOf(waiter) ?? -1
      if (at >= 0) queue?.splice(at, 1)
    }
  }

  /** Who waits for something, first come first. */
  queueOf(key: QueueKey): readonly Waiter[] {
    return this.#queues.get(key) ?? []
  }

  /** Devices of a run that come first of it in the queues for something that a place takes. */
  firstFor(place: Place, run: string): readonly string[] {
    const first = new Set<string>()
    for (const key of this.#keysOf(place)) {
      const waiter = this.queueOf(key).find((one) => one.run === run)
      if (waiter) first.add(waiter.device)
    }
    return [...first]
  }

  /** What is taken or waited for: devices, and the buckets and groups that these are in. */
  #keysOf({ takes, isBack }: Place | Waiter): ReadonlySet<QueueKey> {
    const { bucketsOf, groupsOf } = this.#policy
    const keys = takes.flatMap((device): QueueKey[] => [device, ...bucketsOf(device), ...groupsOf(device)])
    return new Set(isBack ? [...keys, BACK] : keys)
  }

  #count(place: Place, by: 1 | -1): void {
    if (place.phase === 'out') return
    const keys = place.wave === undefined ? [place.run] : [place.run, `${place.run} ${place.wave}`]
    for (const key of keys) this.#inProgress.set(key, (this.#inProgress.get(key) ?? 0) + by)
  }

  #take(place: Place, by: 1 | -1): void {
    if (isOfNobody(place, this.#policy.world.devices)) return
    for (const device of place.takes) {
      this.#mark(device, by)
      if (place.phase !== 'out') {
        const works = this.#workedOn.get(device) ?? new Set()
        if (by > 0) this.#workedOn.set(device, works.add(place.device))
        else if (works.delete(place.device) && works.size === 0) this.#workedOn.delete(device)
        continue
      }
      this.#leave(device, by)
    }
  }

  #leave(device: string, by: 1 | -1): void {
    const left = (this.#left.get(device) ?? 0) + by
    if (left > 0) this.#left.set(device, left)
    else this.#left.delete(device)
    if (left > 1 || (left === 1 && by < 0)) return
    for (const bucket of this.#policy.bucketsOf(device)) {
      this.#leftCounts.set(bucket, (this.#leftCounts.get(bucket) ?? 0) + by)
    }
  }

  #mark(device: string, by: 1 | -1): void {
    const count = (this.#out.get(device) ?? 0) + by
    if (count > 0) this.#out.set(device, count)
    else this.#out.delete(device)
    if (count > 1 || (count === 1 && by < 0)) return
    for (const bucket of this.#policy.bucketsOf(device)) {
      const out = this.#counts.get(bucket) ?? new Set<string>()
      if (out.size === 0) this.#counts.set(bucket, out)
      if (by > 0) out.add(device)
      else out.delete(device)
    }
  }
}

/** What those wait for who were away for long. */
export const BACK = '@back'

const NONE: ReadonlySet<string> = new Set()

/** Whether `a` is served before `b`. */
export function isBefore(
  a: Pick<Waiter, 'rank' | 'device' | 'run'>,
  b: Pick<Waiter, 'rank' | 'device' | 'run'>,
): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank
  return a.device === b.device ? a.run < b.run : a.device < b.device
}

/** An hour of waiting at most is made up for by what a device costs: nobody waits for ever. */
const MOST_HEADSTART_MS = 3_600_000
const MS_PER_COST = 1_000

/** Who asked first comes first; a device that costs more an hour, somewhat earlier. */
export function rankOf(since: number, cost = 0): number {
  return since - Math.min(MOST_HEADSTART_MS, Math.max(0, cost) * MS_PER_COST)
}

function positionIn(queue: readonly Waiter[], waiter: Waiter): number {
  let low = 0
  let high = queue.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(queue[middle] as Waiter, waiter)) low = middle + 1
    else high = middle
  }
  return low
}
