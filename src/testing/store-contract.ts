import { hostname } from 'node:os'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS } from '../core/duration.ts'
import type { RunEvent } from '../core/events.ts'
import { foldRun } from '../core/fold-run.ts'
import type { DeviceStatus } from '../core/run.ts'
import type { RunStore } from '../core/run-store.ts'
import type { Marks, NewSample } from '../core/sample.ts'
import { RECORDED_RUNS, recordRun } from './recorded-runs.ts'
import { killed, listed, StoreBench, type StoreUnderTest } from './store-bench.ts'
import { testClocks } from './store-clocks-contract.ts'
import { testLeases } from './store-leases-contract.ts'
import { testLedger } from './store-ledger-contract.ts'
import { testMessages } from './store-messages-contract.ts'

/** What every store promises. To be called at the top of a test file. */
export function testStore(name: string, of: StoreUnderTest): void {
  describe(`store ${name}`, () => {
    let bench: StoreBench
    beforeEach(() => {
      bench = new StoreBench(of)
    })
    afterEach(() => bench[Symbol.asyncDispose]())
    testEvents(() => bench)
    testReads(() => bench)
    testHistory(() => bench)
    testVisits(() => bench)
    testStatus(() => bench)
    testClocks(() => bench)
    testNotes(() => bench)
    testPreviewNotes(() => bench)
    testChangeTimes(() => bench)
    testLeases(() => bench)
    testLedger(() => bench)
    testMessages(() => bench)
    testProcesses(() => bench)
  })
}

function testChangeTimes(bench: () => StoreBench): void {
  test('keeps what changes took by runbooks and class, the newest first, and no more than are needed', async () => {
    const [{ changeTimes }, other] = [await bench().store(), await bench().store()]
    const old = Array.from({ length: 199 }, (_, index) => index)
    await changeTimes.add('a', new Map([['till', { changes: old, rollbacks: [] }]]))
    const news = { changes: [1001, 1000], rollbacks: [7] }
    const adds = [
      other.changeTimes.add('a', new Map([['till', news]])),
      changeTimes.add('a', new Map([['server', news]])),
    ]
    await Promise.all(adds)
    const known = await changeTimes.of('a')
    expect([...known.keys()].sort()).toEqual(['server', 'till'])
    expect(known.get('till')).toEqual({ changes: [1001, 1000, ...old.slice(0, 198)], rollbacks: [7] })
    expect((await changeTimes.of('a,b')).size).toBe(0)
  })
}

function testEvents(bench: () => StoreBench): void {
  test('gives events back in order and unharmed, also after it was closed', async () => {
    const store = await bench().store()
    const events = RECORDED_RUNS['control characters from devices']?.() ?? []
    await store.append(events)
    expect(await listed(store.events(events[0]?.run ?? ''))).toEqual(events)
    await store.close()
    expect(await listed((await bench().store()).events(events[0]?.run ?? ''))).toEqual(events)
  })

  test('knows no events of an unknown run', async () => {
    expect(await listed((await bench().store()).events('nobody'))).toEqual([])
  })

  test('numbers events itself, whoever writes to a run, and gives those behind a number', async () => {
    const [store, other] = [await bench().store(), await bench().store()]
    const events = recordRun([{ device: 'PL-0001/pos1', state: 'in-sync' }], { run: 'one' })
    const [first, ...rest] = events
    expect(await store.append([first as RunEvent])).toEqual([first])
    const ends = await Promise.all(rest.map((event, index) => (index % 2 ? store : other).append([event])))
    const numbers = ends.flat().map((event) => event?.seq ?? 0)
    expect(numbers.sort((a, b) => a - b)).toEqual(rest.map((_, index) => index + 2))
    expect((await listed(store.events('one', 2))).map(({ seq }) => seq)).toEqual(rest.slice(1).map((_, n) => n + 3))
  })

  test('counts a device once, by its last attempt that looked at it', async () => {
    const store = await bench().store()
    const attempts = [
      { device: 'PL-0001/pos1', state: 'failed', attempt: 1 },
      { device: 'PL-0001/pos1', state: 'changed', attempt: 2 },
      { device: 'PL-0001/pos1', state: 'unreachable', attempt: 3 },
    ] as const
    const mine = { host: hostname(), pid: process.pid }
    const [started] = recordRun([], { run: 'a', started: mine })
    const ends = attempts.flatMap(({ attempt, ...end }) =>
      recordRun([end], { run: 'a' }).flatMap((event) => ('device' in event ? [{ ...event, attempt }] : [])),
    )
    await store.append([started as RunEvent, ...ends])
    expect((await store.runs())[0]?.counts).toMatchObject({ failed: 0, changed: 1, unreachable: 0 })
    expect((await listed(store.status()))[0]).toMatchObject({ state: 'changed' })
  })

  test('folds to the same run as the live events, however they were batched', async () => {
    const store = await bench().store()
    let count = 0
    const kinds = Object.keys(RECORDED_RUNS).filter((kind) => kind !== 'ten thousand devices')
    const law = fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.array(fc.integer({ min: 1, max: 9 })),
      async (kind, sizes) => {
        count += 1
        const events: RunEvent[] = (RECORDED_RUNS[kind]?.() ?? []).map((event) => ({ ...event, run: `run-${count}` }))
        const rest = [...events]
        const appends = sizes.map((size) => store.append(rest.splice(0, size)))
        await Promise.all([...appends, store.append(rest)])
        const fromStore = await foldRun(store.events(`run-${count}`), { ended: true })
        expect(fromStore).toEqual(await foldRun(events, { ended: true }))
      },
    )
    await fc.assert(law, { numRuns: 30 })
  })
}

