import type { Approval, Pause, Policy, PurposeRules, Waves } from '../../core/policy.ts'

/**
 * The policy that holds where both do: what it lets begin, either would. It is how an assignment tightens the policy of
 * its runbook and can never loosen it, and how a run obeys what was committed after it began. Which comes first makes no
 * difference but for the order of lists.
 */
export function stricterOf(a: Policy, b: Policy): Policy {
  return {
    name: a.name === b.name ? a.name : `${a.name} and ${b.name}`,
    caps: both(a.caps, b.caps),
    groups: both(a.groups, b.groups),
    freezes: both(a.freezes, b.freezes),
    repair: stricterRules(a.repair, b.repair),
    rollout: stricterRules(a.rollout, b.rollout),
    dependents: dependentsOf(a, b),
    breakers: both(a.breakers, b.breakers),
    rollback: {
      atOnce: Math.min(a.rollback.atOnce, b.rollback.atOnce),
      stopAfter: Math.min(a.rollback.stopAfter, b.rollback.stopAfter),
      // It begins changes: so both have to want it.
      ...(a.rollback.automatic === 'wave' && b.rollback.automatic === 'wave' && { automatic: 'wave' }),
    },
    guess: {
      changeMs: Math.max(a.guess.changeMs, b.guess.changeMs),
      proofMs: Math.max(a.guess.proofMs, b.guess.proofMs),
      rollbackMs: Math.max(a.guess.rollbackMs, b.guess.rollbackMs),
    },
    backAtOnce: Math.min(a.backAtOnce, b.backAtOnce),
  }
}

/** What either list holds; what both hold once. */
function both<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  const byText = new Map([...a, ...b].map((entry) => [JSON.stringify(entry), entry]))
  return [...byText.values()]
}

function dependentsOf(a: Policy, b: Policy): Policy['dependents'] {
  const kinds = new Set([...Object.keys(a.dependents), ...Object.keys(b.dependents)]) as Set<keyof Policy['dependents']>
  return Object.fromEntries([...kinds].map((kind) => [kind, both(a.dependents[kind] ?? [], b.dependents[kind] ?? [])]))
}

function stricterRules(a: PurposeRules, b: PurposeRules): PurposeRules {
  const waves = a.waves && b.waves ? stricterWaves(a.waves, b.waves) : (a.waves ?? b.waves)
  const devices = least(a.devices, b.devices)
  const maxFailures = least(a.maxFailures, b.maxFailures)
  const warnings = both(a.warnings ?? [], b.warnings ?? [])
  return {
    windows: both(a.windows, b.windows),
    ...(devices !== undefined && { devices }),
    ...(waves && { waves }),
    ...(maxFailures !== undefined && { maxFailures }),
    approval: stricterApproval(a.approval, b.approval),
    guards: both(a.guards, b.guards),
    // Of two with one name people are asked once, and the limits of both hold (rules/warnings.ts).
    ...(warnings.length > 0 && { warnings }),
    confirmShare: Math.min(a.confirmShare, b.confirmShare),
  }
}

const PAUSES: readonly Pause[] = ['never', 'terminal', 'always']

function stricterWaves(a: Waves, b: Waves): Waves {
  const canary = Math.min(a.canary, b.canary)
  const length = Math.max(a.shares.length, b.shares.length)
  const pause = PAUSES[Math.max(PAUSES.indexOf(a.pause), PAUSES.indexOf(b.pause))]
  return {
    // So many devices are never more than so many stores.
    unit: a.unit === b.unit ? a.unit : 'device',
    canary,
    canaryAtMost: Math.max(canary, Math.min(a.canaryAtMost, b.canaryAtMost)),
    shares: Array.from({ length }, (_, index) => Math.min(a.shares[index] ?? 1, b.shares[index] ?? 1)),
    soakMs: Math.max(a.soakMs, b.soakMs),
    pause: pause ?? 'always',
    maxFailures: both(a.maxFailures, b.maxFailures),
  }
}

function stricterApproval(a: Approval, b: Approval): Approval {
  return {
    people: Math.max(a.people, b.people),
    fourEyes: a.fourEyes || b.fourEyes,
    ...((a.signed || b.signed) && { signed: true }),
    validMs: Math.min(a.validMs, b.validMs),
    each: a.each === 'wave' || b.each === 'wave' ? 'wave' : 'run',
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}
