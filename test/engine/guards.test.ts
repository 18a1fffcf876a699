import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fail, success } from '../../src/core/failure.ts'
import type { Guard, GuardSeen, GuardTest } from '../../src/core/guard.ts'
import type { Step } from '../../src/core/runbook.ts'
import { defineModule } from '../../src/modules/define.ts'
import { randomOf } from './admission/model/random.ts'
import { Bench, device, runbook, step } from './bench.ts'
import { cell } from './cell.ts'

/** `npm run guards` makes ten thousand changes. */
const CHANGES = Number(process.env['GUARD_CHANGES'] ?? 100)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

let bench: Bench
beforeEach(() => {
  bench = new Bench()
  bench.modules = [setting]
  // A machine with much to do is no matter of guards.
  bench.deadlines = { ...bench.deadlines, open: 60_000, observe: 60_000, converge: 60_000, verify: 60_000 }
})
afterEach(() => bench.close())

const pos1 = device('PL-0001/pos1')

/** A setting of a till, which notes each change that came while a receipt was open. Some changes open one. */
const setting = defineModule({
  name: 'setting',
  summary: 'one word in a file',
  systems: ['linux'],
  params: {
    type: 'object',
    required: ['root', 'id', 'opens', 'proven'],
    properties: {
      root: { type: 'string' },
      id: { type: 'string' },
      opens: { type: 'boolean' },
      proven: { type: 'boolean' },
    },
  },
  async observe({ shell }, { root, id }) {
    const answer = await shell.ask({
      script: 'found=$(cat "$root/$id" 2>/dev/null); printf %s "$found"',
      values: { root, id },
    })
    return success(answer.text)
  },
  diff: (_params, is) => (is === 'new' ? [] : [{ path: 'setting', before: is, after: 'new' }]),
  value: (is) => is,
  async converge({ shell }, { root, id, opens }) {
    const script = `echo "$id" >>"$root/log"
if [ -e "$root/receipt" ]; then echo "$id" >>"$root/caught"; fi
printf new >"$root/$id"
if [ "$opens" = true ]; then : >"$root/receipt"; fi`
    const answer = await shell.ask({ script, values: { root, id, opens } })
    if (answer.exitCode === 0) return success(undefined)
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message: answer.errorText })
  },
  proof: ({ proven }) => (proven ? { test: '[ "$found" = new ]' } : undefined),
})

function guardOf(test: GuardTest, more: Partial<Guard> = {}): Guard {
  return { name: 'receipt', says: 'a receipt is open', ask: 'device', test, lookAgainMs: 1, ...more }
}

/** As admission judges guards; the till gets rid of its receipt while the run waits. */
function waitingFor(root: string, asked: (guards: readonly GuardSeen[]) => void = () => undefined) {
  return async (guards: readonly GuardSeen[]) => {
    asked(guards)
    if (guards.every(({ says }) => says === 'free')) return { kind: 'begin' } as const
    rmSync(join(root, 'receipt'), { force: true })
    const failure = { code: 'GUARD_CLOSED', phase: 'resolve', message: 'a receipt is open' } as const
    return { kind: 'wait', failure, until: Date.now() + 1, isPassing: false } as const
  }
}

