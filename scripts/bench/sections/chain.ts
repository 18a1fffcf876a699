import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// A chain of stores as an inventory: once for Tillwright, once for Ansible, with the same devices and values.

const REGIONS = [
  'dolnoslaskie',
  'lodzkie',
  'malopolskie',
  'mazowieckie',
  'pomorskie',
  'slaskie',
  'wielkopolskie',
] as const
const KINDS = ['router1', 'server1', 'pos1', 'pos2', 'printer1'] as const
const PROFILE: Readonly<Record<(typeof KINDS)[number], string>> = {
  router1: 'router',
  server1: 'server-linux',
  pos1: 'till-linux',
  pos2: 'till-linux',
  printer1: 'printer',
}
export const DEVICES_OF_A_STORE = KINDS.length

const FLEET = `fleet:
  name: Bench
  time_zone: Europe/Warsaw
  transport: { user: till, keys: [~/.ssh/till_ed25519] }
  vars:
    agent: { version: "7.0.6", server: zabbix.example }
profiles:
  router: { kind: router, os: { family: linux, distribution: openwrt } }
  server-linux: { kind: server, os: { family: linux, distribution: debian } }
  till-linux: { kind: till, os: { family: linux, distribution: debian, version: "12" } }
  printer: { kind: receipt-printer, os: { family: none } }
regions:
${REGIONS.map((region) => `  ${region}: { name: ${region}, vars: { agent: { server: zabbix-${region}.example } } }`).join('\n')}
`

interface Store {
  readonly id: string
  readonly number: number
}

const storeAt = (number: number): Store => ({ id: `PL-${String(number + 1).padStart(4, '0')}`, number })
const addressAt = ({ number }: Store, n: number): string =>
  `10.${16 + Math.floor(number / 250)}.${number % 250}.${n + 1}`

function storeLines(store: Store): string {
  const devices = KINDS.map((device, n) => {
    const vars = `{ till: { number: ${n}, serial: "SN-${store.number}-${n}" }, agent: { hostname: ${store.id.toLowerCase()}-${device} } }`
    return `      ${device}:
        profile: ${PROFILE[device]}
        address: ${addressAt(store, n)}
        tags: [${n === 2 ? 'canary, ' : ''}floor-${n}]
        note: "No. ${n} of store ${store.number}, behind the counter"
        vars: ${vars}`
  })
  return `  ${store.id}:
    name: Store ${store.number} on High Street
    address: { street: "High Street ${store.number}", postcode: 00-590, city: Warszawa }
    link: { type: lte, rtt_ms: ${50 + (store.number % 200)} }
    gateway: router1
    owner: { team: ops-${store.number % 7}, contact: ops@example.pl }
    devices:
${devices.join('\n')}`
}

function inRegion(stores: number, region: number): readonly Store[] {
  return Array.from({ length: stores }, (_, n) => storeAt(n)).filter(({ number }) => number % REGIONS.length === region)
}

/** Writes the repository of a chain of so many stores, a file for each region; returns the files of the inventory. */
export function writeChain(folder: string, stores: number): readonly string[] {
  mkdirSync(join(folder, 'inventory'), { recursive: true })
  mkdirSync(join(folder, 'runbooks'), { recursive: true })
  writeFileSync(join(folder, 'tillwright.yaml'), 'inventory: inventory/\n')
  const files: [string, string][] = [['fleet.yaml', FLEET]]
  REGIONS.forEach((region, n) => {
    const own = inRegion(stores, n)
    if (own.length > 0)
      files.push([`${region}.yaml`, `region: ${region}\nstores:\n${own.map(storeLines).join('\n')}\n`])
  })
  return files.map(([name, text]) => {
    const file = join(folder, 'inventory', name)
    writeFileSync(file, text)
    return file
  })
}

/** Writes the same chain as Ansible's inventory: a group for each store and region, the same values as variables. */
export function writeAnsibleChain(folder: string, stores: number): void {
  const lines = ['all:', '  vars: { agent_version: "7.0.6", agent_server: zabbix.example }', '  children:']
  for (const [n, region] of REGIONS.entries()) {
    lines.push(`    ${region}:`, `      vars: { agent_server: zabbix-${region}.example }`, '      children:')
    for (const store of inRegion(stores, n)) {
      lines.push(`        ${store.id.replace('-', '_')}:`, `          vars:`)
      lines.push(`            store_name: Store ${store.number} on High Street`)
      lines.push(
        `            store_address: { street: "High Street ${store.number}", postcode: 00-590, city: Warszawa }`,
      )
      lines.push(`            link: { type: lte, rtt_ms: ${50 + (store.number % 200)} }`)
      lines.push(`            owner: { team: ops-${store.number % 7}, contact: ops@example.pl }`)
      lines.push('          hosts:')
      KINDS.forEach((device, k) => {
        lines.push(
          `            ${store.id}-${device}:`,
          `              ansible_host: ${addressAt(store, k)}`,
          `              profile: ${PROFILE[device]}`,
          `              device_tags: [floor-${k}]`,
          `              note: "No. ${k} of store ${store.number}, behind the counter"`,
          `              till: { number: ${k}, serial: "SN-${store.number}-${k}" }`,
          `              agent_hostname: ${store.id.toLowerCase()}-${device}`,
        )
      })
    }
  }
  writeFileSync(join(folder, 'hosts.yaml'), `${lines.join('\n')}\n`)
}
