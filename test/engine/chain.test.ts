import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeviceShell, NotRun } from '../../src/core/chain.ts'
import { foldRun } from '../../src/core/fold-run.ts'
import type { Step } from '../../src/core/runbook.ts'
import { MODULES } from '../../src/modules/index.ts'
import { Bench, device, runbook, step } from './bench.ts'
import { cell, FATES, type Fate, unproven } from './cell.ts'

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const pos1 = device('PL-0001/pos1')
const NAME = pos1.name

interface CellStep {
  readonly id: string
  readonly cell: string
  readonly desiredValue: string
  readonly fate?: Fate
  readonly spoils?: string
  readonly proven?: boolean
  readonly checks?: boolean
  /** Runs only if that step has changed something. */
  readonly after?: string
  readonly restart_on?: readonly string[]
  readonly continue_on_failure?: boolean
  readonly undo?: boolean
  readonly misjudged?: boolean
  readonly slow?: boolean
}

function cellStep(one: CellStep, root: string): Step {
  const { id, cell: name, desiredValue, fate = 'well', spoils, proven = true, checks = false, after, undo } = one
  const { misjudged = false, slow = false } = one
  const params = {
    root,
    id,
    cell: name,
    desiredValue,
    fate,
    proven,
    checks,
    misjudged,
    slow,
    ...(spoils !== undefined && { spoils }),
  }
  return step({
    id,
    module: 'cell',
    with: params,
    timeout_ms: fate.startsWith('hangs') ? 300 : 5000,
    restart_on: one.restart_on ?? [],
    continue_on_failure: one.continue_on_failure ?? false,
    ...(undo && {
      rollback: [
        step({
          id: `undo-${id}`,
          module: 'cell',
          with: { ...params, id: `undo-${id}`, desiredValue: 'old', fate: 'well' },
        }),
      ],
    }),
    ...(after !== undefined && {
      when: (steps: Record<string, { changed: boolean }>) => steps[after]?.changed === true,
      needs: [after],
      looks_at: [],
    }),
  })
}

/** Applies the steps to a fresh device; what it is like then, what was done to it, and what was told of it. */
async function applied(steps: readonly CellStep[], given: Record<string, string> = {}) {
  // Another each time: what is under way when a session is lost may write a little later.
  const root = mkdtempSync(join(bench.root, 'device-'))
  for (const [name, word] of Object.entries(given)) writeFileSync(join(root, name), word)
  const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps.map((one) => cellStep(one, root)))] }])
  const files = readdirSync(root).sort()
  const log = existsSync(join(root, 'log'))
    ? readFileSync(join(root, 'log'), 'utf8')
        .split('\n')
        .filter((id) => id !== '')
    : []
  const outcomes = bench.events.flatMap((event) => {
    if (event.type !== 'step.finished') return []
    const { schema: _s, run: _r, seq: _q, at: _a, duration_ms: _d, ...told } = event
    return [told]
  })
  const finals = bench.events.flatMap((event) => (event.type === 'device.finished' ? [event] : []))
  return {
    exitCode: end.exitCode,
    cells: Object.fromEntries(
      files.filter((name) => name !== 'log').map((name) => [name, readFileSync(join(root, name), 'utf8')]),
    ),
    log,
    outcomes,
    states: outcomes.map((told) => `${told.step} ${told.state}`),
    final: finals.map(({ state, failure, unknown }) => ({ state, failure, unknown })),
    exchanges: bench.exchanges,
    announced: bench.events.flatMap((event) => (event.type === 'step.converging' ? [event.step] : [])),
  }
}

/** Without chains. */
const alone = (): void => {
  bench.modules = [unproven(cell)]
}

