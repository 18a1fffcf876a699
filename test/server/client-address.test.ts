import { expect, test } from 'vitest'
import { networkOf } from '../../src/server/client-address.ts'
import { Tries } from '../../src/server/dashboard/tries.ts'

test('of IPv6 a whole network is one place', () => {
  const places = ['10.0.0.7', '2001:db8:0:1::7', '2001:0db8::1:a:b:c:d', '2001:db8:0:2::7', '::1', 'fe80::1%eth0', '']
  expect(places.map(networkOf)).toEqual([
    '10.0.0.7',
    '2001:db8:0:1::/64',
    '2001:db8:0:1::/64',
    '2001:db8:0:2::/64',
    '0:0:0:0::/64',
    'fe80:0:0:0::/64',
    '',
  ])
  const tries = new Tries(() => 0)
  for (let n = 0; n < 20; n += 1) tries.begun(`account ${n}`, `2001:db8::${n}`)
  expect([tries.waitMs('anna', '2001:db8::ffff') > 0, tries.waitMs('anna', '2001:db8:0:1::1')]).toEqual([true, 0])
})
