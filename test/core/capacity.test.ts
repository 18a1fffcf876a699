import { describe, expect, it } from 'vitest'
import { CAPACITY_FLAGS, type CapacityFlag, capacityOf, type KnownNumber } from '../../src/core/capacity.ts'

const given = (numbers: Partial<Record<CapacityFlag, number>>): Partial<Record<CapacityFlag, KnownNumber>> =>
  Object.fromEntries(Object.entries(numbers).map(([flag, value]) => [flag, { value, source: 'given' }]))
const valuesOf = (lines: ReturnType<typeof capacityOf>): Record<string, number> =>
  Object.fromEntries(lines.map(({ key, value }) => [key, value]))

describe('what a fleet needs', () => {
  it('is reckoned as the chain of 1,000 tills does: 5.4 GB a day, three days, three times that on peaks', () => {
    const values = valuesOf(
      capacityOf(given({ tills: 1000, items: 10, 'events-per-item': 3, 'events-per-receipt': 15 }), 'sqlite'),
    )
    expect(values).toMatchObject({
      'messages-a-day': 9_000_000,
      'gb-a-day': 5.4,
      'gb-a-day-with-reserve': 7.02,
      'broker-disk': 21.06,
      'broker-disk-on-peaks': 63.18,
    })
  })

  it('17,500 devices looked at every quarter of an hour are 1.68 million looks a day', () => {
    const values = valuesOf(capacityOf(given({ devices: 17_500, 'events-per-look': 1 }), 'postgres'))
    expect(values['rows-a-day']).toBe(1_680_000)
    expect(values['peak-rows-a-second']).toBeCloseTo((3 * 1_680_000) / 86_400, 1)
    expect(values['postgres-cores']).toBeGreaterThan(0)
  })

  it('only those who share a state have what PostgreSQL and workers cost', () => {
    expect(capacityOf({}, 'sqlite').map(({ key }) => key)).not.toContain('worker-cores')
    expect(capacityOf({}, 'postgres').map(({ key }) => key)).toContain('worker-cores')
  })

  it('says of each number whether it is known or assumed, and shows each flag once', () => {
    const lines = capacityOf({ devices: { value: 7, source: 'inventory', how: 'of this repository' } }, 'sqlite')
    expect(lines.find(({ key }) => key === 'devices')).toMatchObject({
      value: 7,
      source: 'inventory',
      how: 'of this repository',
    })
    expect(lines.find(({ key }) => key === 'looks')).toMatchObject({ value: 96, source: 'assumed' })
    expect(lines.flatMap(({ flag }) => flag ?? []).sort()).toEqual([...CAPACITY_FLAGS].sort())
  })
})
