import type { Expected, Question, RunFacts, Seen, WaveTally } from '../../../src/core/admission.ts'
import type { Calendar } from '../../../src/core/calendar.ts'
import { DEFAULT_POLICY } from '../../../src/core/default-policy.ts'
import type { DeviceKind, TradingHours } from '../../../src/core/fleet.ts'
import type { Policy, PurposeRules } from '../../../src/core/policy.ts'
import type { AdmissionDevice, World } from '../../../src/engine/admission/admission-world.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { decide } from '../../../src/engine/admission/decide.ts'
import { Ledger } from '../../../src/engine/admission/ledger.ts'
import type { Situation } from '../../../src/engine/admission/rule.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** `08:00-20:00` on every day. */
export function daily(...spans: readonly string[]): TradingHours {
  return {
    week: { mon: spans, tue: spans, wed: spans, thu: spans, fri: spans, sat: spans, sun: spans },
    exceptions: {},
  }
}

export interface SmallStore {
  readonly id: string
  readonly region?: string
  readonly zone?: string
  readonly hours?: TradingHours
  readonly link?: string
  readonly gateway?: string
  /** `pos1: till`, or with what it hangs on: `fp1: fiscal-printer on pos1`. */
  readonly devices: Readonly<Record<string, string>>
}

/** A fleet of some stores. Selectors are texts that must be part of a device's name. */
export function worldOf(stores: readonly SmallStore[], calendars: Readonly<Record<string, Calendar>> = {}): World {
  const devices = new Map<string, AdmissionDevice>()
  for (const store of stores) {
    for (const [id, written] of Object.entries(store.devices)) {
      const [kind, , host] = written.split(' ')
      devices.set(`${store.id}/${id}`, {
        id,
        name: `${store.id}/${id}`,
        store: store.id,
        region: store.region ?? 'north',
        profile: `${kind}-1`,
        kind: kind as DeviceKind,
        ...(host !== undefined && { attached_to: host }),
        transport: { type: 'ssh' },
      })
    }
  }
  const all = [...devices.values()]
  return {
    devices,
    storesBehind: (store) => [store],
    stores: new Map(
      stores.map(({ id, region = 'north', zone = 'UTC', hours = daily('08:00-20:00'), link = 'fibre', gateway }) => [
        id,
        {
          id,
          region,
          time_zone: zone,
          hours,
          link: { type: link },
          ...(gateway !== undefined && { gateway }),
          devices: all.filter((device) => device.store === id),
        },
      ]),
    ),
    matches: (where, device) => device.includes(where),
    calendar: (name) => calendars[name],
  }
}

/** The default policy without waves, with some of it as wanted. */
export function policyOf(
  more: Partial<Omit<Policy, 'rollout' | 'repair'>> & {
    readonly rollout?: Partial<PurposeRules>
    readonly repair?: Partial<PurposeRules>
  } = {},
): Policy {
  const { waves: _none, ...rollout } = DEFAULT_POLICY.rollout
  return {
    ...DEFAULT_POLICY,
    ...more,
    rollout: { ...rollout, ...more.rollout },
    repair: { ...DEFAULT_POLICY.repair, ...more.repair },
  }
}

export const SHORT: Expected = {
  changeMs: 5 * MINUTE,
  proofMs: 2 * MINUTE,
  rollbackMs: 3 * MINUTE,
  basis: { kind: 'guess' },
}

export function question(device: string, more: Partial<Question> = {}): Question {
  return { moment: 'place', run: 'run-1', device, purpose: 'rollout', origin: 'terminal', expected: SHORT, ...more }
}

export function tally(
  size: number,
  results: Partial<WaveTally['results']> = {},
  more: Partial<WaveTally> = {},
): WaveTally {
  return { size, results: { passed: 0, failed: 0, unmet: 0, unreachable: 0, deferred: 0, ...results }, ...more }
}

export function runOf(more: Partial<RunFacts> = {}): RunFacts {
  return { run: 'run-1', waves: [tally(100)], isOnTerminal: false, rollbacks: { failed: 0 }, ...more }
}

/** A bench to ask on: a policy, a fleet, and what is going on. Everything was seen working a minute ago. */
export function benchOf(world: World, policy: Policy, now: string | number) {
  const compiled = compilePolicy(policy, world)
  const ledger = new Ledger(compiled)
  const seen = new Map<string, Seen>()
  const at = typeof now === 'number' ? now : Date.parse(now)
  for (const device of world.devices.keys()) seen.set(device, { working: true, at: at - MINUTE })
  const situation = (more: Partial<Situation> = {}): Situation => ({
    now: at,
    ledger,
    run: runOf(),
    seen: (device) => seen.get(device),
    holdsOn: () => [],
    breaker: { failures: [] },
    approvals: [],
    isToCome: () => false,
    isAsking: () => true,
    ...more,
  })
  return {
    policy: compiled,
    ledger,
    seen,
    situation,
    ask: (asked: Question, more: Partial<Situation> = {}) => decide(compiled, situation(more), asked),
    /** `begin`, or the codes of what is in the way. */
    word(asked: Question, more: Partial<Situation> = {}): string {
      const decision = decide(compiled, situation(more), asked)
      return decision.kind === 'begin' ? 'begin' : decision.reasons.map(({ code }) => code).join(' ')
    },
    take(device: string, phase: 'held' | 'changing' | 'out' = 'changing', run = 'run-1', wave?: number): void {
      const takes = compiled.takesOf(device)
      ledger.put({ run, device, phase, purpose: 'rollout', takes, since: at, ...(wave !== undefined && { wave }) })
    },
  }
}