describe('ten drifted steps', () => {
  const ten = Array.from({ length: 10 }, (_, i): CellStep => ({ id: `s${i}`, cell: `c${i}`, desiredValue: 'new' }))

  it('take one exchange more than ten that are as they should be', async () => {
    const first = await applied(ten)
    expect(first.exchanges).toBe(2)
    expect(first.states).toEqual(ten.map(({ id }) => `${id} changed`))
    const again = await applied(ten, first.cells)
    expect([again.exchanges, again.log]).toEqual([1, []])
  })

  it('take one exchange with steps among them that are content, react, are skipped or run because of others', async () => {
    const mixed: CellStep[] = [
      { id: 'a', cell: 'a', desiredValue: '1' },
      { id: 'content', cell: 'ok', desiredValue: 'ok' },
      { id: 'check', cell: 'ok', desiredValue: 'ok', checks: true },
      { id: 'b', cell: 'b', desiredValue: '1', after: 'a' },
      { id: 'no', cell: 'n', desiredValue: '1', after: 'content' },
      { id: 'service', cell: 'ok', desiredValue: 'ok', restart_on: ['b'] },
      { id: 'idle', cell: 'ok', desiredValue: 'ok', restart_on: ['content'] },
      { id: 'z', cell: 'z', desiredValue: '1' },
    ]
    const end = await applied(mixed, { ok: 'ok' })
    expect(end.states).toEqual([
      'a changed',
      'content ok',
      'check ok',
      'b changed',
      'no skipped',
      'service changed',
      'idle ok',
      'z changed',
    ])
    expect([end.exchanges, end.log]).toEqual([2, ['a', 'b', 'service', 'z']])
  })

  it('are all announced before the first of them is begun', async () => {
    await applied(ten)
    const kinds = bench.events.map((event) => event.type)
    expect(kinds.lastIndexOf('step.converging')).toBeLessThan(kinds.indexOf('step.finished'))
    expect(bench.events.filter((event) => event.type === 'step.converging')).toHaveLength(10)
  })

  it('cost one more exchange where a step is not as it was foreseen', async () => {
    const steps = ten.map((one, i) => (i === 4 ? { ...one, spoils: 'c7' } : one))
    const end = await applied(steps, { c7: 'new' })
    expect([end.exchanges, end.exitCode, end.cells['c7']]).toEqual([3, 0, 'new'])
    expect(end.log).toEqual(ten.map(({ id }) => id))
  })

  it('stop behind one that fails, and those behind it are neither changed nor in doubt', async () => {
    const steps = ten.map((one, i) => (i === 4 ? { ...one, fate: 'fails' as const } : one))
    const end = await applied(steps)
    expect(end.log).toEqual(['s0', 's1', 's2', 's3', 's4'])
    expect(end.states.slice(4)).toEqual(['s4 failed', ...ten.slice(5).map(({ id }) => `${id} skipped`)])
    expect(end.final).toMatchObject([{ state: 'failed' }])
  })

  it('are told as they are where the device went on although a step is judged to have failed here', async () => {
    const steps = ten.slice(0, 4).map((one, i) => (i === 1 ? { ...one, misjudged: true } : one))
    const end = await applied([...steps, { id: 'last', cell: 'last', desiredValue: 'new', proven: false }])
    expect(end.log).toEqual(['s0', 's1', 's2', 's3'])
    expect(end.states).toEqual(['s0 changed', 's1 failed', 's2 changed', 's3 changed', 'last skipped'])
    expect(end.final).toMatchObject([{ state: 'failed' }])
  })

  it('are as many exchanges as ever over a shell that breaks every chain', async () => {
    bench.shellOf = firstLinkOnly
    const end = await applied(ten)
    expect(end.states).toEqual(ten.map(({ id }) => `${id} changed`))
    expect(end.log).toEqual(ten.map(({ id }) => id))
  })
})

