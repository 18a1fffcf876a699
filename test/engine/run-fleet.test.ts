import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InputError } from '../../src/core/diagnostic.ts'
import { foldRun } from '../../src/core/fold-run.ts'
import { Bench, device, runbook, step } from './bench.ts'

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const pos1 = device('PL-0001/pos1')
const lines = (names: readonly string[], text = 'new') =>
  names.map((id) => step({ id, module: 'line', with: { path: bench.path(id), text } }))

describe('a plan', () => {
  it('shows drift, writes nothing and takes one exchange for ten steps', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
    const end = await bench.run('plan', [{ device: pos1, runbooks: [runbook(lines(ids))] }])
    expect(end.exitCode).toBe(3)
    expect(bench.steps('PL-0001/pos1')).toEqual(ids.map((id) => `${id} drifted`))
    expect(readdirSync(bench.root)).toEqual([])
    expect(bench.exchanges).toBe(1)
  })

  it('marks a check that does not hold behind a change which may mend it', async () => {
    const steps = [
      ...lines(['a']),
      step({ id: 'proof', module: 'check', with: { path: bench.path('a'), text: 'new' } }),
    ]
    const end = await bench.run('plan', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a drifted', 'proof unmet'])
    expect(end.exitCode).toBe(3)
  })

  it('takes no permit', async () => {
    bench.held.add('PL-0001/pos1')
    const end = await bench.run('plan', [{ device: pos1, runbooks: [runbook(lines(['a']))] }])
    expect(end.counts.deferred).toBe(0)
  })
})

describe('an apply', () => {
  it('changes what differs, and a second one changes nothing', async () => {
    writeFileSync(bench.path('b'), 'new')
    const work = [{ device: pos1, runbooks: [runbook(lines(['a', 'b', 'c']))] }]
    const first = await bench.run('apply', work)
    expect(first.exitCode).toBe(0)
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b ok', 'c changed'])
    expect(bench.exchanges).toBe(2)
    const second = await bench.run('apply', work)
    expect(second.counts['in-sync']).toBe(1)
    expect(bench.exchanges).toBe(1)
  })

  it('judges a step by what is true after the change before it', async () => {
    const steps = [
      ...lines(['a']),
      step({ id: 'b', module: 'check', with: { path: bench.path('a'), text: 'new' } }),
      step({ id: 'c', module: 'line', with: { path: bench.path('a'), text: 'newer' } }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b ok', 'c changed'])
    expect(readFileSync(bench.path('a'), 'utf8')).toBe('newer')
  })

  it('looks again when a change took more than one exchange', async () => {
    const steps = [
      step({ id: 'a', module: 'line', with: { path: bench.path('a'), text: 'whole', twice: true } }),
      step({ id: 'b', module: 'check', with: { path: bench.path('a'), text: 'whole' } }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b ok'])
  })

  it('judges a step that hung by what is true after the change that mends it', async () => {
    const steps = [
      ...lines(['a']),
      step({
        id: 'b',
        module: 'line',
        with: { path: bench.path('a'), text: 'new', slow_until: bench.path('a') },
        timeout_ms: 500,
      }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b ok'])
  })

  it('judges what follows a change that broke off by what it left behind', async () => {
    const steps = [
      step({
        id: 'a',
        module: 'line',
        with: { path: bench.path('a'), text: 'x', twice: true, breaks: true },
        continue_on_failure: true,
      }),
      step({ id: 'b', module: 'check', with: { path: bench.path('a'), text: 'broken' } }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a failed', 'b ok'])
  })

  it('counts a change that cannot be seen afterwards as made, and as unknown', async () => {
    writeFileSync(bench.path('b'), 'x')
    const steps = [
      step({ id: 'a', module: 'line', with: { path: bench.path('a'), text: 'x', blind: true } }),
      step({ id: 'b', module: 'line', with: { path: bench.path('b'), text: 'x' }, restart_on: ['a'] }),
    ]
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps.slice(0, 1))] }])
    expect(end.exitCode).toBe(5)
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'unknown', unknown: true }])
    writeFileSync(bench.path('a'), 'other')
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a unknown', 'b changed'])
  })

  it('says when a change did not take', async () => {
    const steps = [
      step({ id: 'a', module: 'line', with: { path: bench.path('a'), text: 'x', stubborn: true } }),
      ...lines(['b']),
    ]
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(end.exitCode).toBe(4)
    expect(bench.steps('PL-0001/pos1')).toEqual(['a failed', 'b skipped'])
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'failed', failure: { code: 'NOT_CONVERGED' } }])
    expect(existsSync(bench.path('b'))).toBe(false)
  })

  it('reacts to a change, once', async () => {
    const steps = [
      ...lines(['a']),
      step({ id: 'b', module: 'line', with: { path: bench.path('b'), text: 'x' }, restart_on: ['a'] }),
    ]
    writeFileSync(bench.path('b'), 'x')
    const work = [{ device: pos1, runbooks: [runbook(steps)] }]
    await bench.run('apply', work)
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b changed'])
    await bench.run('apply', work)
    expect(bench.steps('PL-0001/pos1')).toEqual(['a ok', 'b ok'])
    expect(readFileSync(bench.path('b.log'), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  it('skips by `when`, which sees the steps before it', async () => {
    const steps = [
      ...lines(['a']),
      step({
        id: 'b',
        module: 'line',
        with: { path: bench.path('b'), text: 'x' },
        when: (s) => s['a']!.changed,
        needs: ['a'],
      }),
      step({
        id: 'c',
        module: 'line',
        with: { path: bench.path('c'), text: 'x' },
        when: (s) => !s['a']!.changed,
        needs: ['a'],
      }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b changed', 'c skipped'])
  })

  it('runs on_failure, then rolls back what it had changed, last first', async () => {
    const undo = (id: string) => step({ id: `undo-${id}`, module: 'line', with: { path: bench.path(id), text: 'old' } })
    const change = (id: string) =>
      step({ id, module: 'line', with: { path: bench.path(id), text: 'new' }, rollback: [undo(id)] })
    const steps = [
      change('a'),
      change('b'),
      step({
        id: 'c',
        module: 'line',
        with: { path: bench.path('c'), text: 'x', stubborn: true },
        on_failure: lines(['note']),
      }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual([
      'a changed',
      'b changed',
      'c failed',
      'note changed',
      'undo-b changed',
      'undo-a changed',
    ])
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'failed' }])
  })

  it('leaves a device alone that another run works on', async () => {
    bench.held.add('PL-0001/pos1')
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(lines(['a']))] }])
    expect(end.exitCode).toBe(6)
    expect(existsSync(bench.path('a'))).toBe(false)
  })
})

