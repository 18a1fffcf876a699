import type { Place, Question } from '../../../../src/core/admission.ts'
import type { Amount, PurposeRules, When } from '../../../../src/core/policy.ts'
import type { Scoped } from '../../../../src/core/scoped.ts'
import { MINUTE } from '../small-world.ts'
import { countIn, type Floor, type FloorRun, waveOf } from './floor.ts'
import { ZONES } from './scene.ts'

const DAY = 1440
const CHANGE = 7
const ALL = 10

/**
 * Why something that has begun should not have; undefined when it may. Written for its own sake, from what is promised
 * and minute by minute: it shares nothing with what it judges.
 */
export function faultOf(floor: Floor, question: Question, takes: readonly string[]): string | undefined {
  const run = floor.runs.get(question.run) as FloorRun
  const own = floor.places.get(question.device)
  const isMending = question.purpose === 'rollback' && own !== undefined && isTouched(own)
  const checks: readonly (() => string | undefined)[] = [
    () => takesFault(floor, question.device, takes),
    () => ownerFault(floor, question, takes),
    () => (isMending ? undefined : stateFault(floor, run, takes, question.breakGlass !== undefined)),
    () => (isMending ? undefined : timeFault(floor, question)),
    () => peopleFault(floor, question, run),
    () => countFault(floor, question, run),
    () => capFault(floor, question, takes),
    () => groupFault(floor, question, takes),
  ]
  for (const check of checks) {
    const fault = check()
    if (fault !== undefined) return fault
  }
  return undefined
}

const isTouched = (place: Place): boolean => place.phase !== 'held' || place.wasOut === true
const isLeft = (place: Place | undefined): boolean =>
  place !== undefined && (place.phase === 'out' || place.wasOut === true)

export function naiveTakes(floor: Floor, device: string): ReadonlySet<string> {
  const { world } = floor.scene
  const found = new Set([device])
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const other of world.devices.values()) {
      const store = world.stores.get(other.store)
      for (const name of [...found]) {
        const one = world.devices.get(name)
        if (one === undefined || one.store !== other.store) continue
        const hangs = other.attached_to === one.id || store?.gateway === one.id
        if (hangs || floor.policy.dependents[one.kind]?.includes(other.kind)) found.add(other.name)
      }
    }
  }
  return found
}

function takesFault(floor: Floor, device: string, takes: readonly string[]): string | undefined {
  const naive = naiveTakes(floor, device)
  const missing = [...naive].find((name) => !takes.includes(name))
  return missing === undefined ? undefined : `${missing} goes out with ${device} and is not taken`
}

/** One run a device, and nothing that depends on what is being changed. */
function ownerFault(floor: Floor, question: Question, takes: readonly string[]): string | undefined {
  for (const place of floor.places.values()) {
    if (place.phase === 'out') continue
    if (place.device === question.device) {
      if (place.run !== question.run) return `two runs on ${place.device}`
    } else if (place.takes.some((device) => takes.includes(device))) return `${question.device} crosses ${place.device}`
  }
  return undefined
}

function stateFault(floor: Floor, run: FloorRun, takes: readonly string[], isGlass: boolean): string | undefined {
  if (run.paused) return 'the run is paused'
  if (run.aborted) return 'the run is aborted'
  if (floor.breaker.opened) return 'the breaker is open'
  if (isGlass) return undefined
  const names = takes.flatMap((device) => [device, floor.scene.world.devices.get(device)?.store])
  const hold = floor.holds.find(({ on, from, until }) => names.includes(on) && from <= floor.now && floor.now < until)
  return hold && `${hold.on} is not to be touched`
}

function timeFault(floor: Floor, question: Question): string | undefined {
  const isHuman = question.origin === 'terminal' || question.origin === 'pipeline'
  if (question.breakGlass) return isHuman ? undefined : 'a machine broke the glass'
  for (let minute = 0; minute < CHANGE; minute += 1) {
    if (!mayChangeAt(floor, question, floor.now + minute * MINUTE)) return `outside of windows at minute ${minute}`
  }
  return undefined
}

const rulesOf = (floor: Floor, question: Question): PurposeRules =>
  floor.policy[question.purpose === 'repair' ? 'repair' : 'rollout']

function mayChangeAt(floor: Floor, question: Question, at: number): boolean {
  const { device } = question
  if (floor.policy.freezes.some((freeze) => isAbout(floor, freeze, device) && isIn(floor, freeze.when, device, at)))
    return false
  const sets = rulesOf(floor, question).windows
  return sets.every((set) => set.some((one) => isAbout(floor, one, device) && isIn(floor, one.when, device, at)))
}

function isAbout(floor: Floor, scope: Scoped, name: string): boolean {
  const device = floor.scene.world.devices.get(name)
  return (
    device !== undefined &&
    (scope.kinds?.includes(device.kind) ?? true) &&
    (scope.regions?.includes(device.region) ?? true)
  )
}

