import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/core/duration.ts'
import {
  countedOnFrom,
  recordAfter,
  standingOf,
  type Warning,
  type WarningRecord,
  type WarningSeen,
} from '../../src/core/warning.ts'

const WARNING: Warning = {
  name: 'cashier',
  script: { sh: 'tell' },
  notNowExit: 75,
  timeoutMs: 10_000,
  waitMs: 5 * MINUTE_MS,
  againMs: 10 * MINUTE_MS,
  times: 2,
  afterLimit: 'defer',
  onFailure: 'defer',
  holdsMs: 30 * MINUTE_MS,
}
const AT = Date.parse('2026-11-30T10:00:00Z')

function told(says: WarningSeen['says'], at = AT, before?: WarningRecord, warning = WARNING): WarningRecord {
  return recordAfter(before, { warning: 'cashier', says }, { warning, at })
}

describe('where a warning stands', () => {
  it('people who were not told are told', () => {
    expect(standingOf(WARNING, undefined, AT)).toEqual({ kind: 'due' })
  })

  it('who was warned has the time that was said; then it may begin', () => {
    const record = told('warned')
    expect(standingOf(WARNING, record, AT)).toEqual({ kind: 'wait', until: AT + 5 * MINUTE_MS, record })
    expect(countedOnFrom(WARNING, record, AT)).toBe(AT + 5 * MINUTE_MS)
    expect(standingOf(WARNING, record, AT + 5 * MINUTE_MS)).toEqual({ kind: 'done' })
    expect(countedOnFrom(WARNING, record, AT + 6 * MINUTE_MS)).toBe(AT + 5 * MINUTE_MS)
  })

  it('"at once" waits for nothing', () => {
    expect(standingOf(WARNING, told('at-once'), AT)).toEqual({ kind: 'done' })
  })

  it('"not now" is asked again after a while, and nobody counts on a change until then', () => {
    const record = told('not-now')
    expect(standingOf(WARNING, record, AT + 1)).toEqual({ kind: 'wait', until: AT + 10 * MINUTE_MS, record })
    expect(countedOnFrom(WARNING, record, AT + 1)).toBeUndefined()
    expect(standingOf(WARNING, record, AT + 10 * MINUTE_MS)).toEqual({ kind: 'due' })
  })

  it('"not now" more often than it is heeded ends the matter, or the change comes all the same', () => {
    const twice = told('not-now', AT + HOUR_MS, told('not-now'))
    expect(standingOf(WARNING, twice, AT + HOUR_MS).kind).toBe('wait')
    const thrice = told('not-now', AT + 2 * HOUR_MS, twice)
    expect(standingOf(WARNING, thrice, AT + 2 * HOUR_MS)).toEqual({ kind: 'declined', record: thrice })
    expect(countedOnFrom(WARNING, thrice, AT + 2 * HOUR_MS)).toBeUndefined()
    const firm = { ...WARNING, afterLimit: 'change' } as const
    expect(standingOf(firm, thrice, AT + 2 * HOUR_MS)).toMatchObject({
      kind: 'wait',
      until: AT + 2 * HOUR_MS + firm.waitMs,
    })
  })

  it('"not now" is heeded no longer than `for`, counted from the first', () => {
    const warning = { ...WARNING, times: 100, forMs: HOUR_MS }
    const first = told('not-now', AT, undefined, warning)
    const within = told('not-now', AT + HOUR_MS - 1, first, warning)
    expect(standingOf(warning, within, AT + HOUR_MS - 1).kind).toBe('wait')
    const beyond = told('not-now', AT + HOUR_MS, within, warning)
    expect(standingOf(warning, beyond, AT + HOUR_MS).kind).toBe('declined')
    // One that was kept without its beginning was said for the first time.
    const { notNowSince: _, ...unknown } = beyond
    expect(standingOf(warning, unknown, AT + HOUR_MS).kind).toBe('wait')
  })

  it('a command that failed ends the matter, or counts as said', () => {
    const record = told('failed')
    expect(standingOf(WARNING, record, AT)).toEqual({ kind: 'failed', record })
    expect(standingOf({ ...WARNING, onFailure: 'change' }, record, AT).kind).toBe('wait')
  })

  it('what was said too long ago is said anew, three times in all', () => {
    let record = told('warned')
    let now = AT
    for (const missed of [1, 2]) {
      now += 36 * MINUTE_MS
      expect(standingOf(WARNING, record, now)).toEqual({ kind: 'due' })
      expect(countedOnFrom(WARNING, record, now)).toBeUndefined()
      record = told('warned', now, record)
      expect(record.missed).toBe(missed)
    }
    expect(standingOf(WARNING, record, now + 36 * MINUTE_MS)).toEqual({ kind: 'missed', record })
    // Of a warning that the policy does not have any more, nobody can say that it was missed.
    expect(
      recordAfter(told('warned'), { warning: 'cashier', says: 'warned' }, { warning: undefined, at: now }),
    ).toEqual({
      warning: 'cashier',
      says: 'warned',
      at: now,
      notNow: 0,
    })
  })
})

it('comes to an end whatever people say, and nothing begins before the time that they were told', () => {
  const says = fc.constantFrom<WarningSeen['says']>('warned', 'at-once', 'not-now', 'failed')
  const made = fc.record({
    times: fc.nat(4),
    forMs: fc.constantFrom(undefined, HOUR_MS),
    afterLimit: fc.constantFrom('defer' as const, 'change' as const),
    onFailure: fc.constantFrom('defer' as const, 'change' as const),
  })
  fc.assert(
    fc.property(
      made,
      fc.array(fc.tuple(says, fc.integer({ min: 0, max: 2 * HOUR_MS })), { minLength: 12, maxLength: 40 }),
      (some, said) => {
        const { forMs, ...rest } = some
        const warning: Warning = { ...WARNING, ...rest, ...(forMs !== undefined && { forMs }) }
        let record: WarningRecord | undefined
        let now = AT
        let asked = 0
        for (const [answer, later] of said) {
          const standing = standingOf(warning, record, now)
          if (standing.kind === 'due') {
            record = told(answer, now, record, warning)
            asked += 1
          } else if (standing.kind === 'done') {
            expect(now).toBeGreaterThanOrEqual((record?.at ?? 0) + (record?.says === 'at-once' ? 0 : warning.waitMs))
          } else if (standing.kind === 'wait') expect(standing.until).toBeGreaterThan(now)
          else break
          now += later
        }
        expect(asked).toBeLessThanOrEqual(warning.times + 1 + 3)
      },
    ),
    { numRuns: 500 },
  )
})
