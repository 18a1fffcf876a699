import { DEFAULT_POLICY } from '../../core/default-policy.ts'
import type { Guard } from '../../core/guard.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Approval, PurposeRules, Waves } from '../../core/policy.ts'
import type { Warning } from '../../core/warning.ts'
import { suggest } from '../suggest.ts'
import type { ValuePath } from '../value-path.ts'
import { readList, windowOf } from './read-entries.ts'
import type { PolicyProblem } from './read-when.ts'
import { amountOf, msOf, numberOf, shareOf } from './written-values.ts'

interface At {
  readonly path: ValuePath
  readonly problems: PolicyProblem[]
}

/** What policies name of the other sections of the file. */
export interface Named {
  readonly guards: ReadonlyMap<string, Guard>
  readonly warnings: ReadonlyMap<string, Warning>
}

/** Reads what holds for repairs, or for rollouts, on top of what holds without it. */
export function readPurpose(value: JsonValue | undefined, base: PurposeRules, at: At, known: Named): PurposeRules {
  const raw = isMap(value) ? value : {}
  const waves = readWaves(raw['waves'], base.waves, at)
  const devices = numberOf(raw['devices']) ?? base.devices
  const maxFailures = numberOf(raw['max_failures']) ?? base.maxFailures
  const warnings = namedIn(raw, 'warn', base.warnings ?? [], { at, section: 'warnings', known: known.warnings })
  return {
    windows: windowsOf(raw, base, at),
    ...(devices !== undefined && { devices }),
    ...(waves && { waves }),
    ...(maxFailures !== undefined && { maxFailures }),
    approval: approvalOf(raw['approval'], base.approval),
    guards: namedIn(raw, 'guards', base.guards, { at, section: 'guards', known: known.guards }),
    // Left out where nobody is warned: so the digests of policies are what they were.
    ...(warnings.length > 0 && { warnings }),
    confirmShare: shareOf(raw['confirm_share']) ?? base.confirmShare,
  }
}

/** Entries of another section of the file that a key names; those of the policy below where it is not written. */
function namedIn<T>(
  raw: JsonObject,
  key: 'guards' | 'warn',
  base: readonly T[],
  of: { readonly at: At; readonly section: 'guards' | 'warnings'; readonly known: ReadonlyMap<string, T> },
): readonly T[] {
  const value = raw[key]
  if (!Array.isArray(value)) return base
  const { at, section, known } = of
  return value.flatMap((name, index) => {
    const entry = known.get(String(name))
    if (entry) return [entry]
    const near = suggest(String(name), [...known.keys()])
    const names =
      known.size === 0 ? `There are no \`${section}\` in this file.` : `There are: ${[...known.keys()].join(', ')}.`
    const detail = near === undefined ? names : `Did you mean "${near}"? ${names}`
    const summary = `There is no ${section.slice(0, -1)} "${String(name)}"`
    at.problems.push({ path: [...at.path, key, index], summary, detail })
    return []
  })
}

function windowsOf(raw: JsonObject, base: PurposeRules, { path, problems }: At): PurposeRules['windows'] {
  if (!Array.isArray(raw['windows'])) return base.windows
  const inside: PolicyProblem[] = []
  const windows = readList(raw['windows'], 'windows', {
    fallback: [],
    read: (entry, place) => windowOf(entry, place, inside),
    problems: inside,
  })
  problems.push(...inside.map((problem) => ({ ...problem, path: [...path, ...problem.path] })))
  return windows.length === 0 ? [] : [windows]
}

function readWaves(value: JsonValue | undefined, base: Waves | undefined, { path, problems }: At): Waves | undefined {
  if (value === false) return undefined
  if (!isMap(value)) return base
  const below = base ?? (DEFAULT_POLICY.rollout.waves as Waves)
  const waves = wavesOf(value, below)
  const place = [...path, 'waves']
  if (waves.canaryAtMost < waves.canary) {
    const detail = `The first wave has ${waves.canary}, so that \`canary_at_most\` is no less than that.`
    problems.push({
      path: [...place, 'canary_at_most'],
      summary: 'The first wave may not be as large as it is',
      detail,
    })
  }
  const falls = waves.shares.some((share, index) => share <= (waves.shares[index - 1] ?? 0))
  if (falls || waves.shares.at(-1) !== 1) {
    const detail = 'Each share is what is done in all by then: they grow, and the last one is 100%.'
    problems.push({ path: [...place, 'shares'], summary: 'The shares do not grow to 100%', detail })
  }
  return waves
}

function wavesOf(raw: JsonObject, below: Waves): Waves {
  const canary = numberOf(raw['canary']) ?? below.canary
  const shares = Array.isArray(raw['shares']) ? raw['shares'].map((share) => shareOf(share) ?? 0) : below.shares
  const failures = raw['max_failures']
  return {
    unit: (raw['unit'] as Waves['unit'] | undefined) ?? below.unit,
    canary,
    canaryAtMost: numberOf(raw['canary_at_most']) ?? Math.max(canary, below.canaryAtMost),
    shares,
    soakMs: msOf(raw['soak']) ?? below.soakMs,
    pause: (raw['pause'] as Waves['pause'] | undefined) ?? below.pause,
    maxFailures: Array.isArray(failures) ? failures.map(amountOf) : below.maxFailures,
  }
}

function approvalOf(value: JsonValue | undefined, base: Approval): Approval {
  const raw = isMap(value) ? value : {}
  return {
    people: numberOf(raw['people']) ?? base.people,
    fourEyes: typeof raw['four_eyes'] === 'boolean' ? raw['four_eyes'] : base.fourEyes,
    // Left out where it is not wanted: so the digests of policies are what they were.
    ...((raw['signed'] ?? base.signed) === true && { signed: true }),
    validMs: msOf(raw['valid']) ?? base.validMs,
    each: (raw['each'] as Approval['each'] | undefined) ?? base.each,
  }
}
