import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SessionLost } from '../../../src/core/failure.ts'
import type { StepOutcome } from '../../../src/core/outcome.ts'
import { caught, hasChanged, stepScope, within } from '../../../src/engine/device/observe-step.ts'
import { StepTimeout, type TrackedChannel } from '../../../src/engine/device/tracked-channel.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function workUnder(phase: 'observe' | 'converge', pending = 0) {
  const channel = { pending } as { pending: number }
  const stopping = new AbortController()
  let told: AbortSignal | undefined
  let error: unknown
  const limits = { deadlineMs: 1_000, signal: stopping.signal, phase }
  const begin = (work: () => Promise<unknown> = () => new Promise(() => undefined)) =>
    within(channel as TrackedChannel, limits, (ending) => {
      told = ending.signal
      return work()
    }).catch((caughtOne: unknown) => {
      error = caughtOne
      return undefined
    })
  return { channel, stopping, begin, isTold: () => told?.aborted, error: () => error }
}

describe('work of a module under a deadline', () => {
  it('that ends in time is what came of it, and leaves no timer behind', async () => {
    expect(await workUnder('observe').begin(async () => 'done')).toBe('done')
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['observe', 'OBSERVE_TIMEOUT'],
    ['converge', 'CONVERGE_TIMEOUT'],
  ] as const)('is told to stop at the deadline, and given up 2 s later: %s', async (phase, code) => {
    const work = workUnder(phase)
    const ended = work.begin()
    await vi.advanceTimersByTimeAsync(999)
    expect(work.isTold()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect([work.isTold(), work.error()]).toEqual([true, undefined])
    await vi.advanceTimersByTimeAsync(2_000)
    await ended
    expect(work.error()).toMatchObject({ failure: { code, phase, message: 'It was not done within 1 s.' } })
  })

  it('is left to the device for as long as that has a question', async () => {
    const work = workUnder('observe', 1)
    const ended = work.begin()
    await vi.advanceTimersByTimeAsync(10_000)
    expect([work.isTold(), work.error()]).toEqual([false, undefined])
    work.channel.pending = 0
    await vi.advanceTimersByTimeAsync(3_000)
    await ended
    expect(work.error()).toBeInstanceOf(StepTimeout)
  })

  it.each(['before', 'while'])('is given up 2 s after the run was stopped: %s it is done', async (moment) => {
    const work = workUnder('observe', 1)
    if (moment === 'before') work.stopping.abort()
    const ended = work.begin()
    work.stopping.abort()
    await vi.advanceTimersByTimeAsync(1_999)
    expect([work.isTold(), work.error()]).toEqual([true, undefined])
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(work.error()).toMatchObject({ failure: { code: 'RUN_CANCELLED' } })
  })
})

describe('an exception of a module', () => {
  const failure = { code: 'OBSERVE_TIMEOUT', phase: 'observe', message: 'late' } as const

  it('at a deadline fails the step, at the end of the session the device', () => {
    expect(caught(new StepTimeout(failure), 'observe')).toEqual({ kind: 'failed', failure })
    expect(caught(new SessionLost(failure), 'observe')).toEqual({ kind: 'lost', failure })
  })

  it('of any other kind is a bug, told with where it came from', () => {
    const message = (error: unknown) => caught(error, 'converge').failure
    expect(message(new Error('oops'))).toMatchObject({ code: 'INTERNAL_BUG', phase: 'converge' })
    expect(message(new Error('oops')).message).toMatch(/oops[\s\S]*within-deadline/)
    expect(message(Object.assign(new Error('oops'), { stack: undefined })).message).toBe('oops')
    expect(message('a word').message).toBe('a word')
  })
})

describe('what later expressions see of a step', () => {
  const changes = [{ path: 'text', before: 'a', after: 'b' }]

  it.each([
    [{ state: 'changed' }, true],
    [{ state: 'drifted' }, true],
    [{ state: 'unknown', changes }, true],
    [{ state: 'unknown' }, false],
    [{ state: 'failed', changes }, false],
    [{ state: 'ok' }, false],
  ])('is whether it was made different, or may have been: %j', (outcome, changed) => {
    expect(hasChanged(outcome as StepOutcome)).toBe(changed)
    expect(stepScope(outcome as StepOutcome)).toEqual({ state: outcome.state, changed, value: null })
  })

  it('is the value where there is one', () => {
    expect(stepScope({ state: 'ok', value: 3 } as never, true)).toEqual({ state: 'ok', changed: true, value: 3 })
  })
})
