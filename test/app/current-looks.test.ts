import { expect, it } from 'vitest'
import { currentLooks, worstLook } from '../../src/app/history/current-looks.ts'
import type { DeviceState } from '../../src/core/outcome.ts'
import type { DeviceStatus, RunbookStatus } from '../../src/core/run.ts'

const NOW = new Date('2026-05-20T00:00:00.000Z')

function look(day: number, state: DeviceState, ...runbooks: string[]): RunbookStatus {
  const at = `2026-05-${String(day).padStart(2, '0')}T00:00:00.000Z`
  const [names, about] = [
    runbooks.map((each) => each.split(' ')[0] ?? ''),
    runbooks.map((each) => each.split(' ')[1] ?? ''),
  ]
  return { state, unknown: false, code: null, message: null, run: `r${day}`, runbooks: names, about, at }
}

function status(seen_at: string | null, ...looks: readonly RunbookStatus[]): DeviceStatus {
  return { device: 'S/pos1', seen_at, looks, ...(looks[0] as RunbookStatus) }
}

it('a later look replaces an earlier one whose runbooks it covers, and no other', () => {
  const known = status(null, look(19, 'in-sync', 'a'), look(18, 'failed', 'a', 'b'), look(17, 'drifted', 'b'))
  expect(currentLooks(known, new Set(), NOW).map(({ run, counts }) => [run, counts])).toEqual([
    ['r19', true],
    ['r18', true],
  ])
  expect(worstLook(currentLooks(known, new Set(), NOW))?.run).toBe('r18')
})

it('the last word of what is not assigned ages out after a week, the latest and what is assigned do not', () => {
  const known = status(null, look(19, 'in-sync', 'a'), look(12, 'failed', 'b'))
  expect(worstLook(currentLooks(known, new Set(), NOW))?.state).toBe('in-sync')
  expect(currentLooks(known, new Set(), NOW)[1]?.counts).toBe(false)
  expect(worstLook(currentLooks(known, new Set(['b']), NOW))?.state).toBe('failed')
  expect(worstLook(currentLooks(status(null, look(1, 'failed', 'b')), new Set(), NOW))?.state).toBe('failed')
})

it('the same runbook about something else is another word', () => {
  const looks = [look(19, 'in-sync', 'restart service=a'), look(18, 'failed', 'restart service=b')]
  expect(worstLook(currentLooks(status(null, ...looks), new Set(), NOW))?.run).toBe('r18')
  const again = [look(19, 'in-sync', 'restart service=b'), ...looks.slice(1)]
  expect(worstLook(currentLooks(status(null, ...again), new Set(), NOW))?.run).toBe('r19')
  const old = [look(19, 'in-sync', 'a'), look(2, 'failed', 'restart service=b')]
  expect(worstLook(currentLooks(status(null, ...old), new Set(['restart\nservice=a']), NOW))?.state).toBe('in-sync')
  expect(worstLook(currentLooks(status(null, ...old), new Set(['restart\nservice=b']), NOW))?.state).toBe('failed')
})

it('a device that answered since was not out of reach for good', () => {
  const looks = [look(19, 'in-sync', 'a'), look(18, 'unreachable', 'b')]
  expect(worstLook(currentLooks(status('2026-05-19T00:00:00.000Z', ...looks), new Set(), NOW))?.state).toBe('in-sync')
  expect(worstLook(currentLooks(status('2026-05-17T00:00:00.000Z', ...looks), new Set(), NOW))?.state).toBe(
    'unreachable',
  )
})