function testReads(bench: () => StoreBench): void {
  test('knows which runs take another one back, and tells events of some types alone', async () => {
    const store = await bench().store()
    const back = { undoes: 'one' }
    await store.append(
      recordRun([{ device: 'PL-0001/pos1', state: 'changed' }], { run: 'one', started: { mode: 'apply' } }),
    )
    await store.append(recordRun([], { run: 'looked', started: { mode: 'plan', ...back } }))
    await store.append(recordRun([], { run: 'two', started: { mode: 'apply', ...back } }))
    await store.append(recordRun([], { run: 'three', started: { mode: 'apply', undoes: 'two' } }))
    expect(await store.reads.undoing('one')).toEqual(['two'])
    expect(await store.reads.undoing('nobody')).toEqual([])
    const told = await store.reads.ofTypes('one', ['device.finished', 'run.started'])
    expect(told.map(({ type, run }) => [type, run])).toEqual([
      ['run.started', 'one'],
      ['device.finished', 'one'],
    ])
  })
}

function testHistory(bench: () => StoreBench): void {
  test('lists runs newest first, with their counts and their end', async () => {
    const store = await bench().store()
    const everyState = RECORDED_RUNS['every state']?.() ?? []
    const mine = { host: hostname(), pid: process.pid }
    await store.append(recordRun([], { run: 'old', at: '2026-01-01T00:00:00.000Z' }))
    await store.append(everyState)
    const running = recordRun(
      [
        { device: 'PL-0001/pos1', state: 'in-sync' },
        { device: 'PL-0001/pos2', state: 'drifted' },
      ],
      {
        run: 'new',
        at: '2026-12-01T00:00:00.000Z',
        started: mine,
      },
    )
    await store.append(running.slice(0, 4))
    const runs = await store.runs()
    expect(runs.map((run) => [run.run, run.state, run.exit_code, run.devices])).toEqual([
      ['new', 'running', null, 2],
      ['20261122T034716Z-7f3a9c', 'finished', 130, 10],
      ['old', 'finished', 0, 0],
    ])
    expect(runs[0]?.counts).toMatchObject({ 'in-sync': 1, drifted: 0 })
    expect(runs[1]?.counts).toMatchObject({ 'in-sync': 1, unknown: 1, unmet: 1, indeterminate: 1 })
    expect(runs[1]?.runbooks).toEqual(['till-health'])
    expect((await store.runs({ limit: 1 })).map((run) => run.run)).toEqual(['new'])
  })
  const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString()
  const device = (n: number) => ({ device: `PL-0001/pos${n}`, state: 'in-sync' }) as const

  test('forgets runs of long ago, but not what it knows of devices, nor a run in progress', async () => {
    const store = await bench().store()
    const mine = { host: hostname(), pid: process.pid }
    await store.append(recordRun([device(1)], { run: 'a', at: daysAgo(40) }))
    await store.append(recordRun([device(2)], { run: 'b', at: daysAgo(39), started: mine }).slice(0, -1))
    await store.append(recordRun([device(3)], { run: 'c', at: daysAgo(20) }))
    await store.append(recordRun([device(4)], { run: 'd', at: daysAgo(0) }))
    await store.forget('d', { days: 30, megabytes: 1_000 })
    expect((await store.runs()).map(({ run }) => run)).toEqual(['d', 'c', 'b'])
    expect(await listed(store.events('a'))).toEqual([])
    expect(await listed(store.events('b'))).not.toEqual([])
    const known = (await listed(store.status())).map((status) => status.device)
    expect(known).toEqual(['PL-0001/pos1', 'PL-0001/pos2', 'PL-0001/pos3', 'PL-0001/pos4'])
  })

  test('forgets the oldest runs when there is too much, some at a time, and uses their room again', async () => {
    const store = await bench().store()
    const message = 'x'.repeat(200)
    const failure = { code: 'CONNECT_REFUSED', phase: 'connect', message } as const
    const many = Array.from({ length: 2_500 }, (_, n) => ({ ...device(n), state: 'unreachable' as const, failure }))
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const sizes: number[] = []
    for (const [index, run] of names.entries()) {
      await store.append(recordRun(many, { run, at: daysAgo(names.length - index) }))
      await store.forget(run, { days: 30, megabytes: 2.5 })
      sizes.push(await bench().bytes())
    }
    const left = (await store.runs()).map(({ run }) => run)
    expect(left[0]).toBe('f')
    expect(left.length).toBeLessThan(3)
    expect(sizes.at(-1)).toBeLessThan(2 * (sizes[1] ?? 0))
    expect(await listed(store.events('f'))).toHaveLength(2 + 2 * many.length)
  })
}

