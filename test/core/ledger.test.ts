import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { soldWith } from '../../src/core/can-sell.ts'
import type { Failure } from '../../src/core/failure.ts'
import { type Ended, isVerdict, looksOf, REACH, tellingOf } from '../../src/core/ledger.ts'
import { DEVICE_STATES } from '../../src/core/outcome.ts'

const failed = (code: string, phase: Failure['phase']): Pick<Ended, 'failure'> => ({ failure: { code, phase } })
const classified = (severity: string, fault = 'paper-out'): Pick<Ended, 'classification'> => ({
  classification: { fault, severity },
})

describe('what the end of a run on a device tells', () => {
  test.each<[string, Ended, ReturnType<typeof tellingOf>]>([
    ['it is in order', { state: 'in-sync', answered: true }, { reach: 'answered', work: 'well' }],
    ['it differs, and works', { state: 'drifted', answered: true }, { reach: 'answered', work: 'well' }],
    [
      'a check does not hold, and no table says what that means',
      { state: 'unmet' },
      { reach: 'answered', work: 'blind' },
    ],
    [
      'a table says that it works all the same',
      { state: 'unmet', ...classified('attention') },
      { reach: 'answered', work: 'well' },
    ],
    ['a table could not tell', { state: 'unmet', ...classified('unknown') }, { reach: 'answered', work: 'blind' }],
    ['it cannot sell', { state: 'unmet', ...classified('sale-blocked') }, { reach: 'answered', work: 'sale-blocked' }],
    [
      'it cannot do its work',
      { state: 'failed', ...classified('work-blocked') },
      { reach: 'answered', work: 'blocked' },
    ],
    [
      'its printer is away, so that it cannot sell',
      { state: 'unmet', ...classified('sale-blocked', 'printer-down') },
      { reach: 'away', work: 'sale-blocked' },
    ],
    [
      'it answered, whatever the table calls it',
      { state: 'unmet', answered: true, ...classified('attention', 'link-down') },
      { reach: 'answered', work: 'well' },
    ],
    [
      'nothing takes the connection',
      { state: 'unreachable', ...failed('CONNECT_TIMEOUT', 'connect') },
      { reach: 'away' },
    ],
    [
      'the way broke before it',
      { state: 'unreachable', ...failed('CONNECT_VIA_FAILED', 'connect') },
      { reach: 'dark' },
    ],
    ['our key is wrong', { state: 'unreachable', ...failed('AUTH_FAILED', 'authenticate') }, { reach: 'dark' }],
    [
      'this machine was too busy',
      { state: 'failed', ...failed('CONTROLLER_OVERLOADED', 'connect') },
      { reach: 'dark' },
    ],
    [
      'we failed at it',
      { state: 'failed', answered: true, ...failed('STEP_TIMEOUT', 'observe') },
      { reach: 'answered', work: 'blind' },
    ],
    ['it was put off', { state: 'deferred' }, undefined],
    ['it was cancelled', { state: 'cancelled', answered: true }, undefined],
    ['another run has it', { state: 'failed', answered: true, ...failed('LEASE_LOST', 'converge') }, undefined],
  ])('%s', (_, end, told) => {
    expect(tellingOf(end)).toEqual(told)
  })

  const end: fc.Arbitrary<Ended> = fc
    .record({
      state: fc.constantFrom(...DEVICE_STATES),
      answered: fc.boolean(),
      why: fc.constantFrom(
        failed('CONNECT_TIMEOUT', 'connect'),
        failed('CONNECT_VIA_FAILED', 'connect'),
        failed('CONTROLLER_OVERLOADED', 'connect'),
        failed('AUTH_FAILED', 'authenticate'),
        failed('STEP_FAILED', 'observe'),
      ),
      severity: fc.constantFrom(undefined, 'attention', 'unknown', 'sale-blocked', 'work-blocked'),
      fault: fc.constantFrom('paper-out', 'link-down', 'printer-down'),
    })
    .map(({ state, answered, why, severity, fault }) => ({
      ...{ state, answered, ...why },
      ...(severity && classified(severity, fault)),
    }))

  test('never says of a device that answered that it is away, nor that it cannot work without a table that says so', () => {
    const law = fc.property(end, (one) => {
      const told = tellingOf(one)
      if (one.answered) expect(told?.reach ?? 'answered').toBe('answered')
      if (!one.classification) expect(['well', 'blind', undefined]).toContain(told?.work)
      // What is wrong before it, or with us, is not its fault.
      const isOurs = one.failure?.code !== 'CONNECT_TIMEOUT'
      if (isOurs && !one.classification) expect(told?.reach).not.toBe('away')
      if (told === undefined) expect(isVerdict(one)).toBe(false)
      // Who was never reached is not told to work.
      if (!one.answered && told?.reach !== 'answered') expect(told?.work).not.toBe('well')
    })
    fc.assert(law, { numRuns: 2000 })
  })

  test('makes at most one look a track, and none of the work for a command', () => {
    const of = { run: 'r', label: '["a"]' } as const
    const body = {
      device: 'd',
      store: 's',
      region: 'r',
      kind: 'till',
      duration_ms: 1,
      type: 'device.finished',
    } as const
    const told = { ...body, state: 'in-sync', at: '2026-11-30T10:00:00Z', answered: true } as const
    expect(looksOf(told, { ...of, mode: 'apply' }).map(({ track, found }) => [track, found])).toEqual([
      [REACH, 'answered'],
      ['["a"]', 'well'],
    ])
    expect(looksOf(told, { ...of, mode: 'exec' }).map(({ track }) => track)).toEqual([REACH])
    expect(looksOf({ ...told, state: 'deferred' }, { ...of, mode: 'apply' })).toEqual([])
  })
})

test('a sale is possible with a device that answered and was seen to work, not where nobody could judge', () => {
  const well = { reach: 'answered', work: 'well' } as const
  const said = (looks: Parameters<typeof soldWith>[0]['looks'], hasAnswered = false) => soldWith({ looks, hasAnswered })
  expect(said([])).toBe('never-seen')
  expect(said([{ reach: 'away' }])).toBe('never-seen')
  expect(said([well])).toBe('up')
  expect(said([{ reach: 'away' }, well])).toBe('unknown')
  expect(said([{ reach: 'away' }, well], true)).toBe('up')
  expect(said([{ reach: 'answered', work: 'blind' }])).toBe('unknown')
  expect(said([{ reach: 'answered', work: 'blocked' }])).toBe('up')
  expect(said([well, { reach: 'answered', work: 'sale-blocked' }])).toBe('down')
})
