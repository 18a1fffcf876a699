import { createHash } from 'node:crypto'
import { grouped } from '../../core/grouped.ts'
import type { Waves } from '../../core/policy.ts'
import { partOf } from './compile-policy.ts'

/** A device that a run is about. */
export interface WaveTarget {
  readonly device: string
  readonly store: string
  readonly region: string
  /** Profile, system, version and firmware as one text; absent where one of them is not known. */
  readonly class?: string
}

export interface WavePlan {
  /** Full names by wave, the canary first; each device once. */
  readonly waves: readonly (readonly string[])[]
  /** Every class that is present, and how many of its devices are in the canary. */
  readonly classes: readonly { readonly class: string; readonly devices: number; readonly inCanary: number }[]
  /** Devices of which the class is not known, so that no canary stands for them. */
  readonly unclassified: number
}

/**
 * Divides the targets of a run into waves. The canary has at least one unit of every class while it may grow, and
 * otherwise units of as many regions as there are. The same seed and the same targets make the same waves.
 */
export function planWaves(targets: readonly WaveTarget[], waves: Waves | undefined, seed: string): WavePlan {
  const units = shuffled(unitsOf(targets, waves?.unit ?? 'device'), seed)
  const canary = waves === undefined ? units : drawCanary(units, waves)
  const drawn = new Set(canary)
  const rest = units.filter((unit) => !drawn.has(unit))
  const groups = [canary, ...(waves === undefined ? [] : growing(rest, canary.length, waves.shares))]
  const devices = groups.map((group) => group.flatMap((unit) => unit.targets.map(({ device }) => device)))
  const inCanary = countClasses(canary)
  return {
    waves: devices.filter((wave) => wave.length > 0),
    classes: [...countClasses(units)]
      .map(([name, count]) => ({ class: name, devices: count, inCanary: inCanary.get(name) ?? 0 }))
      .sort((a, b) => (a.class < b.class ? -1 : 1)),
    unclassified: targets.filter((target) => target.class === undefined).length,
  }
}

interface Unit {
  readonly name: string
  readonly region: string
  readonly targets: readonly WaveTarget[]
}

function unitsOf(targets: readonly WaveTarget[], by: Waves['unit']): readonly Unit[] {
  const units = grouped(targets, (target) => target[by])
  return [...units].map(([name, list]) => ({ name, region: list[0]?.region ?? '', targets: list }))
}

/** In an order that the names alone do not tell, so that not the same stores bear the risk of every change. */
function shuffled(units: readonly Unit[], seed: string): readonly Unit[] {
  const keyed = units.map((unit) => ({ unit, key: createHash('sha256').update(`${seed}\0${unit.name}`).digest('hex') }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ unit }) => unit)
}

function drawCanary(units: readonly Unit[], waves: Waves): readonly Unit[] {
  const drawn = coverClasses(units, waves.canaryAtMost)
  const regions = new Map<string, number>()
  const count = (unit: Unit): number => regions.set(unit.region, (regions.get(unit.region) ?? 0) + 1).size
  for (const unit of drawn) count(unit)
  const left = new Set(units.filter((unit) => !drawn.includes(unit)))
  while (drawn.length < waves.canary && left.size > 0) {
    const next = rarest(left, regions)
    left.delete(next)
    drawn.push(next)
    count(next)
  }
  return drawn
}

/** Of the region that has the fewest so far, the first one. */
function rarest(units: ReadonlySet<Unit>, regions: ReadonlyMap<string, number>): Unit {
  let best: Unit | undefined
  for (const unit of units) {
    if (best === undefined || (regions.get(unit.region) ?? 0) < (regions.get(best.region) ?? 0)) best = unit
  }
  return best as Unit
}

/** Again and again the unit with most classes that are missing still. */
function coverClasses(units: readonly Unit[], atMost: number): Unit[] {
  const classes = new Map(units.map((unit) => [unit, new Set(unit.targets.flatMap((one) => one.class ?? []))]))
  const missing = new Set([...classes.values()].flatMap((set) => [...set]))
  const drawn: Unit[] = []
  while (missing.size > 0 && drawn.length < atMost) {
    let best: Unit | undefined
    let most = 0
    for (const [unit, own] of classes) {
      if (own.size <= most) continue
      const gain = [...own].filter((name) => missing.has(name)).length
      if (gain > most) [best, most] = [unit, gain]
    }
    if (best === undefined) break
    for (const name of classes.get(best) ?? []) missing.delete(name)
    classes.delete(best)
    drawn.push(best)
  }
  return drawn
}

/** Waves behind the canary: at the end of each, a share of all units is done. */
function growing(rest: readonly Unit[], done: number, shares: readonly number[]): readonly (readonly Unit[])[] {
  const total = rest.length + done
  const found: (readonly Unit[])[] = []
  let from = 0
  for (const [index, share] of shares.entries()) {
    const isLast = index === shares.length - 1
    const to = isLast ? rest.length : Math.max(from, Math.floor(partOf(total, share)) - done)
    found.push(rest.slice(from, to))
    from = Math.max(from, to)
  }
  return found
}

function countClasses(units: readonly Unit[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const target of units.flatMap((unit) => unit.targets)) {
    if (target.class !== undefined) counts.set(target.class, (counts.get(target.class) ?? 0) + 1)
  }
  return counts
}
