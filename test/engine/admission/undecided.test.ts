import { describe, expect, test } from 'vitest'
import type { World } from '../../../src/engine/admission/admission-world.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { policyOf, worldOf } from './small-world.ts'

const STORE = { id: 'A', devices: { pos1: 'till', pos2: 'till', pos3: 'till', pos4: 'till' } }
/** It holds for pos1 and pos2, not for pos3, and of pos4 it cannot be told. */
const WORLD: World = {
  ...worldOf([STORE]),
  matches: (_, device) => (device.endsWith('4') ? undefined : !device.endsWith('3')),
}
const SOME = { where: 'of some' }

describe('a rule of which it cannot be told whether it is about a device', () => {
  const policy = compilePolicy(
    policyOf({
      caps: [{ name: 'half', per: [], out: { share: 0.5 }, ...SOME }],
      groups: [{ name: 'pair', keep: { count: 1 }, seenWithinMs: 1, ...SOME }],
      freezes: [{ name: 'closing', when: { type: 'dates', from: 0, to: Date.UTC(2099, 0) }, why: 'Trade', ...SOME }],
      rollout: { windows: [[{ name: 'always', when: { type: 'closed', marginMs: 0 }, ...SOME }]] },
    }),
    WORLD,
  )
  const namesOf = (device: string) => [...policy.bucketsOf(device), ...policy.groupsOf(device)].length

  test('holds it back, and is named', () => {
    expect(['A/pos1', 'A/pos3', 'A/pos4'].map(namesOf)).toEqual([2, 0, 2])
    const device = WORLD.devices.get('A/pos4')
    const timetable = device && policy.timetable(device, 'rollout')
    expect([timetable?.freezeAt(1)?.freeze.name, timetable?.windows]).toEqual(['closing', []])
    expect(policy.undecidedOf('A/pos4', 'rollout')).toEqual(['freeze closing', 'cap half', 'group pair'])
    expect(policy.undecidedOf('A/pos1', 'rollout')).toEqual([])
  })

  test('makes nothing looser for devices that it is known to be about', () => {
    expect(policy.bucketsOf('A/pos4').map(({ limit }) => limit)).toEqual([1])
    expect(policy.groupsOf('A/pos1').map(({ members }) => members)).toEqual([['A/pos1', 'A/pos2']])
    expect(policy.groupsOf('A/pos4').map(({ members }) => members)).toEqual([['A/pos1', 'A/pos2', 'A/pos4']])
  })
})