describe('a plan that was reviewed', () => {
  const planned = async (steps: ReturnType<typeof lines>) => {
    await bench.run('plan', [{ device: pos1, runbooks: [runbook(steps)] }])
    const record = await foldRun(bench.events, { ended: true })
    const found = record.devices.get('PL-0001/pos1')!
    return {
      device: found.device,
      state: found.state,
      digest: '',
      steps: found.steps.map((s) => ({ step: s.step, module: s.module, state: s.state, changes: s.changes ?? [] })),
    }
  }

  it('is applied as it was reviewed, reading no more than an apply without it', async () => {
    const steps = lines(['a', 'b'])
    const plan = await planned(steps)
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)], planned: plan }])
    expect(end.exitCode).toBe(0)
    expect(bench.exchanges).toBe(2)
  })

  it('makes changes that only show after an earlier one, as the runbook wants them', async () => {
    writeFileSync(bench.path('a'), 'running')
    const stop = step({ id: 'stop', module: 'line', with: { path: bench.path('a'), text: 'stopped' } })
    const start = step({ id: 'start', module: 'line', with: { path: bench.path('a'), text: 'running' } })
    const steps = [stop, ...lines(['b']), start]
    const plan = await planned(steps)
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)], planned: plan }])
    expect(end.exitCode).toBe(0)
    expect(readFileSync(bench.path('a'), 'utf8')).toBe('running')
  })

  it('rolls back as an apply without it does', async () => {
    const undo = step({ id: 'undo', module: 'line', with: { path: bench.path('a'), text: 'old' } })
    const steps = [
      step({ id: 'a', module: 'line', with: { path: bench.path('a'), text: 'new' }, rollback: [undo] }),
      step({ id: 'b', module: 'line', with: { path: bench.path('b'), text: 'x', stubborn: true } }),
    ]
    const plan = await planned(steps)
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)], planned: plan }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b failed', 'undo changed'])
  })

  it('is refused where the device has moved since, before anything is changed', async () => {
    const steps = lines(['a', 'b'])
    const plan = await planned(steps)
    writeFileSync(bench.path('b'), 'somebody was here')
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)], planned: plan }])
    expect(end.exitCode).toBe(4)
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'failed', failure: { code: 'PLAN_MOVED' } }])
    expect(existsSync(bench.path('a'))).toBe(false)
  })

  it('is as desired where it was applied before, but is refused where only a part of it was', async () => {
    const steps = lines(['a', 'b'])
    const plan = await planned(steps)
    const work = [{ device: pos1, runbooks: [runbook(steps)], planned: plan }]
    expect((await bench.run('apply', work)).exitCode).toBe(0)
    expect((await bench.run('apply', work)).exitCode).toBe(0)
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'in-sync' }])
    rmSync(bench.path('b'))
    expect((await bench.run('apply', work)).exitCode).toBe(4)
    expect(existsSync(bench.path('b'))).toBe(false)
  })
})

