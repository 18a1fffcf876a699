import { describe, expect, it } from 'vitest'
import type { World } from '../../../src/engine/admission/admission-world.ts'
import { dependentsIn } from '../../../src/engine/admission/dependents.ts'
import { type SmallStore, worldOf } from './small-world.ts'

const SHOP: SmallStore = {
  id: 'A',
  gateway: 'router1',
  devices: { router1: 'router', pos1: 'till', pos2: 'till', fp1: 'fiscal-printer on pos1', lp1: 'label-printer' },
}

/** The world in which devices are reached by others. */
function reachedBy(ways: Readonly<Record<string, string>>, stores: readonly SmallStore[] = [SHOP]): World {
  const world = worldOf(stores)
  const devices = new Map(
    [...world.devices].map(([name, device]) => {
      const via = ways[name]
      return [name, via === undefined ? device : { ...device, transport: { type: 'ssh', via } }] as const
    }),
  )
  return { ...world, devices: devices as World['devices'], storesBehind: () => stores.map(({ id }) => id) }
}

const outWith = (world: World, device: string, kinds = {}) => [...dependentsIn(world, kinds)(device)].sort()

describe('what goes out with a device', () => {
  it('itself, and what hangs on it', () => {
    expect(outWith(worldOf([SHOP]), 'A/pos1')).toEqual(['A/fp1', 'A/pos1'])
    expect(outWith(worldOf([SHOP]), 'A/fp1')).toEqual(['A/fp1'])
  })

  it('all of its store, when it is the gateway', () => {
    expect(outWith(worldOf([SHOP]), 'A/router1')).toHaveLength(5)
  })

  it('what is reached through it, in its store or in another', () => {
    const other: SmallStore = { id: 'B', devices: { pos9: 'till' } }
    const world = reachedBy({ 'A/pos2': 'pos1', 'A/lp1': 'gateway', 'B/pos9': 'A/pos2' }, [SHOP, other])
    expect(outWith(world, 'A/pos1')).toEqual(['A/fp1', 'A/pos1', 'A/pos2', 'B/pos9'])
    expect(outWith(world, 'A/router1')).toContain('B/pos9')
    // A way through a gateway that the store does not have hangs on nothing.
    expect(outWith(reachedBy({ 'B/pos9': 'gateway' }, [other]), 'B/pos9')).toEqual(['B/pos9'])
  })

  it('what the policy says of its kind, and what depends on that in turn', () => {
    expect(outWith(worldOf([SHOP]), 'A/lp1', { 'label-printer': ['till'] })).toEqual([
      'A/fp1',
      'A/lp1',
      'A/pos1',
      'A/pos2',
    ])
  })

  it('of a device that there is not nothing is known', () => {
    expect(outWith(worldOf([SHOP]), 'A/pos9')).toEqual(['A/pos9'])
  })
})