describe('ten drifted steps of the real modules', () => {
  const root = (): string => join(bench.root, 'real')
  const file = (id: string, more = {}) =>
    step({ id, module: 'file', with: { path: join(root(), id), content: `content of ${id}\n`, mode: '0640', ...more } })
  const config = (id: string, key: string) =>
    step({ id, module: 'config', with: { path: join(root(), 'agent.conf'), format: 'plain', set: { [key]: 'yes' } } })
  const run = (id: string, more: object) =>
    step({ id, module: 'command', with: { run: `>"${join(root(), id)}"`, ...more } })

  const mixed = (): Step[] => [
    file('a'),
    config('timeout', 'Timeout'),
    run('made', { creates: join(root(), 'made') }),
    step({ id: 'gone', module: 'file', with: { path: join(root(), 'stale'), state: 'absent' } }),
    step({
      id: 'link',
      module: 'file',
      with: { path: join(root(), 'current'), state: 'link', target: join(root(), 'a') },
    }),
    step({
      id: 'script',
      module: 'script',
      with: { body: `date >"${join(root(), 's')}"`, unless: `[ -e "${join(root(), 's')}" ]` },
    }),
    step({ id: 'mode', module: 'file', with: { path: join(root(), 'other.conf'), mode: '0600' } }),
    step({ id: 'react', module: 'command', with: { run: `>"${join(root(), 'react')}"` }, restart_on: ['a'] }),
    run('unless', { unless: `[ -e "${join(root(), 'unless')}" ]` }),
    file('z'),
  ]

  it('take two exchanges, and one when they are as they should be', async () => {
    bench.modules = MODULES
    mkdirSync(root())
    writeFileSync(join(root(), 'agent.conf'), '# ours\nServer=1\n')
    for (const name of ['stale', 'other.conf']) writeFileSync(join(root(), name), '')
    const work = (): Parameters<Bench['run']>[1] => [{ device: pos1, runbooks: [runbook(mixed())] }]
    await bench.run('apply', work())
    expect(bench.steps(NAME).filter((told) => !told.endsWith(' changed'))).toEqual([])
    expect(bench.exchanges).toBe(2)
    await bench.run('apply', work())
    expect(bench.steps(NAME).filter((told) => !told.endsWith(' ok'))).toEqual([])
    expect(bench.exchanges).toBe(1)
  })

  it('send a script once, whatever the number of files', async () => {
    bench.modules = MODULES
    mkdirSync(root())
    const files = Array.from({ length: 10 }, (_, i) => file(`f${i}`))
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(files)] }])
    expect([bench.exchanges, bench.steps(NAME).length]).toEqual([2, 10])
    expect(bench.sentBytes).toBeLessThan(62_000)
    expect(bench.asked('till-new-')).toBeLessThan(25)
  })
})

/** The least that a shell can do with a chain. */
function firstLinkOnly(shell: DeviceShell): DeviceShell {
  return {
    kind: 'shell',
    dialect: shell.dialect,
    ask: (request) => shell.ask(request),
    upload: (...upload) => shell.upload(...upload),
    chain: (links) =>
      links.map(({ request }, index) => (index === 0 ? shell.ask(request) : Promise.reject(new NotRun()))),
  }
}

const word = fc.constantFrom('old', 'new', 'odd')
const name = fc.constantFrom('a', 'b', 'c', 'd')
const cells = fc.dictionary(name, word)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 3 })
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 12, arbitrary: fc.constant('well' as const) },
  { weight: 2, arbitrary: fc.constantFrom('fails' as const, 'fails after' as const, 'stubborn' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...FATES) },
)