describe('whatever happens', () => {
  it('ends every device in exactly one final state', async () => {
    const devices = Array.from({ length: 40 }, (_, i) => device(`PL-0001/d${i}`))
    const slow = { path: bench.path('slow'), text: 'x', slow: true }
    const kinds = [
      (i: number) => lines([`a${i}`]),
      () => [step({ id: 's', module: 'sleeper', with: {}, timeout_ms: 100 })],
      () => [step({ id: 'slow', module: 'line', with: slow, timeout_ms: 300 })],
      () => [step({ id: 'gone', module: 'no-such-module', with: {} })],
    ]
    const work = devices.map((item, i) => ({ device: item, runbooks: [runbook(kinds[i % 4]!(i))] }))
    await bench.run('apply', work, 16)
    for (const item of devices) expect(bench.finals(item.name)).toHaveLength(1)
    const codes = bench.events.flatMap((e) => (e.type === 'device.finished' && e.failure ? [e.failure.code] : []))
    expect(new Set(codes)).toEqual(new Set(['OBSERVE_TIMEOUT', 'INTERNAL_BUG']))
  })

  it('asks a step that hangs twice at most, however many changes come before it', async () => {
    const hang = { path: bench.path('hang'), text: 'x', slow: true }
    const steps = [...lines(['a', 'b', 'c']), step({ id: 'hang', module: 'line', with: hang, timeout_ms: 500 })]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed', 'b changed', 'c changed', 'hang failed'])
    const [end] = bench.finals('PL-0001/pos1')
    expect(end).toMatchObject({ failure: { code: 'OBSERVE_TIMEOUT' } })
    expect(bench.asked("eval 'sleep 30'")).toBe(2)
  })

  it('ends with the error of a journal that fails, lets go of every device and begins no other', async () => {
    const full = new InputError([{ code: 'STATE_UNUSABLE', severity: 'error', summary: 'The disk is full' }])
    const begun = new Set<string>()
    bench.onEvent = (event) => {
      if (event.type === 'device.started') begun.add(event.device)
      if (event.type === 'step.converging') throw full
    }
    const work = Array.from({ length: 30 }, (_, i) => ({
      device: device(`PL-0001/d${i}`),
      runbooks: [runbook(lines([`a${i}`]))],
    }))
    await expect(bench.run('apply', work, 4)).rejects.toBe(full)
    expect(bench.open).toBe(0)
    expect(begun.size).toBeLessThan(12)
    expect(readdirSync(bench.root)).toEqual([])
  })

  it('numbers events without gaps and announces each change before it', async () => {
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(lines(['a', 'b']))] }])
    expect(bench.events.map((event) => event.seq)).toEqual(bench.events.map((_, index) => index + 1))
    const order = bench.events.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type))
    expect(order).toEqual([
      'run.started',
      'run.targets',
      'device.started',
      'step.converging a',
      'step.converging b',
      'step.finished a',
      'step.finished b',
      'device.finished',
      'run.finished',
    ])
  })

  it('finishes what is changing at the first interruption and begins nothing new', async () => {
    bench.onEvent = (event) => {
      if (event.type === 'step.converging' && event.step === 'a') bench.stopping.abort()
    }
    const work = ['PL-0001/pos1', 'PL-0001/pos2'].map((name) => ({
      device: device(name),
      runbooks: [runbook(lines(['a', 'b']))],
    }))
    const end = await bench.run('apply', work, 1)
    expect(end.exitCode).toBe(130)
    expect(bench.steps('PL-0001/pos1')).toEqual(['a changed'])
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'cancelled' }])
    expect(bench.finals('PL-0001/pos2')).toMatchObject([{ state: 'cancelled' }])
  })

  it('calls a device in doubt when its change is cut off by the second', async () => {
    bench.onEvent = (event) => {
      if (event.type !== 'step.converging') return
      bench.stopping.abort()
      setImmediate(() => bench.aborting.abort())
    }
    const steps = [step({ id: 'a', module: 'line', with: { path: bench.path('a'), text: 'x', lasting: true } })]
    const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }])
    expect(end.exitCode).toBe(130)
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'indeterminate', failure: { code: 'CONVERGE_LOST' } }])
  })
})

