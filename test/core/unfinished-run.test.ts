import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Carried, noteEnd, stepKey } from '../../src/core/carried.ts'
import { EVENT_SCHEMA, type RunEvent, type RunEventBody } from '../../src/core/events.ts'
import { foldRun } from '../../src/core/fold-run.ts'
import type { DeviceState, StepState } from '../../src/core/outcome.ts'
import { readUnfinished, recordedEvents } from '../../src/core/unfinished-run.ts'

const POS1 = 'PL-0001/pos1'
const FAILURE = { code: 'CONVERGE_FAILED', phase: 'converge', message: 'no room' } as const

type Body = Extract<RunEventBody, { readonly device: string }>

function numbered(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ schema: EVENT_SCHEMA, run: 'r', seq: index + 1, at: `t${index}`, ...body }))
}

const WORD = { by: 'anna', why: 'it was looked at' }

/** What an attempt says of a step, and how it ends: `cut` is a controller that died. */
const said = fc.constantFrom('announced', 'ok', 'changed', 'failed', 'stopped', 'skipped', 'unknown')
const end = fc.constantFrom('cut', 'waits', 'indeterminate', 'cancelled', 'deferred', 'unreachable', 'failed')
/** `aside`: before it somebody said that it goes on past what is in doubt. */
const attempt = fc.record({ aside: fc.boolean(), said: fc.array(fc.tuple(fc.nat(2), said), { maxLength: 6 }), end })
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never

function changesAt(n: number) {
  return [{ path: `p${n}`, before: null, after: n }]
}

/** The events of an attempt, by what an engine may say: the end of a step is told once, and behind its announcement. */
function eventsOf({ aside, said: all, end: how }: Attempt, number: number): Body[] {
  const common = { device: POS1, attempt: number }
  const events: Body[] = aside ? [{ type: 'device.past_doubt', ...common, ...WORD }] : []
  events.push({ type: 'device.started', store: 'PL-0001', ...common })
  const announced = new Set<number>()
  const over = new Set<number>()
  for (const [n, what] of all) {
    if (over.has(n)) continue
    const of = { ...common, runbook: 'b', step: `s${n}`, module: 'm' }
    if (what === 'announced') {
      announced.add(n)
      events.push({ type: 'step.converging', ...of, changes: changesAt(number) })
    } else {
      over.add(n)
      const state: StepState = what === 'stopped' ? 'failed' : what
      const hasChanged = what === 'changed' || what === 'failed' || (what === 'unknown' && announced.has(n))
      const changes = hasChanged ? { changes: changesAt(number) } : {}
      const failure = state === 'failed' ? { failure: FAILURE } : {}
      events.push({ type: 'step.finished', ...of, name: 's', duration_ms: 1, state, ...changes, ...failure })
    }
  }
  if (how === 'waits') events.push({ type: 'device.waiting', ...common, store: 'PL-0001', failure: FAILURE })
  else if (how !== 'cut') {
    const state = how as DeviceState
    const place = { store: 'PL-0001', region: 'r', kind: 'till', duration_ms: 1 }
    events.push({ type: 'device.finished', ...common, ...place, state, failure: FAILURE })
  }
  return events
}

/** What attempts leave of a step: what was announced and not heard of again is under way where the attempt could not say more. */
function expected(attempts: readonly Attempt[]): Record<string, Carried> {
  const steps = new Map<string, Carried>()
  for (const [index, one] of attempts.entries()) {
    const open = new Map<string, Carried>()
    for (const event of eventsOf(one, index + 1)) {
      if (event.type === 'device.past_doubt') {
        for (const [key, { state, changes }] of steps)
          if (state === 'changing')
            steps.set(key, { state: 'aside', changes, reason: expect.stringContaining(WORD.why) })
      }
      if (event.type === 'step.converging') open.set(stepKey(event), { state: 'changing', changes: event.changes })
      if (event.type !== 'step.finished') continue
      const isUnsent = event.state === 'skipped' && open.has(stepKey(event))
      if (!isUnsent) noteEnd(steps, event)
      open.delete(stepKey(event))
    }
    if (one.end === 'cut' || one.end === 'indeterminate') for (const [key, of] of open) steps.set(key, of)
  }
  return Object.fromEntries(steps)
}

describe('what the attempts at a device have left of its steps', () => {
  it('is what they have done, and what was only announced by one that came to its end takes nothing of it away', async () => {
    const law = fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 4 }), async (attempts) => {
      const events = attempts.flatMap((one, index) => eventsOf(one, index + 1))
      const read = await readUnfinished(numbered(events))
      expect(read.carriedOf(POS1)).toEqual(expected(attempts))
      expect(read.attemptsOf(POS1)).toBe(attempts.length)
    })
    await fc.assert(law, { numRuns: 500 })
  })

  it('is left wherever the run is told to be in doubt: the next attempt does not repeat it', async () => {
    const law = fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 4 }), async (attempts) => {
      const read = await readUnfinished(numbered(attempts.flatMap((one, index) => eventsOf(one, index + 1))))
      const isInDoubt = read.record.devices.get(POS1)?.failure?.code === 'RUN_LOST_CONVERGING'
      const left = Object.values(read.carriedOf(POS1)).map(({ state }) => state)
      if (isInDoubt) expect(left.some((state) => state === 'changing' || state === 'aside')).toBe(true)
      if (isInDoubt) expect(read.left).toMatchObject([{ device: POS1, attempt: attempts.length + 1 }])
    })
    await fc.assert(law, { numRuns: 1000 })
  })

  it('stays where the next attempt announced a change again, and was put off before it was sent', async () => {
    const did: Attempt = { aside: false, said: [[0, 'changed']], end: 'cut' }
    const put: Attempt = { aside: false, said: [[0, 'announced']], end: 'waits' }
    const read = await readUnfinished(numbered([...eventsOf(did, 1), ...eventsOf(put, 2)]))
    expect(read.carriedOf(POS1)).toEqual({ 'b\ns0': { state: 'changed', changes: changesAt(1) } })
  })
})

