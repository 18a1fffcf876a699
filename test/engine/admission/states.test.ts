import { describe, expect, test } from 'vitest'
import type { ApprovalState, BreakerState, Place } from '../../../src/core/admission.ts'
import { approve, approvedBy, refuseApproval, useApproval } from '../../../src/engine/admission/approvals.ts'
import { afterFailure, closeBreaker } from '../../../src/engine/admission/breaker-state.ts'
import { freedPlace, placeOfDead, takePlace, withoutTheDead } from '../../../src/engine/admission/freed-place.ts'
import { MINUTE } from './small-world.ts'

describe('an approval', () => {
  const asked: ApprovalState = {
    ...{ id: 'a1', run: 'r', askedBy: 'anna', askedAt: 0, expiresAt: 100, people: 2, fourEyes: true, given: [] },
  }
  const word = (by: string, at = 1) => ({ by, at, why: 'ok' })
  const done = (change: ReturnType<typeof approve>): ApprovalState => {
    if (!change.ok) throw new Error(change.message)
    return change.state
  }

  test('is given by several, none of them twice, nor by who asked', () => {
    expect(approve(asked, word('anna'))).toMatchObject({ ok: false, code: 'APPROVAL_UNFIT' })
    const once = done(approve(asked, word('jan')))
    expect(approve(once, word('jan'))).toMatchObject({ ok: false, code: 'APPROVAL_UNFIT' })
    expect(useApproval(once, 2)).toMatchObject({ ok: false, message: '1 of 2 have approved.' })
    const twice = done(approve(once, word('ola')))
    expect(approvedBy(twice)).toEqual(['jan', 'ola'])
    expect(useApproval(twice, 2).ok).toBe(true)
    expect(approve({ ...asked, fourEyes: false }, word('anna')).ok).toBe(true)
  })

  test('is of one person who came in two ways', () => {
    for (const name of ['oidc:anna', 'oidc:anna@till.example', 'anna@till.example'])
      expect([name, approve(asked, word(name)).ok]).toEqual([name, false])
    const once = done(approve(asked, word('oidc:jan@till.example')))
    for (const name of ['jan', 'jan@till.example', 'oidc:jan'])
      expect([name, approve(once, word(name)).ok]).toEqual([name, false])
    const asOther = { ...asked, askedBy: 'oidc:anna@till.example' }
    expect(approve(asOther, word('anna')).ok).toBe(false)
    const twice = done(approve(once, word('oidc:ola@till.example')))
    expect(approvedBy(twice)).toEqual(['oidc:jan@till.example', 'oidc:ola@till.example'])
    // What was kept before it was looked at so.
    expect(approvedBy({ ...asked, given: [word('jan'), word('oidc:jan')] })).toEqual(['jan'])
    // One may have an address with the provider and another one in the list of signers.
    expect(approve(once, word('jan@other.example')).ok).toBe(false)
  })

  test('knows one person by several names, and by one key', () => {
    const key = (by: string, of: string) => ({ ...word(by), proof: { kind: 'ssh', key: of } as const })
    const server = (by: string) => ({ ...word(by), proof: { kind: 'server' } as const })
    const signed: ApprovalState = { ...asked, askedBy: 'olga@till.example', signed: true }
    for (const name of ['olga', 'olga@till.example', 'Olga@example.com'])
      expect([name, approve(signed, server(name)).ok]).toEqual([name, false])
    const once = done(approve(signed, server('anna')))
    expect(approve(once, key('anna@example.com', 'A'))).toMatchObject({
      ok: false,
      message: 'anna has approved it already, and anna@example.com counts as the same person.',
    })
    const [first, second] = [key('bert@example.com', 'B'), key('b.b@example.com', 'B')]
    expect(approve(done(approve(signed, first)), second).ok).toBe(false)
    // What a version that told them apart has kept.
    const both = { ...signed, given: [server('anna'), key('anna@example.com', 'A'), first, second] }
    expect(approvedBy(both)).toEqual(['anna', 'bert@example.com'])
  })

  test('starts what waits for it once, in time', () => {
    const given = done(approve({ ...asked, people: 1 }, word('jan')))
    expect(useApproval(given, 100).ok).toBe(false)
    const used = done(useApproval(given, 99))
    expect(useApproval(used, 99)).toMatchObject({ ok: false, message: 'What it is for has begun already.' })
    expect(approve(used, word('ola')).ok).toBe(true)
    expect(refuseApproval(used, word('ola'))).toMatchObject({ ok: false, code: 'APPROVAL_UNFIT' })
  })

  test('ends by its time, or by a no', () => {
    expect(approve(asked, word('jan', 100))).toMatchObject({ ok: false, message: 'Its time is over.' })
    const refused = done(refuseApproval(asked, word('jan')))
    expect(approve(refused, word('ola'))).toMatchObject({ ok: false, message: 'jan has refused it: ok' })
    expect(useApproval({ ...refused, people: 0 }, 2).ok).toBe(false)
  })
})

