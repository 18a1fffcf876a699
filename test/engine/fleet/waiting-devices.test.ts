import { expect, it } from 'vitest'
import type { Device } from '../../../src/core/fleet.ts'
import { WaitingDevices } from '../../../src/engine/fleet/waiting-devices.ts'

const waiting = (name: string, isPassing = true) =>
  ({
    work: { device: { name } as Device, runbooks: [] },
    wait: { kind: 'wait', isPassing, failure: { code: 'CAP_REACHED', phase: 'resolve', message: 'Full.' } },
  }) as const

it('who was called while it was being asked for is asked for again at once, and once', () => {
  const devices = new WaitingDevices()
  expect(devices.call('S1/pos1')).toBeUndefined()
  expect(devices.add(waiting('S1/pos1'))).toBe(false)
  expect(devices.size).toBe(0)
  expect(devices.add(waiting('S1/pos1'))).toBe(true)
  expect(devices.call('S1/pos1')?.device.name).toBe('S1/pos1')
  expect(devices.size).toBe(0)
})

it('who was called waits where something else than devices in progress is in its way, or where it has begun meanwhile', () => {
  const devices = new WaitingDevices()
  devices.call('S1/pos1')
  expect(devices.add(waiting('S1/pos1', false))).toBe(true)
  devices.call('S1/pos2')
  devices.begins('S1/pos2')
  expect(devices.add(waiting('S1/pos2'))).toBe(true)
})

it('takes so many, first come first', () => {
  const devices = new WaitingDevices()
  for (const name of ['c', 'a', 'b']) devices.add(waiting(name))
  expect(devices.take(2, ({ work }) => work.device.name !== 'c').map(({ device }) => device.name)).toEqual(['a', 'b'])
  expect([...devices.waits()]).toHaveLength(1)
})
