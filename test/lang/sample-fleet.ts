import type { Device, Fleet, Store } from '../../src/core/fleet.ts'
import type { JsonObject } from '../../src/core/json.ts'

const SOURCE = { file: 'inventory.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 }

/** A fleet of `count` stores in 16 regions with a router and four tills each, as the inventory would load it. */
export function sampleFleet(count = 2, vars: JsonObject = {}): Fleet {
  const stores = new Map<string, Store>()
  const devices = new Map<string, Device>()
  for (let number = 1; number <= count; number++) {
    const store = sampleStore(`S${String(number).padStart(4, '0')}`, `region-${number % 16}`)
    stores.set(store.id, store)
    for (const id of ['router1', 'pos1', 'pos2', 'pos3', 'pos4']) {
      const device = sampleDevice(store, id, vars)
      devices.set(device.name, device)
    }
  }
  return {
    name: 'sample',
    regions: new Map(),
    profiles: new Map(),
    stores,
    devices,
    digest: '',
    storesBehind: (store) => [store],
    explain: () => new Map(),
  }
}

function sampleStore(id: string, region: string): Store {
  return {
    id,
    name: `Store ${id}`,
    region,
    address: { street: 'Polna 1', postcode: '00-001', city: 'Warszawa' },
    time_zone: 'Europe/Warsaw',
    hours: { week: { mon: ['06:00-22:00'], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }, exceptions: {} },
    link: { type: 'fibre', rtt_ms: 40 },
    owner: { name: 'Jan' },
    tags: ['city'],
    vars: {},
    devices: [],
    source: SOURCE,
  }
}

function sampleDevice(store: Store, id: string, vars: JsonObject): Device {
  const router = id.startsWith('router')
  return {
    id,
    name: `${store.id}/${id}`,
    store: store.id,
    region: store.region,
    profile: router ? 'router' : 'till-linux',
    kind: router ? 'router' : 'till',
    os: router ? { family: 'none' } : { family: 'linux', distribution: 'debian', version: '12' },
    address: '10.0.0.1',
    tags: id === 'pos1' ? ['canary'] : [],
    transport: { type: router ? 'none' : 'ssh', port: 22, user: 'till' },
    vars: { agent: { version: '7.0.1', port: 8080 }, ratio: 1.5, password: { secret: 'env:PIN' }, ...vars },
    source: SOURCE,
  }
}
