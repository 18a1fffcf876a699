import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DEVICE_STATES,
  EXIT,
  exitCodeOf,
  STATES_THAT_FAIL,
  wasNeverReached,
  worseExitCode,
} from '../../src/core/outcome.ts'
import { severityRank } from '../../src/core/severity.ts'

describe('the exit code of a device', () => {
  it.each([
    ['in-sync', 0],
    ['changed', 0],
    ['drifted', 3],
    ['unmet', 3],
    ['failed', 4],
    ['indeterminate', 4],
    ['unreachable', 5],
    ['unknown', 5],
    ['deferred', 6],
    ['cancelled', 130],
  ] as const)('%s ends with %i', (state, code) => {
    expect(exitCodeOf({ state })).toBe(code)
    expect(STATES_THAT_FAIL.includes(state)).toBe(code !== 0)
  })

  it('what could not be judged in part counts as that, too, unless nobody asked for it', () => {
    expect(exitCodeOf({ state: 'drifted', unknown: true })).toBe(EXIT.unreachable)
    expect(exitCodeOf({ state: 'drifted', unknown: true }, new Set(['drifted']))).toBe(EXIT.drift)
    expect(exitCodeOf({ state: 'failed' }, new Set(['drifted']))).toBe(EXIT.ok)
  })
})

it('of two exit codes the worse one stays, in any order', () => {
  const codes = fc.constantFrom<number>(...Object.values(EXIT))
  fc.assert(
    fc.property(codes, codes, codes, (a, b, c) => {
      expect(worseExitCode(a, b)).toBe(worseExitCode(b, a))
      expect(worseExitCode(worseExitCode(a, b), c)).toBe(worseExitCode(a, worseExitCode(b, c)))
      expect(worseExitCode(a, EXIT.ok)).toBe(a)
      expect(worseExitCode(a, EXIT.interrupted)).toBe(EXIT.interrupted)
    }),
  )
  expect([EXIT.drift, EXIT.held, EXIT.unreachable, EXIT.failed].reduce(worseExitCode, EXIT.ok)).toBe(EXIT.failed)
})

describe('a device that was never reached', () => {
  const failure = { code: 'CONNECT_TIMEOUT', phase: 'connect', message: 'no answer' } as const
  it.each([
    ['is one without a session', { state: 'unreachable', failure }, true],
    [
      'is one for which this machine was too busy',
      { state: 'failed', failure: { ...failure, code: 'CONTROLLER_OVERLOADED' } },
      true,
    ],
    ['is none that answered something', { state: 'unreachable', failure, answered: true }, false],
    ['is none that was lost behind a step', { state: 'unreachable', failure: { ...failure, phase: 'observe' } }, false],
    ['is none that failed at something', { state: 'failed', failure }, false],
    ['is none of which nothing is said', { state: 'unreachable' }, false],
  ] as const)('%s', (_, outcome, is) => {
    expect(wasNeverReached(outcome)).toBe(is)
  })
})

it('what blocks a sale is worst, words of users come before mere attention, and nothing said comes last', () => {
  const told = ['none', null, 'attention', 'purple', 'sale-blocked', undefined, 'unknown', 'work-blocked']
  expect([...told].sort((a, b) => severityRank(a) - severityRank(b)).slice(0, 6)).toEqual([
    'sale-blocked',
    'work-blocked',
    'purple',
    'attention',
    'unknown',
    'none',
  ])
  expect(severityRank(null)).toBe(severityRank(undefined))
  expect(DEVICE_STATES).toHaveLength(10)
})
