import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENT_SCHEMA, type RunEvent } from '../../../src/core/events.ts'
import type { Reporter } from '../../../src/core/ports.ts'
import { Delivery, type DeliveryOptions } from '../../../src/engine/journal/delivery.ts'

function event(seq: number): RunEvent {
  return { schema: EVENT_SCHEMA, run: 'r', seq, at: `t${seq}`, type: 'run.note', text: '' } as unknown as RunEvent
}

/** A store that holds what was added, and a reporter that takes each event after so many turns of the event loop. */
class Bench {
  readonly stored: RunEvent[] = []
  readonly got: number[] = []
  reads = 0
  isClosed = false
  readonly delivery: Delivery

  constructor(
    turnsOf: (seq: number) => number,
    options: DeliveryOptions & { readonly reporter?: Partial<Reporter> } = {},
  ) {
    const { reporter, ...rest } = options
    const takes: Reporter = {
      event: async ({ seq }) => {
        for (let turn = turnsOf(seq); turn > 0; turn -= 1) await next()
        this.got.push(seq)
      },
      close: () => {
        this.isClosed = true
      },
      ...reporter,
    }
    this.delivery = new Delivery(takes, (after) => this.#read(after), rest)
  }

  async *#read(after: number): AsyncGenerator<RunEvent> {
    this.reads += 1
    for (const one of [...this.stored]) if (one.seq > after) yield one
  }

  add(seq: number): void {
    this.stored.push(event(seq))
    this.delivery.add(event(seq))
  }
}

const next = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, n) => from + n)

describe('the way of events to a reporter', () => {
  it('gives each once and in order, at any pace, however few may wait in memory', async () => {
    const pace = fc.record({
      most: fc.integer({ min: 1, max: 6 }),
      turns: fc.array(fc.nat(3), { minLength: 1, maxLength: 7 }),
      pauses: fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(pace, async ({ most, turns, pauses }) => {
        const bench = new Bench((seq) => turns[seq % turns.length] ?? 0, { most })
        for (const [index, pause] of pauses.entries()) {
          bench.add(index + 1)
          for (let turn = pause; turn > 0; turn -= 1) await next()
        }
        await bench.delivery.close()
        expect(bench.got).toEqual(upTo(pauses.length))
        expect(bench.isClosed).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('a slow one catches up from the store, and holds nobody up', async () => {
    const bench = new Bench(() => 2, { most: 3 })
    for (const seq of upTo(100)) bench.add(seq)
    expect(bench.got).toEqual([])
    await bench.delivery.close()
    expect(bench.got).toEqual(upTo(100))
    expect(bench.reads).toBeGreaterThan(0)
  })

  it('one that throws gets nothing more, and what it threw is told at its end', async () => {
    const seen: number[] = []
    const broken: Partial<Reporter> = {
      event: ({ seq }) => {
        seen.push(seq)
        if (seq === 2) throw new Error('no room')
      },
    }
    const bench = new Bench(() => 0, { reporter: broken })
    for (const seq of upTo(5)) {
      bench.add(seq)
      await next()
    }
    await expect(bench.delivery.close()).rejects.toThrow('no room')
    expect(seen).toEqual([1, 2])
    expect(bench.isClosed).toBe(true)
  })
})

describe('a run that is carried on', () => {
  const before = { seq: 10, events: () => [event(3), event(7)] }

  it('is told first by what still stands of it', async () => {
    const bench = new Bench(() => 0, { before })
    for (const seq of upTo(12, 11)) bench.add(seq)
    await bench.delivery.close()
    expect(bench.got).toEqual([3, 7, 11, 12])
  })

  it('and not to whoever wants what is new alone', async () => {
    const got: number[] = []
    const bench = new Bench(() => 0, { before, reporter: { onlyNew: true, event: ({ seq }) => void got.push(seq) } })
    for (const seq of upTo(12, 11)) bench.add(seq)
    await bench.delivery.close()
    expect(got).toEqual([11, 12])
  })
})