describe('what people at a device were told', () => {
  const warned = (n: number, more: object = {}): Body => ({
    type: 'device.warned',
    device: POS1,
    attempt: n,
    warning: 'cashier',
    says: 'warned',
    exit_code: 0,
    ...more,
  })
  const ended = (state: DeviceState, code?: 'WARNING_DECLINED'): Body => ({
    ...{
      type: 'device.finished',
      device: POS1,
      attempt: 1,
      store: 'PL-0001',
      region: '',
      kind: 'till',
      state,
      duration_ms: 1,
    },
    ...(code && { failure: { code, phase: 'observe', message: 'not now' } }),
  })

  it.each<[string, readonly Body[], boolean]>([
    ['counts for who goes on with a run that was cut off', [], true],
    ['counts where the device was put off', [ended('deferred')], true],
    ['counts where the run was cancelled', [ended('cancelled')], true],
    ['is said anew where the device was worked on since', [ended('failed')], false],
    ['is said anew where it ended by what people said', [ended('deferred', 'WARNING_DECLINED')], false],
  ])('%s', async (_, behind, counts) => {
    const said = [warned(1), warned(1, { says: 'not-now', exit_code: 75, detail: 'a customer' })]
    const read = await readUnfinished(
      numbered([{ type: 'device.started', device: POS1, store: 'PL-0001' }, ...said, ...behind]),
    )
    const told = [
      { warning: 'cashier', says: 'warned', at: expect.any(Number), exitCode: 0 },
      { warning: 'cashier', says: 'not-now', at: expect.any(Number), exitCode: 75, detail: 'a customer' },
    ]
    expect(read.warned.get(POS1)).toEqual(counts ? told : undefined)
  })

  it('a command that was ended has no exit code', async () => {
    const read = await readUnfinished(numbered([warned(1, { says: 'failed', exit_code: null })]))
    expect(read.warned.get(POS1)).toEqual([{ warning: 'cashier', says: 'failed', at: expect.any(Number) }])
    expect(read.attemptsOf('PL-0001/pos2')).toBe(0)
  })
})

describe('what is told anew of a run that is carried on', () => {
  const HEAD = { type: 'run.started', mode: 'apply', runbooks: [], inventory_digest: '', revision: null } as const
  const STARTED: RunEventBody = { ...HEAD, devices: 1, by: '', host: '', pid: 1, version: '0' }

  it('folds to the same end of each device', async () => {
    const law = fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 4 }), async (attempts) => {
      const events = attempts.flatMap((one, index) => eventsOf(one, index + 1))
      const record = await foldRun(numbered([STARTED, ...events]), { ended: true })
      const told = recordedEvents(record, { isTold: () => true, toCome: [] })
      const again = await foldRun(told, { ended: true })
      const place = { region: expect.anything(), kind: expect.anything() }
      const ends = [...record.devices.values()].map((end) => ({ ...end, ...place }))
      expect([...again.devices.values()]).toEqual(ends)
    })
    await fc.assert(law, { numRuns: 300 })
  })

  it('tells that a wave is taken back, and what came of it', async () => {
    const back = { type: 'run.rollback', wave: 1, failed: 1, limit: 1, devices: 1, rollback_run: 'r2' } as const
    const counts = { changed: 1 } as Extract<RunEventBody, { type: 'run.rolled_back' }>['counts']
    const done = { type: 'run.rolled_back', rollback_run: 'r2', counts, exit_code: 0 } as const
    for (const said of [[back], [back, done]]) {
      const record = await foldRun(numbered([STARTED, ...said]), { ended: true })
      const told = [...recordedEvents(record, { isTold: () => true, toCome: [] })].slice(1)
      expect(told).toMatchObject(said)
    }
    // Of an end without a beginning nothing can be told.
    expect(await foldRun(numbered([STARTED, done]), { ended: true })).not.toHaveProperty('rollback')
  })

  it('leaves out what is told later, and names it as a target', async () => {
    const ended = eventsOf({ aside: false, said: [[0, 'changed']], end: 'failed' }, 1)
    const record = await foldRun(numbered([STARTED, ...ended]), { ended: true })
    const told = [...recordedEvents(record, { isTold: () => false, toCome: [POS1] })]
    expect(told.map(({ type }) => type)).toEqual(['run.started', 'run.targets'])
    const nothing = await foldRun(numbered(ended), { ended: true })
    expect([...recordedEvents(nothing, { isTold: () => true, toCome: [] })]).toEqual([])
  })
})