function testVisits(bench: () => StoreBench): void {
  test('tells of each device how every run ended there, newest first, as the fold of its events does', async () => {
    const store = await bench().store()
    const expected = new Map<string, readonly VisitTold[]>()
    const kinds = Object.keys(RECORDED_RUNS).filter((kind) => kind !== 'ten thousand devices')
    for (const [index, kind] of kinds.entries()) {
      const events = onDay(RECORDED_RUNS[kind]?.() ?? [], `2026-01-${String(index + 1).padStart(2, '0')}`)
      await store.append(events)
      for (const [device, told] of await visitsIn(events)) {
        expected.set(device, [told, ...(expected.get(device) ?? [])])
      }
    }
    expect(expected.size).toBeGreaterThan(5)
    for (const [device, wanted] of expected) {
      const visits = await store.visits(device, { limit: 1_000 })
      expect(visits.map(({ run, state, code, steps }) => toldOf(run, { state, code, steps }))).toEqual(wanted)
      const newest = await store.visits(device, { limit: 1 })
      expect(newest.map(({ run }) => run)).toEqual([wanted[0]?.run])
      expect(await store.visits(device, { limit: 5, since: new Date('2027-01-01') })).toEqual([])
    }
    expect(await store.visits('nobody', { limit: 5 })).toEqual([])
  })
}

/** The same run on another day, under another id. */
function onDay(events: readonly RunEvent[], day: string): readonly RunEvent[] {
  return events.map((event) => ({ ...event, run: `run-${day}`, at: `${day}${event.at.slice(10)}` }))
}

interface VisitTold {
  readonly run: string
  readonly state: string
  readonly code: string | null
  /** Those not as desired; of other states nothing is asked. */
  readonly steps: readonly string[]
}

/** What a run came to on the devices that it began with, by the fold of its events. */
async function visitsIn(events: readonly RunEvent[]): Promise<ReadonlyMap<string, VisitTold>> {
  const begun = new Set(events.flatMap((one) => (ENDS.has(one.type) && 'device' in one ? [one.device] : [])))
  const { devices } = await foldRun(events, { ended: true })
  const records = [...devices.values()].filter(({ device }) => begun.has(device))
  return new Map(
    records.map(({ device, state, failure, steps }) => {
      const telling = steps.filter((step) => step.state !== 'ok' && step.state !== 'skipped')
      return [device, toldOf(events[0]?.run ?? '', { state, code: failure?.code ?? null, steps: telling })]
    }),
  )
}

function toldOf(
  run: string,
  of: { readonly state: string; readonly code: string | null; readonly steps: readonly { readonly step: string }[] },
): VisitTold {
  const { state, code, steps } = of
  return { run, state, code, steps: TELL_STEPS.has(state) ? steps.map(({ step }) => step) : [] }
}

const ENDS: ReadonlySet<string> = new Set(['device.finished', 'step.converging'])
/** Of the others no steps are told. */
const TELL_STEPS: ReadonlySet<string> = new Set(['drifted', 'changed', 'unmet', 'failed', 'unknown'])

