import { DEVICE_KINDS } from './fleet.ts'
import type { Approval, Policy } from './policy.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const NOBODY: Approval = { people: 0, fourEyes: true, validMs: 24 * HOUR, each: 'run' }

/**
 * What holds where a repository says nothing: one device of a kind of a store at a time, never the last till, fiscal
 * printer or payment terminal that works while the store trades, ten stores first.
 */
export const DEFAULT_POLICY: Policy = {
  name: 'default',
  caps: [{ name: 'one-of-a-kind', per: ['store', 'kind'], out: { count: 1 } }],
  groups: [
    { name: 'tills', kinds: ['till'], keep: { count: 1 }, seenWithinMs: 24 * HOUR },
    { name: 'fiscal-printers', kinds: ['fiscal-printer'], keep: { count: 1 }, seenWithinMs: 24 * HOUR },
    { name: 'payment-terminals', kinds: ['payment-terminal'], keep: { count: 1 }, seenWithinMs: 24 * HOUR },
  ],
  freezes: [],
  repair: { windows: [], devices: 1, approval: NOBODY, guards: [], confirmShare: 0.2 },
  rollout: {
    windows: [],
    waves: {
      unit: 'store',
      canary: 10,
      canaryAtMost: 50,
      shares: [0.05, 0.25, 1],
      soakMs: 10 * MINUTE,
      pause: 'terminal',
      // As many may be in flight as may still fail: with fewer, a fleet of 17,500 is not done in a night.
      maxFailures: [{ share: 0.1 }, { count: 250 }],
    },
    approval: NOBODY,
    guards: [],
    confirmShare: 0.2,
  },
  dependents: { router: DEVICE_KINDS.filter((kind) => kind !== 'router'), server: ['till'] },
  breakers: [{ failures: 20, withinMs: 30 * MINUTE }],
  rollback: { atOnce: 10, stopAfter: 3 },
  guess: { changeMs: 5 * MINUTE, proofMs: 2 * MINUTE, rollbackMs: 5 * MINUTE },
  backAtOnce: 50,
}
