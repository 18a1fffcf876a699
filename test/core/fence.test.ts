import { expect, it } from 'vitest'
import { lockNameOf } from '../../src/core/fence.ts'

it('devices of this machine are told apart by their state store, all others meet under their name', () => {
  const device = (type: string) => ({ name: 'PL-0001/pos1', transport: { type } })
  expect(lockNameOf(device('local'), 'store-1')).toBe('PL-0001/pos1@store-1')
  expect(lockNameOf(device('local'), '')).toBe('PL-0001/pos1')
  expect(lockNameOf(device('ssh'), 'store-1')).toBe('PL-0001/pos1')
})
