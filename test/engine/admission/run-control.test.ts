import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunControl } from '../../../src/core/admission.ts'
import type { Approval } from '../../../src/core/policy.ts'
import { approve, approvedBy, refuseApproval } from '../../../src/engine/admission/approvals.ts'
import { askedFor, begunBy, controlOf, withControl } from '../../../src/engine/admission/run-control.ts'

const NOTHING: RunControl = { approvals: [], released: {} }
const ONE: Approval = { people: 1, fourEyes: true, validMs: 1000, each: 'run' }
const of = (more: Partial<Parameters<typeof askedFor>[2]> = {}) =>
  ({ run: 'r', wave: undefined, by: 'anna', now: 0, isFirst: true, ...more }) as const

function given(control: RunControl, by: string, at: number): RunControl {
  return {
    ...control,
    approvals: control.approvals.map((state) => {
      const change = approve(state, { by, at, why: '' })
      return change.ok ? change.state : state
    }),
  }
}

describe('an approval that a policy wants', () => {
  test('is asked for once, and not where nobody has to approve', () => {
    expect(askedFor(NOTHING, { ...ONE, people: 0 }, of())).toBe(NOTHING)
    const asked = askedFor(NOTHING, ONE, of())
    expect(asked.approvals).toMatchObject([{ id: 'r', askedBy: 'anna', people: 1, fourEyes: true, expiresAt: 1000 }])
    expect(askedFor(asked, ONE, of({ by: 'jan', now: 10 }))).toBe(asked)
  })

  test('is one a wave where each of them needs it, and one for the run otherwise', () => {
    const each = { ...ONE, each: 'wave' } as const
    const both = askedFor(askedFor(NOTHING, each, of({ wave: 0 })), each, of({ wave: 1 }))
    expect(both.approvals.map(({ id, wave }) => [id, wave])).toEqual([['r/1', 0], ['r/2', 1]]) // biome-ignore format: pairs
    expect(askedFor(askedFor(NOTHING, ONE, of({ wave: 0 })), ONE, of({ wave: 1 })).approvals).toHaveLength(1)
  })

  test('is asked for anew after a no or its time by whoever starts the run, and never by itself', () => {
    const asked = askedFor(NOTHING, ONE, of())
    const [state] = asked.approvals
    if (!state) throw new Error('nothing was asked for')
    const refused = refuseApproval(state, { by: 'jan', at: 5, why: 'no' })
    if (!refused.ok) throw new Error(refused.message)
    const no = { ...asked, approvals: [refused.state] }
    expect(askedFor(no, ONE, of({ now: 10, isFirst: false })).approvals[0]?.refused).toBeDefined()
    expect(askedFor(no, ONE, of({ now: 10 })).approvals).toMatchObject([{ askedAt: 10, given: [] }])
    expect(askedFor(asked, ONE, of({ now: 5000, isFirst: false }))).toBe(asked)
    expect(askedFor(asked, ONE, of({ now: 5000 })).approvals).toMatchObject([{ askedAt: 5000, expiresAt: 6000 }])
  })

  test('is over by the time of a policy that came into force meanwhile and wants it sooner, never later', () => {
    const asked = given(askedFor(NOTHING, ONE, of()), 'jan', 1)
    const sooner = askedFor(asked, { ...ONE, validMs: 100 }, of({ now: 200, isFirst: false }))
    expect(sooner.approvals).toMatchObject([{ expiresAt: 100, given: [{ by: 'jan' }] }])
    expect(begunBy(sooner, undefined, 200).approvals[0]?.usedAt).toBeUndefined()
    expect(askedFor(sooner, { ...ONE, validMs: 5000 }, of({ now: 200, isFirst: false }))).toBe(sooner)
    // Whoever resumes it asks anew at once.
    expect(askedFor(asked, { ...ONE, validMs: 100 }, of({ now: 200 })).approvals).toMatchObject([{ askedAt: 200 }])
  })

  test('begins what it is for once enough have said yes, and no other wave', () => {
    const each = { ...ONE, people: 2, each: 'wave' } as const
    let control = askedFor(askedFor(NOTHING, each, of({ wave: 0 })), each, of({ wave: 1 }))
    control = given(control, 'jan', 10)
    expect(begunBy(control, 0, 20).approvals.map(({ usedAt }) => usedAt)).toEqual([undefined, undefined])
    control = given(control, 'ewa', 30)
    const begun = begunBy(control, 0, 40)
    expect(begun.approvals.map(({ usedAt }) => usedAt)).toEqual([40, undefined])
    expect(begunBy(begun, 0, 50).approvals[0]?.usedAt).toBe(40)
  })

  /** What policies in turn want, and who says yes between. */
  const policy = fc.record({
    people: fc.integer({ min: 1, max: 3 }),
    fourEyes: fc.boolean(),
    signed: fc.constantFrom(undefined, true as const),
  })
  const turn = fc.record({
    policy,
    by: fc.constantFrom('anna', 'jan', 'ewa', 'ewa@example.com', 'ola'),
    signs: fc.boolean(),
  })

  test('never gets looser than any policy that was in force, and counts nobody who does not count by the strictest', () => {
    const law = fc.property(fc.array(turn, { minLength: 1, maxLength: 6 }), (turns) => {
      let control = NOTHING
      for (const [index, { policy: wanted, by, signs }] of turns.entries()) {
        const { signed, ...rest } = wanted
        const approval: Approval = { ...rest, validMs: 1000, each: 'run', ...(signed && { signed }) }
        control = askedFor(control, approval, of({ now: index, isFirst: index === 0 }))
        const proof = signs ? { proof: { kind: 'account', account: by, at: '' } as never } : {}
        control = {
          ...control,
          approvals: control.approvals.map((state) => {
            const change = approve(state, { by, at: index, why: '', ...proof })
            return change.ok ? change.state : state
          }),
        }
        const soFar = turns.slice(0, index + 1)
        const [state] = begunBy(control, undefined, index).approvals
        if (!state) throw new Error('nothing was asked for')
        expect(state.people).toBe(Math.max(...soFar.map((one) => one.policy.people)))
        const counted = approvedBy(state)
        if (soFar.some((one) => one.policy.fourEyes)) expect(counted).not.toContain('anna')
        if (soFar.some((one) => one.policy.signed))
          expect(soFar.filter((one) => one.signs).length).toBeGreaterThanOrEqual(counted.length)
        expect(new Set(counted.map((name) => name.split('@')[0])).size).toBe(counted.length)
        expect(state.usedAt !== undefined).toBe(counted.length >= state.people)
      }
    })
    fc.assert(law, { numRuns: 500 })
  })
})

describe('what people have said about runs', () => {
  test('is kept by run, and nothing of one about which nothing was said', () => {
    const paused: RunControl = { ...NOTHING, paused: { by: 'anna', at: 0, why: 'w' } as never }
    const one = withControl({}, 'r', paused)
    expect(controlOf(one, 'r')).toBe(paused)
    expect(controlOf(one, 'other')).toEqual(NOTHING)
    const two = withControl(one, 'other', askedFor(NOTHING, ONE, of({ run: 'other' })))
    expect(Object.keys(two.runs ?? {}).sort()).toEqual(['other', 'r'])
    expect(withControl(two, 'other', NOTHING)).toEqual(one)
    expect(withControl(one, 'r', NOTHING)).toEqual({})
  })
})
