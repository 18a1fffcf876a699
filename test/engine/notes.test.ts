import { expect, test } from 'vitest'
import type { RunEvent } from '../../src/core/events.ts'
import { Secret } from '../../src/core/secret.ts'
import { openJournal } from '../../src/engine/journal/journal.ts'
import { Masker } from '../../src/engine/journal/mask.ts'

test('what a device says of itself is masked before it is kept, also as a mark; samples stay numbers', async () => {
  const kept: RunEvent[] = []
  const masker = new Masker()
  masker.add(new Secret('hunter2-and-more'))
  const journal = openJournal({
    run: 'r',
    store: {
      append: async (events) => {
        const numbered = events.map((event, n) => ({ ...event, seq: n + 1 }) as RunEvent)
        kept.push(...numbered)
        return numbered
      },
      events: async function* () {},
    },
    reporters: [],
    masker,
    clock: { now: () => new Date(0), elapsed: () => 0 },
  })
  const samples = [{ series: 'receipts.log', at: '2026-11-25T10:00:00.000Z', value: 7 }]
  const where = { device: 'PL-0001/pos1', runbook: 'r', step: 's', name: 's', module: 'facts', duration_ms: 0 }
  await journal.emit({ type: 'step.finished', ...where, state: 'ok', samples, marks: { serial: 'hunter2-and-more' } })
  expect(kept).toMatchObject([{ samples, marks: { serial: '***' } }])
  expect(JSON.stringify(kept)).not.toContain('hunter2')
})
