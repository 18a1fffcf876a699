import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../src/core/error-catalog.ts'
import type { Failure } from '../../../src/core/failure.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { DeviceOutcome, StepOutcome } from '../../../src/core/outcome.ts'
import type { Runbook } from '../../../src/core/runbook.ts'
import { deferred, outcomeOf, worstOf } from '../../../src/engine/device/device-outcome.ts'
import type { Lost, WalkEnd } from '../../../src/engine/device/walk-end.ts'

const POS1 = 'PL-0001/pos1'
const fails = (code: ErrorCode, phase: Failure['phase'] = 'connect'): Failure => ({ code, phase, message: 'm' })
const lost = (code: ErrorCode, more: Partial<Lost> & { readonly phase?: Failure['phase'] } = {}): WalkEnd => ({
  steps: [],
  lost: { failure: fails(code, more.phase), changing: false, answered: false, ...more },
})
const walked = (...outcomes: readonly StepOutcome[]): WalkEnd => ({
  steps: outcomes.map((outcome, n) => ({ step: { id: `s${n}` }, outcome })) as unknown as WalkEnd['steps'],
})

/** Rows of a truth table as functions of what they see; `says` of undefined cannot be filled in. */
function runbookOf(
  ...rows: readonly (readonly [when: (steps: JsonObject) => unknown, says: JsonObject | undefined])[]
): Runbook {
  const classify = rows.map(([when, says]) => ({
    when: { evaluate: ({ steps }: { readonly steps: JsonObject }) => ({ ok: true, value: when(steps) }) },
    says: { render: () => (says ? { ok: true, value: says } : { ok: false, error: 'no such key' }) },
  }))
  return { classify } as unknown as Runbook
}

function of(end: WalkEnd, { mode = 'apply', runbook = runbookOf(), family = 'linux' } = {}): DeviceOutcome {
  const device = { name: POS1, os: { family } }
  const scope = { device, store: {}, params: {}, vars: {} }
  return outcomeOf(end, runbook, { scope, mode: mode as 'apply' })
}

describe('how a device ends whose session was lost', () => {
  it.each<[string, WalkEnd, string, string]>([
    ['before anything', lost('CONNECT_TIMEOUT'), 'unreachable', 'CONNECT_TIMEOUT'],
    ['while looking', lost('CONNECT_TIMEOUT', { answered: true }), 'unreachable', 'CONNECT_TIMEOUT'],
    ['while changing', lost('CONNECT_TIMEOUT', { changing: true, answered: true }), 'indeterminate', 'CONVERGE_LOST'],
    [
      'when a change was announced, and no session came about',
      lost('CONNECT_TIMEOUT', { changing: true }),
      'unreachable',
      'CONNECT_TIMEOUT',
    ],
    ['in doubt from an earlier attempt', lost('RUN_LOST_CONVERGING'), 'indeterminate', 'RUN_LOST_CONVERGING'],
    ['as another session is at work there', lost('DEVICE_BUSY', { changing: true }), 'deferred', 'DEVICE_BUSY'],
    ['as the lease went to another', lost('LEASE_LOST', { changing: true }), 'deferred', 'LEASE_LOST'],
    ['as the run was stopped', lost('RUN_CANCELLED'), 'cancelled', 'RUN_CANCELLED'],
    [
      'as the run was stopped while changing',
      lost('RUN_CANCELLED', { changing: true, answered: true }),
      'indeterminate',
      'CONVERGE_LOST',
    ],
    ['by a fault of ours', lost('INTERNAL_BUG'), 'failed', 'INTERNAL_BUG'],
    [
      'by a fault of ours while changing',
      lost('SSH_CLIENT_FAULT', { changing: true, answered: true }),
      'indeterminate',
      'CONVERGE_LOST',
    ],
  ])('%s', (_, end, state, code) => {
    expect(of(end)).toMatchObject({ state, failure: { code } })
  })

  it('a command of exec may be changing it whenever it runs', () => {
    expect(of(lost('CONNECT_TIMEOUT', { answered: true }), { mode: 'exec' }).state).toBe('indeterminate')
    expect(of(lost('CONNECT_TIMEOUT'), { mode: 'exec' }).state).toBe('unreachable')
  })
})