function testStatus(bench: () => StoreBench): void {
  const statusOf = async (store: RunStore): Promise<Record<string, DeviceStatus>> =>
    Object.fromEntries((await listed(store.status())).map((status) => [status.device, status]))

  test('knows the last state of a device; exec, cancelled and older runs do not replace it', async () => {
    const store = await bench().store()
    const device = 'PL-0001/pos1'
    const failure = { code: 'CONNECT_REFUSED', phase: 'connect', message: 'Port 22 refused.' } as const
    await store.append(
      recordRun([{ device, state: 'unreachable', failure }], { run: 'b', at: '2026-05-02T00:00:00.000Z' }),
    )
    await store.append(
      recordRun([{ device, state: 'in-sync', answered: true }], { run: 'a', at: '2026-05-01T00:00:00.000Z' }),
    )
    await store.append(
      recordRun([{ device, state: 'in-sync' }], { run: 'c', mode: 'exec', at: '2026-05-03T00:00:00.000Z' }),
    )
    await store.append(recordRun([{ device, state: 'cancelled' }], { run: 'd', at: '2026-05-04T00:00:00.000Z' }))
    const last = {
      state: 'unreachable',
      unknown: false,
      code: 'CONNECT_REFUSED',
      message: 'Port 22 refused.',
      run: 'b',
      runbooks: ['till-health'],
      about: [''],
      at: '2026-05-02T00:00:00.002Z',
    }
    const seen = { seen_at: '2026-05-01T00:00:00.002Z', looks: [last] }
    expect(await listed(store.status())).toEqual([{ device, ...last, ...seen }])
    await store.append(
      recordRun([{ device, state: 'unknown', unknown: true }], { run: 'e', at: '2026-05-05T00:00:00.000Z' }),
    )
    expect((await statusOf(store))[device]).toMatchObject({ state: 'unknown', unknown: true, code: null, run: 'e' })
  })

  test('lists more devices than fit one read, each once', async () => {
    const store = await bench().store()
    await store.append(RECORDED_RUNS['ten thousand devices']?.() ?? [])
    expect(new Set((await listed(store.status())).map((status) => status.device)).size).toBe(10_000)
  })

  test('puts a device in doubt when its run was killed in the middle of a change', async () => {
    const store = await bench().store()
    const run = [...(RECORDED_RUNS['killed in the middle of a change']?.() ?? [])]
    const known = [{ device: 'PL-0001/pos2', state: 'in-sync' }] as const
    await store.append(recordRun(known, { run: 'before', at: '2026-05-02T00:00:00.000Z' }))
    const gone = bench().other('hold', 'x', 'PL-0009/pos9')
    await gone.lines.next()
    const [first, ...rest] = run
    await store.append([{ ...first, host: hostname(), pid: gone.child.pid } as RunEvent, ...rest])
    expect((await statusOf(store))['PL-0001/pos2']?.state).toBe('in-sync')
    await killed(gone)
    expect((await statusOf(store))['PL-0001/pos2']).toMatchObject({
      state: 'indeterminate',
      code: 'RUN_LOST_CONVERGING',
    })
    expect((await store.runs())[0]?.state).toBe('interrupted')
    // It was taken for dead and was not: what it changed after that is in doubt, too.
    const changing = rest.find(({ type }) => type === 'step.converging')
    await store.append([{ ...changing, device: 'PL-0001/pos3' } as RunEvent])
    expect((await statusOf(store))['PL-0001/pos3']?.state).toBe('indeterminate')
  })
}

