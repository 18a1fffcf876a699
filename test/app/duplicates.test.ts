import { describe, expect, test } from 'vitest'
import { duplicatesOf } from '../../src/app/inventory/duplicates.ts'
import type { Device } from '../../src/core/fleet.ts'
import type { DeviceMark } from '../../src/core/sample.ts'
import { device } from '../engine/bench.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoo'

function till(name: string, more: Partial<Device> = {}): Device {
  const [store = '', id = ''] = name.split('/')
  return device(name, {
    store,
    id,
    address: `10.0.0.${name.length}${name.charCodeAt(name.length - 1)}`,
    vars: {},
    ...more,
  })
}

function found(devices: readonly Device[], marks: readonly DeviceMark[] = [], keys: Record<string, string[]> = {}) {
  const byDevice = new Map<string, Map<string, DeviceMark>>()
  for (const mark of marks) byDevice.set(mark.device, (byDevice.get(mark.device) ?? new Map()).set(mark.name, mark))
  const known = { marks: byDevice, hostKeys: ({ name }: Device) => keys[name] ?? [], root: '/' }
  return duplicatesOf(devices, known).map(({ what, value, claims }) => [
    what,
    value,
    ...claims.map((c) => `${c.device} ${c.by}`),
  ])
}

const mark = (name: string, value: string, of: string): DeviceMark => ({
  device: of,
  name,
  value,
  at: '2026-11-25T10:00:00.000Z',
})

describe('duplicates', () => {
  test('none in a fleet in which everything is its own', () => {
    expect(
      found([
        till('A/pos1', { vars: { agent: { hostname: 'a' } } }),
        till('B/pos1', { vars: { agent: { hostname: 'b' } } }),
      ]),
    ).toEqual([])
  })

  test('clones of a disk image, by what was last seen of them', () => {
    const marks = [
      mark('machine_id', 'ABC-1', 'A/pos1'),
      mark('machine_id', 'abc-1', 'B/pos1'),
      mark('machine_id', 'other', 'C/pos1'),
    ]
    expect(found([till('A/pos1'), till('B/pos1'), till('C/pos1')], marks)).toEqual([
      ['machine_id', 'ABC-1', 'A/pos1 seen', 'B/pos1 seen'],
    ])
  })

  test('a fiscal number in the inventory that was seen elsewhere', () => {
    const fiscal = (n: string) => ({ vars: { fiscal: { unique_number: n } } })
    expect(
      found([till('A/fp1', fiscal('EAZ 1401')), till('B/fp1')], [mark('unique_number', 'EAZ 1401', 'B/fp1')]),
    ).toEqual([['unique_number', 'EAZ 1401', 'A/fp1 inventory', 'B/fp1 seen']])
  })

  test('a till and the printer that hangs on it are one claimant', () => {
    const devices = [
      till('A/pos1', { vars: { fiscal: { unique_number: 'EAZ 1' } } }),
      till('A/fp1', { attached_to: 'pos1', address: '' }),
    ]
    expect(found(devices, [mark('unique_number', 'EAZ 1', 'A/fp1')])).toEqual([])
  })

  test('host keys, pinned or recorded', () => {
    const pinned = till('A/pos1', { transport: { type: 'ssh', host_keys: [KEY] } })
    expect(found([pinned, till('B/pos1')], [], { 'B/pos1': [KEY] })).toEqual([
      ['host_key', KEY, 'A/pos1 inventory', 'B/pos1 known_hosts'],
    ])
  })

  test('addresses, but not the private ones behind different gateways', () => {
    const behind = (via: string) => ({ address: '192.168.1.11', transport: { type: 'ssh', via } as const })
    expect(found([till('A/pos1', behind('gateway')), till('B/pos1', behind('gateway'))])).toEqual([])
    expect(
      found([
        till('A/pos1', { address: '10.1.1.1', transport: { type: 'ssh' } }),
        till('B/pos1', { address: '10.1.1.1', transport: { type: 'ssh' } }),
      ]),
    ).toEqual([['address', '10.1.1.1', 'A/pos1 inventory', 'B/pos1 inventory']])
  })

  test.each(['0', '00000', 'None', 'To be filled by O.E.M.', 'Default string'])('%s is nobody', (serial) => {
    expect(
      found([till('A/pos1'), till('B/pos1')], [mark('serial', serial, 'A/pos1'), mark('serial', serial, 'B/pos1')]),
    ).toEqual([])
  })
})