function wallMinutes(
  floor: Floor,
  device: string,
  at: number,
): { readonly store: Floor['scene']['stores'][number]; readonly wall: number } {
  const store = floor.scene.stores.find(({ id }) => device.startsWith(`${id}/`)) as Floor['scene']['stores'][number]
  return { store, wall: Math.floor(at / MINUTE) + (ZONES[store.zone ?? ''] ?? 0) * 60 }
}

function isIn(floor: Floor, when: When, device: string, at: number): boolean {
  const { store, wall } = wallMinutes(floor, device, at)
  const ofDay = ((wall % DAY) + DAY) % DAY
  if (when.type === 'weekly') return [ofDay, ofDay + DAY].some((minute) => when.from <= minute && minute < when.to)
  if (when.type === 'dates') return when.from <= wall * MINUTE && wall * MINUTE < when.to
  if (when.type === 'closed') return !isTrading(store.trading, ofDay, when.marginMs / MINUTE)
  return false
}

function isTrading([open, close]: readonly [number, number], ofDay: number, margin = 0): boolean {
  return open - margin <= ofDay && ofDay < close + margin
}

function isClosedThroughout(floor: Floor, device: string): boolean {
  for (let minute = 0; minute < ALL; minute += 1) {
    const { store, wall } = wallMinutes(floor, device, floor.now + minute * MINUTE)
    if (isTrading(store.trading, ((wall % DAY) + DAY) % DAY)) return false
  }
  return true
}

function peopleFault(floor: Floor, question: Question, run: FloorRun): string | undefined {
  const { approval, devices } = rulesOf(floor, question)
  if (question.purpose === 'rollback') return undefined
  if (devices !== undefined && run.spec.targets.length > devices)
    return `${run.spec.targets.length} devices in a run of ${devices}`
  if (approval.people === 0) return undefined
  const wave = approval.each === 'wave' ? question.wave : undefined
  const state = run.approvals.find((one) => one.wave === wave)
  if (state === undefined || state.refused) return 'nobody has approved'
  if (state.usedAt === undefined && floor.now >= state.expiresAt) return 'the approval is over'
  const four = approval.fourEyes || state.fourEyes
  const people = new Set(state.given.map(({ by }) => by).filter((by) => !(four && by === state.askedBy)))
  return people.size >= approval.people ? undefined : 'too few have approved'
}

function amountOf(amount: Amount, total: number): number {
  return 'count' in amount ? amount.count : Math.max(1, Math.floor(amount.share * total))
}

function inFlight(floor: Floor, question: Question, is: (place: Place) => boolean): number {
  const others = [...floor.places.values()].filter((place) => place.device !== question.device)
  return others.filter((place) => place.phase !== 'out' && is(place)).length + 1
}

function countFault(floor: Floor, question: Question, run: FloorRun): string | undefined {
  const rules = rulesOf(floor, question)
  // Bringing a device back that a change has put out is no part of what it missed: it waits for nobody.
  const catchesUp = question.isBack === true && question.purpose !== 'rollback'
  if (catchesUp && inFlight(floor, question, (place) => place.isBack === true) > floor.policy.backAtOnce) {
    return 'too many are back at once'
  }
  if (question.purpose === 'rollback') return rollbackFault(floor, question, run)
  const mine = inFlight(floor, question, (place) => place.run === question.run && place.purpose !== 'rollback')
  const failed = run.waves.reduce((sum, _, wave) => sum + countedIn(run, wave), 0)
  if (rules.maxFailures !== undefined && failed + mine > rules.maxFailures) return 'more of the run might fail than may'
  if (rules.waves === undefined) return undefined
  return waveFault(floor, question, run)
}

function rollbackFault(floor: Floor, question: Question, run: FloorRun): string | undefined {
  const { atOnce, stopAfter } = floor.policy.rollback
  const under = inFlight(floor, question, (place) => place.run === question.run && place.purpose === 'rollback')
  if (run.rollbacksFailed + under > stopAfter) return 'more rollbacks might fail than may'
  return under > atOnce ? 'too many rollbacks at once' : undefined
}

const failedIn = (run: FloorRun, wave: number): number => countIn(run, wave, 'failed') + countIn(run, wave, 'unmet')

const countedIn = (run: FloorRun, wave: number): number =>
  Math.max(0, failedIn(run, wave) - (run.released.get(wave)?.forgiven ?? 0))

export function limitOfWave(run: FloorRun, wave: number, rules: PurposeRules): number {
  const size = run.waves[wave]?.length ?? 0
  return Math.min(...(rules.waves?.maxFailures ?? []).map((amount) => Math.max(1, amountOf(amount, size))))
}

