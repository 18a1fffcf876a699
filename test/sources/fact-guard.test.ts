import { expect, it } from 'vitest'
import { guardChecks } from '../../src/app/run/guard-checks.ts'
import type { ShellChannel } from '../../src/core/channel.ts'
import type { Guard } from '../../src/core/guard.ts'
import { receipts } from '../../src/modules/receipts/receipts.ts'
import { someContext } from '../modules/some-context.ts'

const guard: Guard = {
  name: 'receipt',
  says: 'a receipt is open',
  ask: 'controller',
  test: { type: 'source', source: 'tills', fact: 'receipt_open', withinMs: 30_000 },
  lookAgainMs: 1_000,
}
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString()
const says = async (value: string | null, as_of: string | null) => {
  const fact = async () => (value === null ? null : { value, at: ago(600), as_of })
  return (await guardChecks([guard], { samples: async () => [], fact })[0]?.here?.())?.says
}

it('A guard by events is free or busy only as of a moment ago', async () => {
  expect(await says('false', ago(5))).toBe('free')
  expect(await says('true', ago(5))).toBe('busy')
  expect(await says('false', ago(40))).toBe('unknown')
  expect(await says('true', ago(40))).toBe('unknown')
  expect(await says('false', null)).toBe('unknown')
  expect(await says('perhaps', ago(5))).toBe('unknown')
  expect(await says(null, null)).toBe('unknown')
})

it('receipts go by events: the last one, how many, and as of when', async () => {
  const now = new Date('2026-11-30T12:00:00Z')
  const history = {
    samples: async (series: string) => (series === 'receipts' ? [{ at: '2026-11-30T11:00:00Z', value: 7 }] : []),
    fact: async () => ({ value: '2026-11-30T11:55:00Z', at: '2026-11-30T11:55:00Z', as_of: '2026-11-30T11:59:30Z' }),
  }
  const context = someContext({} as ShellChannel, { history, now: () => now })
  const seen = await receipts.observe(context, { stream: { source: 'tills' } })
  if (!seen.ok) throw new Error(seen.failure.message)
  expect(seen.value.value).toMatchObject({
    last_receipt_at: '2026-11-30T11:55:00.000Z',
    count: 7,
    evidence: { source: 'stream', as_of: '2026-11-30T11:59:30.000Z', data_age_seconds: 30 },
  })
  // The mark stays as of its event: one that comes late is newer than that, and older than this look.
  expect(seen.value.marks).toEqual({})
  const other = await receipts.observe(context, { stream: { source: 'tills', mark: 'paper' } })
  expect(other.ok && other.value.marks).toEqual({ last_receipt_at: '2026-11-30T11:55:00.000Z' })
})
