import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENT_SCHEMA, type RunEvent, type RunEventBody } from '../../src/core/events.ts'
import { foldRun } from '../../src/core/fold-run.ts'
import type { DeviceState, StepState } from '../../src/core/outcome.ts'
import type { RunRecord } from '../../src/core/run.ts'
import { RECORDED_RUNS } from '../../src/testing/recorded-runs.ts'

type DeviceEvent = Extract<RunEventBody, { readonly device: string }>

const NAMES = ['PL-0001/pos1', 'PL-0001/pos2', 'PL-0002/pos1']
const HEAD = { type: 'run.started', mode: 'apply', runbooks: [], inventory_digest: '', revision: null } as const
const STARTED: RunEventBody = { ...HEAD, devices: NAMES.length, by: '', host: '', pid: 1, version: '0' }

function numbered(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ schema: EVENT_SCHEMA, run: 'r', seq: index + 1, at: '', ...body }))
}

/** What an attempt does with one step: looks only, or changes and gets an answer, or changes and hears nothing more. */
const stepOf = fc.constantFrom<'look' | 'change' | 'fails' | 'silence'>('look', 'change', 'fails', 'silence')
const attemptOf = fc.record({
  steps: fc.array(stepOf, { maxLength: 4 }),
  ends: fc.boolean(),
  reached: fc.boolean(),
})
type Attempt = typeof attemptOf extends fc.Arbitrary<infer T> ? T : never

function eventsOf(device: string, attempt: number, does: Attempt): DeviceEvent[] {
  const events: DeviceEvent[] = [{ type: 'device.started', device, attempt, store: 'PL-0001' }]
  const finished = (state: DeviceState): DeviceEvent => ({
    ...{ type: 'device.finished', device, attempt, store: 'PL-0001', region: 'r', kind: 'till', duration_ms: 1 },
    state,
  })
  if (!does.reached) return does.ends ? [...events, finished('unreachable')] : events
  let state: DeviceState = 'in-sync'
  for (const [index, kind] of does.steps.entries()) {
    const of = { device, attempt, runbook: 'b', step: `s${index}`, module: 'm' }
    const end = (how: StepState): DeviceEvent => ({
      type: 'step.finished',
      ...of,
      name: 's',
      duration_ms: 1,
      state: how,
    })
    if (kind !== 'look') events.push({ type: 'step.converging', ...of, changes: [] })
    if (kind === 'silence') return does.ends ? [...events, finished('indeterminate')] : events
    events.push(end(kind === 'look' ? 'ok' : kind === 'change' ? 'changed' : 'failed'))
    if (kind === 'fails') {
      state = 'failed'
      break
    }
    if (kind === 'change') state = 'changed'
  }
  return does.ends ? [...events, finished(state)] : events
}

/** Whether somebody may be left in doubt: a change was announced, no answer came, and nobody looked at it later. */
function isInDoubt(events: readonly DeviceEvent[]): boolean {
  const last = new Map<string, { readonly attempt: number; readonly open: boolean }>()
  const byAttempt = [...events].sort((a, b) => (a.attempt ?? 1) - (b.attempt ?? 1))
  for (const event of byAttempt) {
    const attempt = event.attempt ?? 1
    if (event.type === 'step.converging') last.set(event.step, { attempt, open: true })
    if (event.type === 'step.finished') last.set(event.step, { attempt, open: false })
    if (event.type === 'device.finished' && (event.state === 'in-sync' || event.state === 'changed')) last.clear()
  }
  return [...last.values()].some(({ open }) => open)
}

const history = fc.record({
  attempts: fc.array(fc.array(attemptOf, { minLength: 1, maxLength: 3 }), { minLength: 3, maxLength: 3 }),
  order: fc.array(fc.nat(), { maxLength: 80 }),
})

/** Events of all attempts in some order in which those of one attempt keep theirs. */
function interleaved({ attempts, order }: typeof history extends fc.Arbitrary<infer T> ? T : never): DeviceEvent[] {
  const queues = attempts.flatMap((list, index) => list.map((does, n) => eventsOf(NAMES[index] as string, n + 1, does)))
  const events: DeviceEvent[] = []
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn += 1) {
    const left = queues.filter((queue) => queue.length > 0)
    events.push(left[(order[turn] ?? 0) % left.length]?.shift() as DeviceEvent)
  }
  return events
}