describe('safety', () => {
  const names = ['PL-0001/pos1', 'PL-0001/pos2', 'PL-0002/pos1']
  const work = (id = 'a') =>
    names.map((name) => ({ device: device(name), runbooks: [runbook(lines([`${id}-${name.replace('/', '-')}`]))] }))
  const failure = { code: 'LEASE_HELD', phase: 'resolve', message: 'held' } as const

  it('puts a device off before it takes a place, and asks again when another one is done', async () => {
    const { place } = bench.admission
    let asked = 0
    bench.admission = {
      place: async (request) => {
        if (request.device !== 'PL-0001/pos1') return place(request)
        asked += 1
        return bench.finals('PL-0002/pos1').length === 0 ? { kind: 'wait', failure, isPassing: true } : place(request)
      },
    }
    const end = await bench.run('apply', work())
    expect([end.exitCode, end.counts.changed]).toEqual([0, 3])
    expect(asked).toBeGreaterThan(1)
    const told = bench.events.filter((event) => event.type === 'device.waiting')
    expect(told).toMatchObject([{ device: 'PL-0001/pos1', attempt: 1, failure }])
    for (const name of names) expect(bench.finals(name)).toMatchObject([{ state: 'changed', attempt: 1 }])
  })

  it('defers a device that would have to wait for longer than the run does, with the time at which it may', async () => {
    const until = Date.now() + 3_600_000
    bench.admission = { place: async () => ({ kind: 'wait', failure, until, isPassing: false }) }
    const end = await bench.run('apply', work())
    expect([end.exitCode, end.counts.deferred]).toEqual([6, 3])
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ not_before: new Date(until).toISOString(), failure }])
  })

  it('puts a device off before its first change: nothing is announced, and after it the device is looked at again', async () => {
    let asked = 0
    bench.mayChange = async () => {
      asked += 1
      return asked === 1 ? { kind: 'wait', failure, until: Date.now() + 20, isPassing: false } : { kind: 'begin' }
    }
    const end = await bench.run('apply', work().slice(0, 1), { patienceMs: 5_000 })
    expect([end.exitCode, end.counts.changed, asked, bench.open]).toEqual([0, 1, 2, 0])
    const order = bench.events.filter((event) => 'device' in event).map(({ type }) => type)
    expect(order).toEqual([
      'device.started',
      'device.waiting',
      'device.started',
      'step.converging',
      'step.finished',
      'device.finished',
    ])
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'changed', attempt: 2 }])
    expect(bench.released).toMatchObject([undefined, { state: 'changed' }])
    for (let cut = 0; cut < bench.events.length; cut += 1) {
      const { devices } = await foldRun(bench.events.slice(0, cut), { ended: true })
      const state = devices.get('PL-0001/pos1')?.state
      if (bench.events[cut - 1]?.type === 'device.waiting') expect(state).toBe('deferred')
    }
  })

  it('refuses a change for good', async () => {
    bench.mayChange = async () => ({ kind: 'refuse', failure })
    const end = await bench.run('apply', work())
    expect([end.exitCode, end.counts.deferred]).toEqual([6, 3])
    expect(bench.events.some((event) => event.type === 'step.converging')).toBe(false)
    expect(existsSync(bench.path('a-PL-0001-pos1'))).toBe(false)
  })

  it('stops a device whose lease was lost before its next change, and says so', async () => {
    bench.onEvent = (event) => {
      if (event.type === 'step.finished') bench.lost.abort()
    }
    const steps = [
      ...lines(['a']),
      step({ id: 'b', module: 'line', with: { path: bench.path('b'), text: 'x', blind: true } }),
    ]
    const one = [{ device: pos1, runbooks: [runbook([{ ...steps[0], id: 'a' } as never, steps[1] as never])] }]
    writeFileSync(bench.path('a'), 'new')
    await bench.run('apply', one)
    expect(existsSync(bench.path('b'))).toBe(false)
    expect(bench.finals('PL-0001/pos1')).toMatchObject([{ state: 'deferred', failure: { code: 'LEASE_LOST' } }])
  })
})
