import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Breaker, Cap, Policy, RedundancyGroup } from '../../core/policy.ts'
import type { ValuePath } from '../value-path.ts'
import { freezeOf, readList, scopeOf } from './read-entries.ts'
import { type Named, readPurpose } from './read-purpose.ts'
import type { PolicyProblem } from './read-when.ts'
import { amountOf, msOf, numberOf } from './written-values.ts'

const SEEN_WITHIN_MS = 24 * 3_600_000

/** Reads a policy that is right by its schema, on top of another one: keys that it has replace those of `base`. */
export function readPolicy(
  name: string,
  raw: JsonObject,
  base: Policy,
  known: Named,
): { readonly policy: Policy; readonly problems: readonly PolicyProblem[] } {
  const problems: PolicyProblem[] = []
  const list = <T>(key: string, fallback: readonly T[], read: (entry: JsonObject, path: ValuePath) => T | undefined) =>
    readList(raw[key], key, { fallback, read, problems })
  const caps = list('caps', base.caps, capOf)
  const groups = list('keep', base.groups, groupOf)
  const freezes = list('freezes', base.freezes, (entry, path) => freezeOf(entry, path, problems))
  const policy: Policy = {
    name,
    caps,
    groups,
    freezes,
    rollout: readPurpose(raw['rollout'], base.rollout, { path: ['rollout'], problems }, known),
    repair: readPurpose(raw['repair'], base.repair, { path: ['repair'], problems }, known),
    dependents: isMap(raw['dependents']) ? (raw['dependents'] as Policy['dependents']) : base.dependents,
    breakers: list('breakers', base.breakers, breakerOf),
    rollback: rollbackOf(raw['rollback'], base.rollback),
    guess: guessOf(raw['guess'], base.guess),
    backAtOnce: numberOf(raw['back_at_once']) ?? base.backAtOnce,
  }
  return { policy, problems }
}

function capOf(raw: JsonObject): Cap {
  const per = Array.isArray(raw['per']) ? (raw['per'] as Cap['per'] & JsonValue[]) : []
  return { name: String(raw['name']), per, out: amountOf(raw['out'] ?? 1), ...scopeOf(raw) }
}

function groupOf(raw: JsonObject): RedundancyGroup {
  const seenWithinMs = msOf(raw['seen_within']) ?? SEEN_WITHIN_MS
  return { name: String(raw['name']), keep: amountOf(raw['working'] ?? 1), seenWithinMs, ...scopeOf(raw) }
}

function breakerOf(raw: JsonObject): Breaker {
  return { failures: numberOf(raw['failures']) ?? 1, withinMs: msOf(raw['within']) ?? 0 }
}

function rollbackOf(value: JsonValue | undefined, base: Policy['rollback']): Policy['rollback'] {
  const raw = isMap(value) ? value : {}
  return {
    atOnce: numberOf(raw['at_once']) ?? base.atOnce,
    stopAfter: numberOf(raw['stop_after']) ?? base.stopAfter,
    // Left out where nothing is asked for: so the digests of policies are what they were.
    ...((raw['automatic'] ?? base.automatic) === 'wave' && { automatic: 'wave' }),
  }
}

function guessOf(value: JsonValue | undefined, base: Policy['guess']): Policy['guess'] {
  const raw = isMap(value) ? value : {}
  return {
    changeMs: msOf(raw['change']) ?? base.changeMs,
    proofMs: msOf(raw['proof']) ?? base.proofMs,
    rollbackMs: msOf(raw['rollback']) ?? base.rollbackMs,
  }
}
