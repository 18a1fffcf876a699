import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capacityOf } from '../../src/core/capacity.ts'

const COLUMNS = [
  'rows-a-day',
  'peak-rows-a-second',
  'share-of-writes',
  'disk',
  'wal-gb-a-day',
  'postgres-cores',
  'controller-cores',
  'worker-cores',
]

const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8')

function reckoned(
  numbers: Readonly<Record<'devices' | 'looks', number>> & Partial<Record<'workers' | 'servers', number>>,
) {
  const given = Object.entries(numbers).map(([flag, value]) => [flag, { value, source: 'given' }])
  const lines = capacityOf(Object.fromEntries(given), 'postgres')
  return (key: string): number | undefined => lines.find((line) => line.key === key)?.value
}

test('the model of docs/scale.md is what till report capacity reckons', () => {
  const [, table = ''] = page.split('| devices | looks a day |')
  const rows = [...table.matchAll(/^\| (\d[^\n]*) \|$/gm)].map(([, row = '']) => row.split(' | ').map(Number))
  expect(rows.map(([devices]) => devices)).toEqual([17_500, 100_000, 300_000, 1_000_000, 1_000_000])
  for (const [devices = 0, looks = 0, ...values] of rows) {
    const reckon = reckoned({ devices, looks })
    expect(values).toEqual(COLUMNS.map(reckon))
  }
  const connections = reckoned({ devices: 1, looks: 1, servers: 2, workers: 60 })('connections')
  expect(page).toContain(`may hold ${connections}`)
})

test('a state file has no processors of a server', () => {
  const keys = capacityOf({}, 'sqlite').map(({ key }) => key)
  expect(keys).toContain('disk')
  expect(keys.filter((key) => /cores|wal/.test(key))).toEqual([])
})
