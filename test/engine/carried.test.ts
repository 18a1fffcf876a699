import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Carried, stepKey } from '../../src/core/carried.ts'
import type { RunEvent } from '../../src/core/events.ts'
import type { Failure } from '../../src/core/failure.ts'
import { foldRun } from '../../src/core/fold-run.ts'
import type { Step } from '../../src/core/runbook.ts'
import { readUnfinished } from '../../src/core/unfinished-run.ts'
import { Bench, device, runbook, step } from './bench.ts'

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const POS1 = 'PL-0001/pos1'
const pos1 = device(POS1)
const CHANGES = [{ path: 'text', before: 'old', after: 'new' }]
const ACTION = [{ path: 'again', before: null, after: 'new', once: true }]
const FAILURE: Failure = { code: 'CONVERGE_FAILED', phase: 'converge', message: 'no room' }

function line(id: string, more: Partial<Step> = {}): Step {
  return { ...step({ id, module: 'line', with: { path: bench.path(id), text: 'new' } }), ...more }
}

/** Goes on with a device of which an earlier attempt has left this. */
async function goOn(steps: readonly Step[], carried: Readonly<Record<string, Carried>>) {
  const left = Object.fromEntries(Object.entries(carried).map(([id, of]) => [keyOf(id), of]))
  await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)], attempt: 2, carried: left }])
  return endOf(bench.events)
}

function keyOf(id: string): string {
  return stepKey({ runbook: 'test', step: id })
}

async function endOf(events: readonly RunEvent[]) {
  return (await foldRun(events, { ended: true })).devices.get(POS1)
}

/** How often a step has changed its device. */
function times(id: string): number {
  const log = `${bench.path(id)}.log`
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').length : 0
}

describe('a step that an earlier attempt has worked on', () => {
  it('is told as changed where its change has come about, and what reacts to it is run', async () => {
    for (const id of ['a', 'b']) writeFileSync(bench.path(id), 'new')
    await goOn([line('a'), line('b', { restart_on: ['a'] })], { a: { state: 'changing', changes: CHANGES } })
    expect(bench.steps(POS1)).toEqual(['a changed', 'b changed'])
    expect([times('a'), times('b')]).toEqual([0, 1])
  })

  it('is changed where its change has not come about', async () => {
    writeFileSync(bench.path('a'), 'old')
    const end = await goOn([line('a')], { a: { state: 'changing', changes: CHANGES } })
    expect(end?.state).toBe('changed')
    expect(times('a')).toBe(1)
  })

  it('is not repeated where it is an action that was under way, and the device is in doubt', async () => {
    for (const id of ['a', 'b']) writeFileSync(bench.path(id), 'new')
    const left = { a: { state: 'changed', changes: CHANGES }, b: { state: 'changing', changes: ACTION } } as const
    const end = await goOn([line('a'), line('b', { restart_on: ['a'] }), line('c')], left)
    expect(end).toMatchObject({ state: 'indeterminate', failure: { code: 'RUN_LOST_CONVERGING' } })
    expect([times('b'), times('c')]).toEqual([0, 0])
  })

  it('is gone on past where somebody said so, and what reacts to it is not run', async () => {
    for (const id of ['a', 'b']) writeFileSync(bench.path(id), 'new')
    const aside = { state: 'aside', changes: ACTION, reason: 'anna had it go on' } as const
    await goOn([line('a'), line('b', { restart_on: ['a'] }), line('c')], { a: aside })
    expect(bench.steps(POS1)).toEqual(['a unknown', 'b ok', 'c changed'])
    expect([times('a'), times('b')]).toEqual([0, 0])
  })

  it('is changed again where it has drifted since; of its actions, none is repeated', async () => {
    writeFileSync(bench.path('a'), 'drifted')
    await goOn([line('a')], { a: { state: 'changed', changes: [...CHANGES, ...ACTION] } })
    expect(bench.steps(POS1)).toEqual(['a changed'])
    expect(times('a')).toBe(1)
    const told = bench.events.find((event) => event.type === 'step.finished')
    expect(told).toMatchObject({ changes: [{ path: 'text' }, { path: 'again' }] })
  })

  it('reacts anew to a change of this attempt, and not to one of the attempt that it has reacted in', async () => {
    for (const id of ['a', 'c']) writeFileSync(bench.path(id), 'new')
    const done = (changes: Carried['changes']): Carried => ({ state: 'changed', changes })
    await goOn([line('a'), line('b'), line('c', { restart_on: ['a', 'b'] })], { a: done(CHANGES), c: done(ACTION) })
    expect(bench.steps(POS1)).toEqual(['a changed', 'b changed', 'c changed'])
    expect(times('c')).toBe(1)
    await goOn([line('a'), line('b'), line('c', { restart_on: ['a', 'b'] })], { a: done(CHANGES), c: done(ACTION) })
    expect(times('c')).toBe(1)
  })

  it('has failed where it had failed, and is not tried again', async () => {
    const end = await goOn([line('a'), line('b')], { a: { state: 'failed', changes: CHANGES, failure: FAILURE } })
    expect(end).toMatchObject({ state: 'failed', failure: FAILURE })
    expect([times('a'), times('b')]).toEqual([0, 0])
  })

  it('is looked at anew where nothing was changed by it', async () => {
    await goOn([line('a')], { a: { state: 'stopped', changes: [], failure: FAILURE } })
    expect(bench.steps(POS1)).toEqual(['a changed'])
  })

  it('keeps what was changed by it where its condition cannot be judged any more', async () => {
    const when = { text: 'w', steps: [], values: [], evaluate: () => ({ ok: false as const, error: 'no such key' }) }
    await goOn([line('a', { when })], { a: { state: 'changing', changes: CHANGES } })
    const left = (await readUnfinished(bench.events)).changesOf(POS1)
    const failure = { code: 'EXPRESSION_FAILED', message: 'when: no such key' }
    expect(left[keyOf('a')]).toMatchObject({ state: 'failed', changes: CHANGES, failure })
  })
})

