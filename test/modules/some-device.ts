import type { Device } from '../../src/core/fleet.ts'

/** A Linux till. */
export const someDevice: Device = {
  id: 'pos1',
  name: 'PL-0412/pos1',
  store: 'PL-0412',
  region: 'mazowieckie',
  profile: 'till-linux',
  kind: 'till',
  os: { family: 'linux' },
  address: '127.0.0.1',
  tags: [],
  transport: { type: 'local' },
  vars: {},
  source: { file: 'inventory/mazowieckie.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 },
}
