import type { Reason } from '../../../core/admission.ts'
import type { Bucket, CompiledPolicy } from '../compile-policy.ts'
import { failuresIn, failuresOf } from '../judge-wave.ts'
import { isOutAlready, needsOf } from '../needs.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { shownNames } from '../shown-time.ts'
import { workingIn } from './last-working.ts'
import { dueWarnings, turnOf } from './warnings.ts'

/** A device that may go is asked for again after so long at the latest, where those before it are late. */
const LOOK_AGAIN_MS = 15_000

/**
 * No more people of a cap, or of a group of which some must go on working, are told at once that their device is changed than may be
 * changed at once, and no more of a run than it changes at a time: others go on selling, and know of nothing. Whoever was told is in nobody's queue here, so that no two wait for each other; a device without a warning goes by its caps alone.
 */
export const told: Rule = {
  name: 'told',
  judge(asked, situation) {
    const others = situation.told ?? []
    if (others.length === 0 || asked.question.isTouched === true) return undefined
    if (dueWarnings(asked, situation.now).length === 0) return undefined
    const byBucket = devicesOf(others, asked.policy)
    const found = noRoom(asked, situation) ?? groupWithout(asked, situation)
    if (found) return behind(asked, situation, found)
    for (const [bucket, needed] of needsOf(asked, situation)) {
      const waiting = byBucket.get(bucket)
      if (waiting === undefined) continue
      const out = new Set([...situation.ledger.outOf(bucket), ...waiting])
      for (const device of asked.takes) out.delete(device)
      if (out.size > 0 && out.size + needed.length > bucket.limit) {
        const most = `at most ${bucket.limit} of ${bucket.key} may be out at once`
        return behind(asked, situation, { waiting, by: `cap ${bucket.cap.name}`, most })
      }
    }
    return undefined
  },
}

function devicesOf(others: NonNullable<Situation['told']>, policy: CompiledPolicy): ReadonlyMap<Bucket, Set<string>> {
  const found = new Map<Bucket, Set<string>>()
  for (const taken of others.flatMap(({ device }) => policy.takesOf(device))) {
    for (const bucket of policy.bucketsOf(taken)) found.set(bucket, (found.get(bucket) ?? new Set()).add(taken))
  }
  return found
}

interface Found {
  readonly waiting: ReadonlySet<string>
  readonly by: string
  /** Why not all at once. */
  readonly most: string
}

/**
 * As many are told as the run changes at a time, beside those that it is changing: others would be waited for long after their time. Where
 * a change takes so long that nobody counts on the next one any more, those are counted in that are being changed.
 */
function noRoom(asked: Asked, situation: Situation): Found | undefined {
  const { question } = asked
  const { ledger, told: others = [], now } = situation
  const room = roomOf(asked, situation)
  if (others.length < room) return undefined
  const { changeMs, proofMs } = question.expected
  const isLong = dueWarnings(asked, now).some(({ holdsMs }) => changeMs + proofMs > holdsMs)
  const isChanging = (device: string): boolean => {
    const place = ledger.place(device)
    return place?.run === question.run && place.phase === 'changing'
  }
  const waiting = others.flatMap(({ device }) => (isLong || !isChanging(device) ? [device] : []))
  if (waiting.length < room) return undefined
  return { waiting: new Set(waiting), by: 'run', most: `the run changes at most ${room} at a time` }
}

/** Devices that the run changes at a time; no more than may still fail. */
function roomOf({ question, policy, rules }: Asked, { run, atOnce = Number.POSITIVE_INFINITY }: Situation): number {
  const { purpose, wave = 0 } = question
  if (purpose === 'rollback') return Math.min(atOnce, policy.policy.rollback.atOnce)
  const tally = run.waves[wave]
  const { failed, limit } =
    rules.waves && tally ? failuresOf(tally, rules.waves) : { failed: 0, limit: Number.POSITIVE_INFINITY }
  const failedInAll = run.waves.reduce((sum, one) => sum + failuresIn(one), 0)
  const left = Math.min(limit - failed, (rules.maxFailures ?? Number.POSITIVE_INFINITY) - failedInAll)
  return Math.max(1, Math.min(atOnce, left))
}

const OF_GROUP = 'group '

/** Whether it may be over by the time alone, without anything else happening: the store closes. */
export function isToldOfGroup({ rule, by }: Reason): boolean {
  return rule === told.name && by.startsWith(OF_GROUP)
}

/** A group of which too few would work if it were changed while all those are whose people were told, and the store trades. */
function groupWithout(asked: Asked, situation: Situation): Found | undefined {
  const { takes, policy, question } = asked
  const groups = new Set(takes.flatMap((device) => policy.groupsOf(device)))
  if (groups.size === 0) return undefined
  const { changeMs, proofMs, rollbackMs } = question.expected
  const now = turnOf(asked, situation.now)
  const taken = (situation.told ?? []).flatMap(({ device }) => policy.takesOf(device))
  for (const group of groups) {
    const lost = takes.filter((device) => group.members.includes(device) && !isOutAlready(device, asked, situation))
    const waiting = taken.filter((device) => group.members.includes(device) && !takes.includes(device))
    if (lost.length === 0 || waiting.length === 0) continue
    const closes = policy.closedTimes(group.store).next(now, changeMs + proofMs + rollbackMs)
    if (closes === now || workingIn(group, [...takes, ...waiting], { ...situation, now }).length >= group.keep) continue
    const most = `at least ${group.keep} of group "${group.group.name}" must go on working while ${group.store} trades`
    return { waiting: new Set(waiting), by: `${OF_GROUP}${group.group.name}`, most }
  }
  return undefined
}

function behind({ question }: Asked, { told: others = [], now }: Situation, { waiting, by, most }: Found): Objection {
  const names = shownNames([...waiting])
  const message = `People at "${question.device}" are warned later: those at ${names} were told first, and ${most}.`
  const untils = others.flatMap(({ device, until }) => (waiting.has(device) ? [until] : []))
  const until = Math.max(Math.min(...untils, now + LOOK_AGAIN_MS * 4), now + LOOK_AGAIN_MS)
  return { kind: 'wait', code: 'WARNING_WAITING', by, whom: names, message, until, awaitsLooks: true }
}