function settings(root: string, count: number, opens: (index: number) => boolean, proven = true): Step[] {
  return Array.from({ length: count }, (_, index) =>
    step({ id: `s${index}`, module: 'setting', with: { root, id: `s${index}`, opens: opens(index), proven } }),
  )
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

describe('guards', () => {
  it(`let none of ${CHANGES} changes begin while a receipt is open (seed ${SEED})`, async () => {
    const random = randomOf(SEED)
    const count = { changes: 0, held: 0 }
    while (count.changes < CHANGES) {
      const root = mkdtempSync(join(bench.root, 'till-'))
      const receipt = join(root, 'receipt')
      bench.guards = [guardOf({ type: 'file', path: receipt })]
      bench.mayChange = waitingFor(root, (guards) => {
        if (guards.some(({ says }) => says !== 'free')) count.held += 1
      })
      // A cashier begins between the look of a guard and the change that is announced by then; and as a change ends (above).
      bench.onEvent = (event) => {
        if (event.type === 'step.converging' && random.chance(0.15)) writeFileSync(receipt, '')
      }
      const steps = settings(root, 1 + random.whole(6), () => random.chance(0.3), random.chance(0.5))
      const end = await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }], { patienceMs: 60_000 })
      const again = `play again with SEED=${SEED}`
      expect(linesOf(join(root, 'caught')), again).toEqual([])
      expect(end.counts.changed + end.counts.failed, again).toBe(1)
      if (end.counts.changed === 1) expect(linesOf(join(root, 'log')).sort(), again).toEqual(steps.map(({ id }) => id))
      count.changes += linesOf(join(root, 'log')).length
      rmSync(root, { recursive: true })
    }
    console.log(`guards: ${count.changes} changes, held back ${count.held} times, seed ${SEED}`)
    expect(count.held).toBeGreaterThan(count.changes / 20)
  }, 3_600_000)

  it('are asked before anything is announced, and the device is looked at again without a session in between', async () => {
    const root = mkdtempSync(join(bench.root, 'till-'))
    writeFileSync(join(root, 'receipt'), '')
    bench.guards = [guardOf({ type: 'file', path: join(root, 'receipt') })]
    bench.mayChange = waitingFor(root)
    bench.onEvent = (event) => {
      if (event.type === 'device.waiting')
        expect(bench.events.some(({ type }) => type === 'step.converging')).toBe(false)
    }
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(settings(root, 1, () => false))] }], {
      patienceMs: 9_000,
    })
    const order = bench.events.filter((event) => 'device' in event).map(({ type }) => type)
    expect(order.slice(0, 4)).toEqual(['device.started', 'device.waiting', 'device.started', 'step.converging'])
    expect(bench.finals(pos1.name)).toMatchObject([{ state: 'changed', attempt: 2 }])
  })

  it('do not leave a restart undone in silence, when a receipt is opened behind the change that asks for it', async () => {
    bench.modules = [cell]
    const root = mkdtempSync(join(bench.root, 'till-'))
    writeFileSync(join(root, 'b'), 'same')
    bench.guards = [guardOf({ type: 'file', path: join(root, 'receipt') })]
    bench.mayChange = waitingFor(root)
    const common = { root, fate: 'well', proven: true }
    const steps = [
      step({
        id: 'a',
        module: 'cell',
        with: { ...common, id: 'a', cell: 'a', desiredValue: 'new', spoils: 'receipt' },
      }),
      step({
        id: 'b',
        module: 'cell',
        with: { ...common, id: 'b', cell: 'b', desiredValue: 'same' },
        restart_on: ['a'],
      }),
    ]
    await bench.run('apply', [{ device: pos1, runbooks: [runbook(steps)] }], { patienceMs: 9_000 })
    expect(linesOf(join(root, 'log'))).toEqual(['a'])
    expect(bench.finals(pos1.name)).toMatchObject([
      { state: 'failed', failure: { code: 'GUARD_CLOSED', message: expect.stringContaining('"b" reacts to') } },
    ])
  })

  it('hold a device back that cannot be told apart from one in use', async () => {
    const root = mkdtempSync(join(bench.root, 'till-'))
    const seen: GuardSeen[] = []
    bench.mayChange = async (guards) => {
      seen.push(...guards)
      return { kind: 'refuse', failure: { code: 'GUARD_UNKNOWN', phase: 'resolve', message: 'not told' } }
    }
    const ask = async (test: GuardTest, more: Partial<Guard> = {}) => {
      seen.length = 0
      bench.guards = [guardOf(test, more)]
      await bench.run('apply', [{ device: pos1, runbooks: [runbook(settings(root, 1, () => false))] }])
      return [seen[0]?.says, seen[0]?.detail] as const
    }
    const log = join(root, 'log.txt')
    mkdirSync(join(root, 'folder'))
    writeFileSync(log, 'receipt 1 opened\nreceipt 1 closed\n')
    const byLog = {
      type: 'log',
      path: log,
      begins: 'receipt \\d+ opened',
      ends: 'receipt \\d+ (closed|voided)',
    } as const
    expect(await ask({ type: 'file', path: join(root, 'folder/receipt') })).toEqual(['free', undefined])
    expect((await ask({ type: 'file', path: join(root, 'nowhere/receipt') }))[0]).toBe('unknown')
    expect(await ask({ type: 'file', path: log })).toEqual(['busy', undefined])
    expect(await ask({ ...byLog, silent: false })).toEqual(['free', undefined])
    appendFileSync(log, 'receipt 2 opened\nsomething else\n')
    expect(await ask({ ...byLog, silent: false })).toEqual(['busy', undefined])
    writeFileSync(log, 'nothing of receipts\n')
    expect((await ask({ ...byLog, silent: false }))[0]).toBe('unknown')
    expect(await ask({ ...byLog, silent: true })).toEqual(['free', undefined])
    expect((await ask({ ...byLog, path: join(root, 'no.log'), silent: true }))[0]).toBe('unknown')
    expect(await ask({ type: 'idle', path: log, seconds: 60 })).toEqual(['busy', undefined])
    utimesSync(log, new Date(), new Date(Date.now() - 90_000))
    expect(await ask({ type: 'idle', path: log, seconds: 60 })).toEqual(['free', undefined])
    expect((await ask({ type: 'idle', path: join(root, 'no'), seconds: 60 }))[0]).toBe('unknown')
    expect(await ask({ type: 'process', name: 'no-such-till' })).toEqual(['free', undefined])
    expect(await ask({ type: 'process', name: 'node' })).toEqual(['busy', undefined])
    expect(await ask({ type: 'script', sh: 'echo busy 4711 is paid' })).toEqual(['busy', '4711 is paid'])
    expect(await ask({ type: 'script', sh: 'echo free' })).toEqual(['free', undefined])
    for (const sh of ['echo free of charge', 'true', 'echo free; exit 3', 'echo free; echo noise >&2']) {
      expect((await ask({ type: 'script', sh }))[0], sh).toBe('unknown')
    }
    expect((await ask({ type: 'script', powershell: "'free'" }))[1]).toContain('no script for sh')
    expect((await ask({ type: 'script', sh: 'echo free' }, { ask: 'host' }))[1]).toContain('hang on')
  })
})