describe('a run whose controller dies at any event', () => {
  const steps = (): Step[] => [line('a'), line('b', { restart_on: ['a'] }), line('c')]

  /** Dies with the nth event: as soon as it is durable. */
  async function diesAt(n: number): Promise<readonly RunEvent[]> {
    let left = n
    bench.onEvent = () => {
      left -= 1
      if (left < 0) throw new Error('the controller died')
    }
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps())] }]).catch(() => undefined)
    bench.onEvent = () => undefined
    return bench.events.slice(0, n + 1)
  }

  /** Whatever has changed on the device is told as changed, or as in doubt. */
  async function isTrue(events: readonly RunEvent[]): Promise<void> {
    const said = await endOf(events)
    for (const id of ['a', 'b', 'c']) {
      const isTold = said?.steps.some(({ step: name, state }) => name === id && state === 'changed')
      if (times(id) > 0 && !isTold)
        expect([id, said?.state, said?.failure?.message]).toEqual([
          id,
          'indeterminate',
          expect.stringContaining(`"${id}"`),
        ])
    }
  }

  it('is brought to its end by the next one: nothing is left out, and no action is done twice', async () => {
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps())] }])
    const many = bench.events.length
    expect(many).toBeGreaterThan(8)
    for (let cut = 0; cut < many; cut += 1) {
      bench.close()
      bench = new Bench()
      writeFileSync(bench.path('b'), 'new')
      const before = await diesAt(cut)
      const { left, record } = await readUnfinished(before)
      await isTrue(before)
      // Targets are told by whoever starts a run, before anything of it.
      const [open = record.devices.has(POS1) ? undefined : { attempt: 1, carried: undefined }] = left
      if (open) {
        const more = { attempt: open.attempt, ...(open.carried && { carried: open.carried }) }
        await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps())], ...more }])
      }
      const all = open ? [...before, ...bench.events] : before
      const end = open ? await endOf(all) : record.devices.get(POS1)
      const at = `cut behind event ${cut + 1}, ${before.at(-1)?.type}`
      expect(times('b'), at).toBeLessThanOrEqual(1)
      if (end?.state === 'indeterminate') continue
      expect(end?.state, at).toBe('changed')
      expect(
        ['a', 'b', 'c'].map((id) => readFileSync(bench.path(id), 'utf8')),
        at,
      ).toEqual(['new', 'new', 'new'])
      expect(times('b'), at).toBe(1)
      expect(end?.steps.filter(({ step: id, state }) => id === 'a' && state === 'changed').length, at).toBeGreaterThan(
        0,
      )
    }
  })
})