const steps = fc
  .array(
    fc.record({
      cell: name,
      desiredValue: word,
      fate,
      spoils: maybe(name),
      proven: fc.boolean(),
      checks: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      after: maybe(fc.nat(7)),
      restart_on: fc.array(fc.nat(7), { maxLength: 2 }),
      continue_on_failure: fc.boolean(),
      undo: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((made) =>
    made.map(({ after, restart_on, spoils, ...one }, index): CellStep => {
      const earlier = (n: number): string[] => (n < index ? [`s${n}`] : [])
      const [before] = after === undefined ? [] : earlier(after)
      return {
        ...one,
        id: `s${index}`,
        proven: one.proven || index % 3 > 0,
        restart_on: restart_on.flatMap(earlier),
        ...(before !== undefined && { after: before }),
        ...(spoils !== undefined && { spoils }),
      }
    }),
  )

describe('whatever the steps and the device', () => {
  it('a chain does what its steps do one by one, tells the same of them, and takes no more exchanges', async () => {
    const saved: number[] = []
    const law = fc.asyncProperty(steps, cells, async (made, given) => {
      const modules = bench.modules
      const chained = await applied(made, given)
      alone()
      const single = await applied(made, given)
      bench.modules = modules
      bench.shellOf = firstLinkOnly
      const broken = await applied(made, given)
      bench.shellOf = (shell) => shell
      const { exchanges, announced: _, ...end } = chained
      for (const other of [single, broken]) {
        const { exchanges: __, announced: ___, ...same } = other
        expect(end).toEqual(same)
      }
      // When what hangs is ended depends on the machine, and so does what is asked in the meantime.
      const hang = made.filter(({ fate }) => fate?.startsWith('hangs')).length
      expect(exchanges).toBeLessThanOrEqual(single.exchanges + hang)
      saved.push(single.exchanges - exchanges)
    })
    await fc.assert(law, { numRuns: Number(process.env['TILL_RUNS'] ?? 20) })
    expect(
      saved.filter((n) => n > 0),
      'these runbooks chain',
    ).not.toHaveLength(0)
  }, 300_000)

  it('a session lost in the middle leaves what was done in order, and says of what it is in doubt', async () => {
    const law = fc.asyncProperty(steps, cells, fc.nat(2500), async (made, given, at) => {
      const whole = await applied(made, given)
      let said = 0
      bench.onStdout = (chunk, stream, listener) => {
        const room = at - said
        said += chunk.length
        if (room > 0) listener(chunk.subarray(0, room))
        if (said >= at) stream.destroy()
      }
      const cut = await applied(made, given)
      bench.onStdout = (chunk, _, listener) => listener(chunk)
      expect(cut.log).toEqual(whole.log.slice(0, cut.log.length))
      const judged = reached(cut.outcomes)
      expect(judged).toEqual(reached(whole.outcomes).slice(0, judged.length))
      const [final] = cut.final
      const finished = new Set(cut.outcomes.map((told) => told.step))
      const doubtful = cut.log.filter((id) => !finished.has(id))
      for (const id of cut.log) expect(cut.announced).toContain(id)
      if (doubtful.length > 0) expect(final).toMatchObject({ state: 'indeterminate' })
      if (said < at) expect(final).toEqual(whole.final[0])
    })
    await fc.assert(law, { numRuns: Number(process.env['TILL_RUNS'] ?? 20) })
  }, 300_000)
})

function reached<T extends { readonly reason?: string }>(outcomes: readonly T[]): T[] {
  return outcomes.filter(({ reason }) => !reason?.startsWith('not reached'))
}

describe('an interruption', () => {
  const three: CellStep[] = ['a', 'b', 'c'].map((id) => ({ id, cell: id, desiredValue: 'new' }))

  it('before a chain leaves has only the first of its changes made', async () => {
    bench.onEvent = (event) => {
      if (event.type === 'step.converging') bench.stopping.abort()
    }
    const end = await applied(three)
    expect([end.log, end.states, end.final[0]?.state]).toEqual([['a'], ['a changed'], 'cancelled'])
  })

  it('while a chain is under way has what is changing finished and told, and begins nothing new', async () => {
    bench.onStdout = (chunk, _, listener) => {
      if (Buffer.from(chunk).includes('begun')) bench.stopping.abort()
      listener(chunk)
    }
    const end = await applied(three.map((one) => ({ ...one, slow: true })))
    expect(end.states).toEqual(['a changed'])
    expect([end.log, end.final[0]?.state, end.exitCode]).toEqual([['a'], 'cancelled', 130])
  })

  it('for good, in the middle of a chain, leaves the device in doubt', async () => {
    bench.onEvent = (event) => {
      if (event.type === 'step.finished') bench.aborting.abort()
    }
    const slow: CellStep[] = [...three, { id: 'd', cell: 'd', desiredValue: 'new', fate: 'hangs' }]
    const end = await applied(slow)
    expect(end.final).toMatchObject([{ state: 'indeterminate', failure: { code: 'CONVERGE_LOST' } }])
  })
})

it('a journal that ends within a chain leaves those in doubt that were announced and not finished', async () => {
  await applied(['a', 'b', 'c'].map((id) => ({ id, cell: id, desiredValue: 'new' })))
  const upTo = bench.events.findIndex((event) => event.type === 'step.finished')
  const record = await foldRun(bench.events.slice(0, upTo + 1), { ended: true })
  const { state, failure } = record.devices.get(NAME) ?? {}
  expect(state).toBe('indeterminate')
  expect(failure?.message).toBe(
    'The run ended while steps "b", "c" were being changed; which of them took effect is not known.',
  )
})