describe('how a device ends that was walked', () => {
  const unmet: StepOutcome = { state: 'unmet', failure: fails('CHECK_UNMET', 'observe') }
  const failed: StepOutcome = { state: 'failed', failure: fails('CONVERGE_FAILED', 'converge') }
  const put = deferred({ failure: fails('OUTSIDE_WINDOW' as ErrorCode), until: Date.UTC(2026, 10, 30) })

  it.each<[string, WalkEnd, object]>([
    ['all as it should be', walked({ state: 'ok' }, { state: 'skipped' }), { state: 'in-sync' }],
    ['something was changed', walked({ state: 'ok' }, { state: 'changed', changes: [] }), { state: 'changed' }],
    [
      'something differs',
      walked({ state: 'changed', changes: [] }, { state: 'drifted' }, { state: 'unknown' }),
      { state: 'drifted', unknown: true },
    ],
    [
      'something could not be judged',
      walked({ state: 'changed', changes: [] }, { state: 'unknown' }),
      { state: 'unknown', unknown: true },
    ],
    ['a check does not hold', walked(unmet, { state: 'drifted' }), { state: 'unmet' }],
    [
      'a check that changes before it may mend',
      walked({ state: 'drifted' }, { ...unmet, may_be_mended: true }),
      { state: 'drifted' },
    ],
    ['a step failed', walked(unmet, failed), { state: 'failed', failure: { code: 'CONVERGE_FAILED' } }],
    [
      'it was put off',
      { ...walked({ state: 'drifted' }), deferred: put },
      { state: 'deferred', not_before: '2026-11-30T00:00:00.000Z' },
    ],
    [
      'it was stopped',
      { ...walked({ state: 'ok' }), cancelled: true },
      { state: 'cancelled', failure: { code: 'RUN_CANCELLED' } },
    ],
  ])('%s', (_, end, wanted) => {
    expect(of(end)).toMatchObject(wanted)
  })

  it('one without a shell has answered by what was read of it', () => {
    expect(of(walked({ state: 'ok', value: 7 }), { family: 'none' }).answered).toBe(true)
    expect(of(walked({ state: 'ok', value: null }), { family: 'none' })).not.toHaveProperty('answered')
    expect(of(walked({ state: 'ok', value: 7 }))).not.toHaveProperty('answered')
  })
})

describe('the truth table', () => {
  const paper = { fault: 'paper-out', severity: 'sale-blocked', owner: '', about: null, remedy: 'till apply fix' }

  it('the first row that holds and can be filled in says it; remedies are for this device', () => {
    const runbook = runbookOf(
      [() => false, { fault: 'x', severity: 'none' }],
      [() => 1, { fault: 'y', severity: 'none' }],
      [() => true, undefined],
      [() => true, paper],
    )
    expect(of(walked({ state: 'ok' }), { runbook }).classification).toEqual({
      fault: 'paper-out',
      severity: 'sale-blocked',
      remedy: `till apply fix --device=${POS1}`,
    })
  })

  it('says nothing of a device that was stopped, or where no row holds', () => {
    const runbook = runbookOf([() => true, paper])
    expect(of({ ...walked(), cancelled: true }, { runbook })).not.toHaveProperty('classification')
    expect(of(walked(), { runbook: runbookOf([() => false, paper]) })).not.toHaveProperty('classification')
  })
})

describe('several runbooks on one device', () => {
  it('come to the worst end, the worst verdict, and unknown if any was', () => {
    const says = (fault: string, severity: string) => ({ classification: { fault, severity } })
    expect(worstOf([])).toEqual({ state: 'in-sync' })
    expect(
      worstOf([
        { state: 'in-sync', ...says('a', 'none') },
        { state: 'unmet', unknown: true, ...says('b', 'sale-at-risk') },
        { state: 'failed', ...says('c', 'sale-at-risk') },
      ]),
    ).toEqual({ state: 'failed', unknown: true, ...says('c', 'sale-at-risk') })
  })
})