const NOTHING: BreakerState = { failures: [] }

describe('the breaker', () => {
  const breakers = [{ failures: 3, withinMs: 10 * MINUTE }]
  const failure = (device: string, minute: number) => ({ device, run: 'r', at: minute * MINUTE })
  const failing = (...failures: readonly [string, number][]) =>
    failures.reduce((state, [device, minute]) => afterFailure(state, breakers, failure(device, minute)), NOTHING)

  test('opens by different devices within its time', () => {
    expect(failing(['a', 0], ['b', 5], ['c', 9]).opened).toEqual({
      at: 9 * MINUTE,
      why: '3 devices failed within 10 min: a, b, c.',
    })
    expect(failing(['a', 0], ['b', 5], ['c', 10]).opened).toBeUndefined()
    expect(failing(['a', 0], ['a', 1], ['a', 2], ['b', 3]).opened).toBeUndefined()
  })

  test('stays open until it is closed, and counts when a clock was put back', () => {
    const open = failing(['a', 0], ['b', 1], ['c', 2], ['d', 500])
    expect(open.opened?.at).toBe(2 * MINUTE)
    expect(closeBreaker({ at: 1, by: 'jan', why: 'mended' })).toEqual({
      failures: [],
      closed: { at: 1, by: 'jan', why: 'mended' },
    })
    const later = afterFailure(closeBreaker({ at: 1, by: 'jan', why: 'mended' }), breakers, failure('a', 0))
    expect(later.closed?.by).toBe('jan')
    expect(failing(['a', 60], ['b', 60], ['c', 0]).opened).toBeDefined()
    expect(afterFailure(NOTHING, [], failure('a', 0)).failures).toEqual([])
  })
})

describe('a place', () => {
  const held: Place = { run: 'r', device: 'd', phase: 'held', purpose: 'rollout', takes: ['d'], since: 0 }
  const changing: Place = { ...held, phase: 'changing' }

  test('is free when nothing was changed, or what was is proven', () => {
    expect(freedPlace(held, 'untouched')).toBeUndefined()
    expect(freedPlace(changing, 'healthy')).toBeUndefined()
    expect(placeOfDead(held)).toBeUndefined()
  })

  test('is free when leave to change was given, and the device was never reached', () => {
    expect(freedPlace(changing, 'unbegun')).toBeUndefined()
    expect(freedPlace({ ...changing, wasOut: true }, 'unbegun')?.phase).toBe('out')
  })

  test('is left out by what is not proven', () => {
    for (const end of ['unproven', 'untouched'] as const) expect(freedPlace(changing, end)?.phase).toBe('out')
    expect(freedPlace(held, 'unproven')?.phase).toBe('out')
    expect(placeOfDead(changing)?.phase).toBe('out')
  })

  test('that was left out stays so until the device is seen healthy', () => {
    const out = freedPlace(changing, 'unproven')
    const { phase: _phase, ...repair } = { ...held, run: 'repair', takes: ['d', 'e'] }
    const again = takePlace(repair, out)
    expect(again).toMatchObject({ phase: 'held', wasOut: true, run: 'repair', takes: ['d', 'e'] })
    expect(freedPlace(again, 'untouched')).toMatchObject({ phase: 'out', run: 'repair' })
    expect(freedPlace(again, 'healthy')).toBeUndefined()
    expect(takePlace(repair, undefined)).not.toHaveProperty('wasOut')
  })
})

test('who waits and was heard of by a clock that was far ahead is gone, until it asks again', () => {
  const waiter = { run: 'r', device: 'A/pos1', since: 0, rank: 0, takes: ['A/pos1'], isNext: true, askedAt: 0 }
  const left = (askedAt: number): number =>
    withoutTheDead(
      {
        places: [],
        waiters: [{ ...waiter, askedAt }],
        breaker: NOTHING,
        holds: [],
        isHeld: () => true,
        isLiving: () => true,
      },
      100 * MINUTE,
    ).waiters.length
  expect([left(98 * MINUTE), left(100 * MINUTE), left(160 * MINUTE)]).toEqual([0, 1, 0])
})
