import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { MODULES } from '../../../src/modules/index.ts'
import { WindowsWorld } from '../windows-world.ts'

const key = 'HKLM\\SOFTWARE\\TillApp'

describe('registry', () => {
  it('compares values by type and data, numbers to their last digit, names without case', async () => {
    const world = new WindowsWorld({
      'registry.observe': {
        exists: true,
        values: [
          { name: 'SERVER', kind: 'String', data: '10.0.0.1' },
          { name: 'Port', kind: 'DWord', data: '4294967295' },
          { name: 'Big', kind: 'QWord', data: '18446744073709551615' },
          { name: 'Hosts', kind: 'MultiString', data: ['a', 'b'] },
          { name: 'Blob', kind: 'Binary', data: '00ff' },
          { name: 'Old', kind: 'String', data: '1' },
        ],
      },
    })
    const values = {
      Server: '10.0.0.1',
      Port: 4_294_967_295,
      Big: { type: 'qword', data: '18446744073709551615' },
      Hosts: ['a', 'b'],
      Blob: { type: 'binary', data: '00 FF' },
    }
    expect(await world.differs('registry', { key, values })).toEqual([])
    expect(
      await world.differs('registry', { key, values: { ...values, Port: 1, New: 'x' }, remove: ['Old', 'Gone'] }),
    ).toEqual(['values.Port: 4294967295 -> 1', 'values.New: null -> x', 'values.Old: 1 -> null'])
    expect(await world.differs('registry', { key, values: { Port: '1' } })).toEqual(['values.Port: 4294967295 -> 1'])
  })

  it('sends only what differs, and hides what is secret', async () => {
    const world = new WindowsWorld({
      'registry.observe': { exists: false, values: [] },
      'registry.converge': { stdout: '' },
    })
    const password = new Secret('hunter2') as unknown as string
    const params = { key, values: { Password: password, Hosts: ['a', 'b'], Blob: { type: 'binary', data: '00ff' } } }
    expect(await world.differs('registry', params)).toEqual([
      'state: absent -> present',
      'values.Password: null -> ***',
      'values.Hosts: null -> ["a","b"]',
      'values.Blob: null -> {"type":"binary","data":"00ff"}',
    ])
    expect(await world.converge('registry', params)).toBe('done')
    expect(world.valuesOf('registry.converge')).toMatchObject({
      hive: 'LocalMachine',
      key: 'SOFTWARE\\TillApp',
      view: 'Registry64',
      absent: false,
      count: 3,
      data_1: 'hunter2',
      type_2: 'multi_string',
      data_2: '["a","b"]',
      data_3: 'AP8=',
    })
    expect(world.received.join()).not.toContain('hunter2')
  })

  it('complains of what cannot be before anything is touched', () => {
    const validate = MODULES.find(({ name }) => name === 'registry')?.validate
    const say = (params: object): string | undefined => validate?.(params as never, { reacting: false })
    expect(say({ key, values: { Port: -1 } })).toMatch(/whole number/)
    expect(say({ key, values: { B: { type: 'binary', data: 'xyz' } } })).toMatch(/hexadecimal/)
    expect(say({ key, values: { A: 'x' }, remove: ['A'] })).toMatch(/to be set and to be removed/)
    expect(say({ key: 'HKLM\\SOFTWARE', state: 'absent' })).toMatch(/at least three/)
    expect(say({ key, values: { Port: 5, Name: ['$', '{{ vars.x }}'].join('') } })).toBeUndefined()
  })
})