function testNotes(bench: () => StoreBench): void {
  const device = 'PL-0001/pos1'
  const noted = (samples: readonly NewSample[], marks: Marks = {}) => [
    { device, state: 'in-sync' as const, steps: [{ step: 'a', state: 'ok' as const, samples, marks }] },
  ]
  const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString()

  test('keeps samples by device, series and time; the later noted of two at the same time', async () => {
    const store = await bench().store()
    const [first, second] = [hoursAgo(2), hoursAgo(1)]
    const pages = { series: 'pages', at: first, value: 7 }
    await store.append(recordRun(noted([{ series: 'receipts', at: second, value: 2.5 }, pages]), { run: 'a' }))
    await store.append(
      recordRun(
        noted([
          { series: 'receipts', at: second, value: 3 },
          { series: 'receipts', at: first, value: 1 },
        ]),
        {
          run: 'b',
          mode: 'exec',
        },
      ),
    )
    const since = new Date(Date.now() - 3 * HOUR_MS)
    expect(await store.samples(device, 'receipts', since)).toEqual([
      { at: first, value: 1 },
      { at: second, value: 3 },
    ])
    expect(await store.samples(device, 'receipts', new Date(second))).toEqual([{ at: second, value: 3 }])
    expect(await store.samples(device, 'receipts', since, new Date(second))).toEqual([{ at: first, value: 1 }])
    expect(await store.samples('PL-0001/pos2', 'receipts', since)).toEqual([])
    expect(await store.samples(device, 'unsent', since)).toEqual([])
  })

  test('forgets samples with the runs of their days', async () => {
    const store = await bench().store()
    const samples = [1, 29 * 24, 31 * 24].map((hours) => ({ series: 'receipts', at: hoursAgo(hours), value: hours }))
    await store.append(recordRun(noted(samples), { run: 'a', at: hoursAgo(0) }))
    await store.forget('a', { days: 30, megabytes: 1_000 })
    const left = await store.samples(device, 'receipts', new Date(0))
    expect(left.map(({ value }) => value)).toEqual([29 * 24, 1])
  })

  test('knows a machine by its marks, unless many claim them', async () => {
    const store = await bench().store()
    const ends = ['1', '2', '3', '4', '5', '6'].map((n) => ({
      device: `PL-0001/pos${n}`,
      state: 'in-sync' as const,
      steps: [{ step: 'a', state: 'ok' as const, marks: { machine_id: 'clone', serial: n === '2' ? '1' : n } }],
    }))
    await store.append(recordRun(ends, { run: 'a' }))
    expect(await store.machineOf('PL-0001/pos1')).toEqual({ serial: '1' })
    expect(await store.machineOf('PL-0001/pos2')).toEqual({ serial: '1' })
    expect(await store.machineOf('PL-0009/pos9')).toEqual({})
  })

  test('keeps the last mark of each name', async () => {
    const store = await bench().store()
    const [old, young] = ['2026-05-01T00:00:00.000Z', '2026-05-02T00:00:00.000Z']
    await store.append(recordRun(noted([], { serial: 'B', machine_id: 'x' }), { run: 'b', at: young }))
    await store.append(recordRun(noted([], { serial: 'A', model: 'TM-T88' }), { run: 'a', at: old }))
    const marks = await listed(store.marks())
    expect(marks.map(({ name, value }) => [name, value])).toEqual([
      ['machine_id', 'x'],
      ['model', 'TM-T88'],
      ['serial', 'B'],
    ])
    expect(marks[2]).toEqual({ device, name: 'serial', value: 'B', at: '2026-05-02T00:00:00.002Z' })
  })
}

function testPreviewNotes(bench: () => StoreBench): void {
  const device = 'PL-0001/pos1'
  const at = new Date(Date.now() - HOUR_MS).toISOString()
  const since = new Date(Date.now() - 3 * HOUR_MS)
  const noted = (value: number, marks: Marks = {}) => {
    const step = { step: 'a', state: 'ok' as const, samples: [{ series: 'receipts', at, value }], marks }
    return [{ device, state: 'in-sync' as const, steps: [step] }]
  }

  test('keeps nothing that a preview noted: what it looked for is in force nowhere', async () => {
    const store = await bench().store()
    const [started, ...rest] = recordRun(noted(2, { last: at }), { run: 'a', mode: 'plan' })
    await store.append([{ ...started, previews: 'a'.repeat(40) } as RunEvent, ...rest])
    expect(await store.samples(device, 'receipts', since)).toEqual([])
    expect(await listed(store.marks())).toEqual([])
    await store.append(recordRun(noted(3), { run: 'b', mode: 'plan' }))
    expect(await store.samples(device, 'receipts', since)).toEqual([{ at, value: 3 }])
  })
}

function testProcesses(bench: () => StoreBench): void {
  test('keeps everything that was durable when the process was killed, without a gap', async () => {
    const writer = bench().other('append', 'killed', '20000')
    let durable = 0
    while (durable < 2000) durable = Number((await writer.lines.next()).value)
    const store = await bench().store()
    expect((await store.runs())[0]).toMatchObject({ run: 'killed', state: 'running' })
    await killed(writer)
    for (let line = await writer.lines.next(); !line.done; line = await writer.lines.next())
      durable = Number(line.value)
    const seqs = (await listed(store.events('killed'))).map((event) => event.seq)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(seqs.length).toBeGreaterThanOrEqual(durable)
    const [run] = await store.runs()
    expect(run).toMatchObject({ run: 'killed', state: 'interrupted', exit_code: null })
    const { devices } = await foldRun(store.events('killed'), { ended: true })
    const finished = [...devices.values()].filter((device) => device.state === 'changed')
    expect(run?.counts.changed).toBe(finished.length)
  })

  test('takes events from several processes at once', async () => {
    const others = ['a', 'b', 'c'].map((run) => bench().other('append', run, '200'))
    expect(await Promise.all(others.map((other) => other.exit))).toEqual([0, 0, 0])
    const store = await bench().store()
    for (const run of ['a', 'b', 'c']) expect((await listed(store.events(run))).length).toBe(1 + 200 * 4)
  })
}
