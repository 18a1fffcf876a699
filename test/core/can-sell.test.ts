import { describe, expect, it } from 'vitest'
import { bestOf, type Evidence, isSoldWith, pointBy, salesPoints } from '../../src/core/can-sell.ts'

const device = (id: string, kind: 'till' | 'fiscal-printer' | 'router', attached_to?: string) => ({
  id,
  kind,
  attached_to,
})
const is = (state: Evidence['state']): Evidence => ({ state })

describe('sales points', () => {
  it('are tills with their own fiscal printers, or else with those that hang on no till', () => {
    const devices = [
      device('pos1', 'till'),
      device('pos2', 'till'),
      device('f1', 'fiscal-printer', 'pos1'),
      device('f2', 'fiscal-printer'),
      device('r', 'router'),
    ]
    expect(salesPoints(devices).map(({ till, printers }) => [till.id, printers.map(({ id }) => id)])).toEqual([
      ['pos1', ['f1']],
      ['pos2', ['f2']],
    ])
    expect(devices.filter(isSoldWith).map(({ id }) => id)).toEqual(['pos1', 'pos2', 'f1', 'f2'])
  })

  it.each<[Evidence['state'], readonly Evidence['state'][], Evidence['state']]>([
    ['up', [], 'up'],
    ['up', ['up', 'down'], 'up'],
    ['up', ['down'], 'down'],
    ['up', ['never-seen'], 'unknown'],
    ['up', ['maintenance'], 'maintenance'],
    ['maintenance', ['up'], 'maintenance'],
    ['unknown', ['up'], 'unknown'],
    ['down', ['up'], 'down'],
    ['never-seen', ['up'], 'never-seen'],
  ])('a till that is %s with printers %j is %s', (till, printers, wanted) => {
    expect(pointBy({ till: is(till), printers: printers.map(is) })?.state).toBe(wanted)
  })

  it('a store can do what its best point can', () => {
    expect(bestOf([is('down'), undefined, is('maintenance'), is('unknown')])?.state).toBe('unknown')
    expect(bestOf([undefined])).toBeUndefined()
  })
})
