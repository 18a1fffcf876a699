import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadInventory } from '../../src/lang/load-inventory.ts'
import { readPlainYaml } from '../../src/lang/plain-yaml.ts'
import { generatedNames, generateFleet } from '../../src/sandbox/generate/generate-fleet.ts'
import { publicHolidays, tradingSundays } from '../../src/sandbox/generate/polish-calendar.ts'
import { folderOf } from '../lang/inventory-folder.ts'

describe('generateFleet', () => {
  test('is the same for the same seed, and another for another', () => {
    const text = (seed: string): string => JSON.stringify([...generateFleet({ seed, stores: 50 })])
    expect(text('a')).toBe(text('a'))
    expect(text('a')).not.toBe(text('b'))
  })

  test('is what stands in the inventory of this repository', () => {
    const files = generateFleet({ seed: '1', stores: 3500 })
    expect([...files.keys()].sort()).toEqual([...generatedNames()].sort())
    for (const [name, text] of files) expect(readFileSync(`inventory/${name}`, 'utf8') === text, name).toBe(true)
    const size = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    expect(size).toBeLessThan(5_000_000)
  })

  test('is read by the quick reader', () => {
    for (const [name, text] of generateFleet({ seed: '2', stores: 500 }))
      expect(readPlainYaml(text), name).toBeDefined()
  })

  test.each([1, 2, 17, 400, 3500])('%d stores load without a fault', async (stores) => {
    using folder = folderOf(Object.fromEntries(generateFleet({ seed: `${stores}`, stores })))
    const { fleet, diagnostics } = await loadInventory(folder.path)
    expect(diagnostics).toEqual([])
    expect(fleet?.stores.size).toBe(stores)
    if (stores < 3500) return
    expect(fleet?.devices.size).toBeGreaterThan(17_000)
    expect(fleet?.devices.size).toBeLessThan(18_000)
    expect(new Set([...(fleet?.devices.values() ?? [])].map(({ kind }) => kind)).size).toBe(9)
    expect(fleet?.regions.size).toBe(16)
    const addresses = [...(fleet?.devices.values() ?? [])]
      .map(({ address }) => address)
      .filter((address) => address !== '')
    expect(new Set(addresses).size).toBe(addresses.length)
    expect(addresses.every((address) => address.startsWith('10.'))).toBe(true)
  })
})

describe('the Polish calendar', () => {
  test('has the holidays of 2026', () => {
    expect(publicHolidays(2026)).toEqual([
      '2026-01-01',
      '2026-01-06',
      '2026-04-05',
      '2026-04-06',
      '2026-05-01',
      '2026-05-03',
      '2026-05-24',
      '2026-06-04',
      '2026-08-15',
      '2026-11-01',
      '2026-11-11',
      '2026-12-24',
      '2026-12-25',
      '2026-12-26',
    ])
  })

  test('has the trading Sundays of 2026', () => {
    expect(tradingSundays(2026)).toEqual([
      '2026-01-25',
      '2026-03-29',
      '2026-04-26',
      '2026-06-28',
      '2026-08-30',
      '2026-12-06',
      '2026-12-13',
      '2026-12-20',
    ])
  })
})