function plain({ devices, targets }: RunRecord): unknown {
  return [targets, [...devices].sort(([a], [b]) => (a < b ? -1 : 1))]
}

describe('the fold of a run', () => {
  const targets: RunEventBody = { type: 'run.targets', wave: 1, devices: NAMES }

  it('has one true state for every targeted device at every cut, whatever the order of attempts', async () => {
    const law = fc.asyncProperty(history, async (drawn) => {
      const events = interleaved(drawn)
      for (let cut = 0; cut <= events.length; cut += 1) {
        const prefix = events.slice(0, cut)
        const { devices } = await foldRun(numbered([STARTED, targets, ...prefix]), { ended: true })
        expect([...devices.keys()].sort()).toEqual([...NAMES].sort())
        for (const name of NAMES) {
          const own = prefix.filter((event) => event.device === name)
          const record = devices.get(name)
          if (isInDoubt(own)) expect(record).toMatchObject({ state: 'indeterminate' })
          else expect(record?.state).not.toBe('indeterminate')
          if (own.length === 0) expect(record).toMatchObject({ state: 'cancelled', failure: { phase: 'resolve' } })
        }
      }
    })
    await fc.assert(law, { numRuns: 200 })
  })

  it('is the same for every order of attempts', async () => {
    const law = fc.asyncProperty(history, async (drawn) => {
      const one = await foldRun(numbered([STARTED, targets, ...interleaved(drawn)]), { ended: true })
      const other = await foldRun(numbered([STARTED, targets, ...interleaved({ ...drawn, order: [] })]), {
        ended: true,
      })
      expect(plain(one)).toEqual(plain(other))
    })
    await fc.assert(law, { numRuns: 300 })
  })

  it('never takes a device that was in doubt for one that was not begun', async () => {
    const silent = eventsOf('PL-0001/pos1', 1, { steps: ['silence'], ends: false, reached: true })
    const again = eventsOf('PL-0001/pos1', 2, { steps: [], ends: false, reached: true })
    const record = await foldRun(numbered([STARTED, targets, ...silent, ...again]), { ended: true })
    expect(record.devices.get('PL-0001/pos1')).toMatchObject({
      state: 'indeterminate',
      failure: { code: 'RUN_LOST_CONVERGING' },
    })
    expect(record.devices.get('PL-0001/pos2')).toMatchObject({ state: 'cancelled', failure: { code: 'RUN_LOST' } })
  })

  it('keeps what was found by the last attempt that looked', async () => {
    const done = eventsOf('PL-0001/pos1', 1, { steps: ['change'], ends: true, reached: true })
    const gone = eventsOf('PL-0001/pos1', 2, { steps: [], ends: true, reached: false })
    const record = await foldRun(numbered([STARTED, targets, ...done, ...gone]), { ended: true })
    expect(record.devices.get('PL-0001/pos1')?.state).toBe('changed')
  })

  it('leaves out what is in progress while the run goes on', async () => {
    const begun = eventsOf('PL-0001/pos1', 1, { steps: ['look'], ends: false, reached: true })
    const record = await foldRun(numbered([STARTED, targets, ...begun]), { ended: false })
    expect([...record.devices.keys()]).toEqual([])
    expect(record.targets.map(({ device }) => device)).toEqual(NAMES)
  })

  it('gives every device of a recorded run a state at every cut of it', async () => {
    for (const [kind, events] of Object.entries(RECORDED_RUNS)) {
      if (kind === 'ten thousand devices') continue
      const all = events()
      for (let cut = 1; cut <= all.length; cut += 1) {
        const prefix = all.slice(0, cut)
        const begun = new Set(prefix.flatMap((event) => ('device' in event ? [event.device] : [])))
        const { devices } = await foldRun(prefix, { ended: true })
        expect([...devices.keys()].sort()).toEqual([...begun].sort())
      }
    }
  })
})
