import { expect, it } from 'vitest'
import { missOf, type ResponsibilityRow, rowOf } from '../../src/core/responsibility.ts'

const HERE = { file: 'duties.yaml', start: { line: 1, column: 1 }, end: { line: 1, column: 2 } }
const row = (team: string, more: Partial<ResponsibilityRow> = {}): ResponsibilityRow =>
  ({
    faults: ['drawer'],
    vendors: [],
    regions: [],
    contracts: [],
    team,
    steps: [],
    source: HERE,
    ...more,
  }) as ResponsibilityRow
const CASE = { fault: 'drawer', vendor: 'POSNET', region: 'pomorskie', contract: '' }

it('the first row that fits counts; an empty list fits anything', () => {
  const rows = [
    row('abroad', { regions: ['berlin'] }),
    row('novitus', { vendors: ['Novitus'] }),
    row('posnet', { vendors: ['Novitus', 'POSNET'] }),
    row('rest'),
  ]
  expect(rowOf({ rows }, CASE)?.team).toBe('posnet')
  expect(rowOf({ rows }, { ...CASE, vendor: 'Elzab' })?.team).toBe('rest')
  expect(rowOf({ rows }, { ...CASE, fault: 'paper' })).toBeUndefined()
})

it('says why a row is not that of a case', () => {
  expect(missOf(row('t', { faults: ['paper', 'cutter'] }), CASE)).toBe('it is for paper, cutter')
  expect(missOf(row('t', { vendors: ['Novitus', 'Elzab'] }), CASE)).toBe('its vendor is Novitus or Elzab, not POSNET')
  expect(missOf(row('t', { contracts: ['gold'] }), CASE)).toBe('its contract is gold, not none')
  expect(missOf(row('t'), CASE)).toBeNull()
})