function waveFault(floor: Floor, question: Question, run: FloorRun): string | undefined {
  const rules = rulesOf(floor, question)
  const wave = waveOf(run, question.device)
  const counted = (index: number): number => countedIn(run, index)
  for (let index = 0; index < wave; index += 1) {
    const devices = run.waves[index] ?? []
    if (counted(index) >= limitOfWave(run, index, rules)) return `wave ${index} has failed`
    if (devices.some((device) => !run.results.has(device))) return `wave ${index} is not done`
    const isWorkedOn = failedIn(run, index) + countIn(run, index, 'passed') > 0
    if (isWorkedOn && floor.now < (run.doneAt.get(index) ?? floor.now) + (rules.waves?.soakMs ?? 0))
      return `wave ${index} is not watched yet`
    if (run.released.has(index)) continue
    if (countIn(run, index, 'passed') === 0) return `wave ${index} has proven nothing`
    const pause = rules.waves?.pause
    const pauses = pause === 'always' || (pause === 'terminal' && run.spec.isOnTerminal)
    if (index === 0 && pauses) return 'nobody has said that it goes on'
  }
  const mine = inFlight(floor, question, (place) => place.run === question.run && place.wave === wave)
  return counted(wave) + mine > limitOfWave(run, wave, rules) ? `more of wave ${wave} might fail than may` : undefined
}

/** Out whatever happens: left out by a change, or broken and asked about by a repair. */
function isExempt(floor: Floor, question: Question, device: string): boolean {
  const own = floor.places.get(question.device)
  if (isLeft(floor.places.get(device)) || (isLeft(own) && own?.takes.includes(device))) return true
  const seen = floor.seen.get(device)
  return (
    question.purpose === 'repair' &&
    device === question.device &&
    seen?.working === false &&
    floor.now - seen.at < DAY * MINUTE
  )
}

function outNow(floor: Floor): ReadonlySet<string> {
  return new Set([...floor.places.values()].flatMap(({ takes }) => takes))
}

function keyOf(floor: Floor, per: readonly string[], name: string): string {
  const device = floor.scene.world.devices.get(name)
  const link = floor.scene.world.stores.get(device?.store ?? '')?.link.type
  return per.map((by) => (by === 'link' ? link : device?.[by as 'store'])).join('|')
}

function capFault(floor: Floor, question: Question, takes: readonly string[]): string | undefined {
  const needed = takes.filter((device) => !isExempt(floor, question, device))
  const out = outNow(floor)
  for (const cap of floor.policy.caps) {
    const inCap = (device: string): boolean => isAbout(floor, cap, device)
    for (const key of new Set(needed.filter(inCap).map((device) => keyOf(floor, cap.per, device)))) {
      const inBucket = (device: string): boolean => inCap(device) && keyOf(floor, cap.per, device) === key
      const mine = needed.filter(inBucket)
      const after = new Set([...[...out].filter(inBucket), ...mine])
      const limit = amountOf(cap.out, [...floor.scene.world.devices.keys()].filter(inBucket).length)
      if (after.size <= limit) continue
      const others = [...out].filter((device) => inBucket(device) && !takes.includes(device))
      const isAlone = mine.length > limit && limit > 0 && others.length === 0
      if (!isAlone) return `${after.size} of ${cap.name} ${key} are out, ${limit} may be`
      // A look takes nothing out.
      if (question.moment === 'change' && takes.some((device) => !isClosedThroughout(floor, device)))
        return `${cap.name} ${key} is taken by day`
    }
  }
  return undefined
}

function groupFault(floor: Floor, question: Question, takes: readonly string[]): string | undefined {
  if (question.moment === 'place') return undefined
  const out = outNow(floor)
  for (const group of floor.policy.groups) {
    const inGroup = takes.filter((device) => isAbout(floor, group, device) && !isExempt(floor, question, device))
    for (const store of new Set(inGroup.map((device) => device.split('/')[0]))) {
      const members = [...floor.scene.world.devices.keys()].filter(
        (name) => name.startsWith(`${store}/`) && isAbout(floor, group, name),
      )
      const working = members.filter((name) => !takes.includes(name) && !out.has(name) && isSeenWorking(floor, name))
      const keep = 'count' in group.keep ? group.keep.count : Math.ceil(group.keep.share * members.length)
      if (working.length < keep && !isClosedThroughout(floor, `${store}/`))
        return `${working.length} of ${group.name} of ${store} work on`
    }
  }
  return undefined
}

function isSeenWorking(floor: Floor, device: string): boolean {
  const seen = floor.seen.get(device)
  return seen?.working === true && floor.now - seen.at < DAY * MINUTE
}

/** Whether a device, alone on the floor and everything well, could begin at some time within the next days. */
export function couldBegin(floor: Floor, asked: Question): boolean {
  const question: Question = { ...asked, moment: 'change' }
  const takes = [...naiveTakes(floor, question.device)]
  const seen = new Map([...floor.scene.world.devices.keys()].map((name) => [name, { working: true, at: floor.now }]))
  const alone: Floor = { ...floor, places: new Map(), holds: [], seen }
  for (let quarter = 0; quarter < 8 * 96; quarter += 1) {
    alone.now = floor.now + quarter * 15 * MINUTE
    for (const name of seen.keys()) seen.set(name, { working: true, at: alone.now })
    if (!timeFault(alone, question) && !capFault(alone, question, takes) && !groupFault(alone, question, takes))
      return true
  }
  return false
}
