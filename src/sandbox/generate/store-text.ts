import { placeIn } from './coordinates.ts'
import type { Random } from './random.ts'
import { STREETS, type Voivodeship } from './voivodeships.ts'

/** What one store is like, before it is written down. */
interface StoreTraits {
  readonly id: string
  readonly number: number
  readonly format: 'small' | 'medium' | 'large'
  readonly system: 'till-linux' | 'till-linux-alpine' | 'till-windows'
  readonly net: string
  readonly link: Link
}

type Link = 'fibre' | 'dsl' | 'lte'

const VENDORS = ['Serwis Kas Sp. z o.o.', 'IT-Handel S.A.', 'Novum Systemy', 'Kasy i Wagi Sp. j.'] as const
const ROUND_TRIP: Readonly<Record<Link, readonly [number, number]>> = { fibre: [6, 28], dsl: [25, 60], lte: [55, 290] }

/** One store with its devices as YAML, indented to stand under `stores:`. `number` counts from 1 over the whole chain. */
export function storeText(number: number, voivodeship: Voivodeship, random: Random): string {
  const store = traitsOf(number, random)
  const [town, postcode, weight] = random.weighted(voivodeship.towns.map((entry) => [entry, entry[2]] as const))
  const { lat, lon } = placeIn(town, weight, number)
  const street = random.pick(STREETS)
  const house = random.between(1, 148)
  const round = random.between(...ROUND_TRIP[store.link])
  const hasBackup = store.link !== 'lte' && random.chance(0.6)
  const devices = devicesOf(store, random)
  const hasServer = devices.some((line) => line.startsWith('server1'))
  return [
    `  ${store.id}:`,
    `    name: ${town} ${street.replace(/^\S+\. /, '')} ${house}`,
    `    address: {street: ${street} ${house}, postcode: ${postcode}-${String(random.between(1, 999)).padStart(3, '0')}, city: ${town}}`,
    `    location: {lat: ${lat}, lon: ${lon}}`,
    `    hours: ${hoursOf(store, random)}`,
    `    link: {type: ${store.link}, rtt_ms: ${round}${hasBackup ? ', backup: lte' : ''}}`,
    `    gateway: router1`,
    `    owner: {team: ops-${voivodeship.id}, contact: ${contactOf(store, voivodeship)}, vendor: ${random.pick(VENDORS)}}`,
    ...(random.chance(0.02) ? ['    tags: [pilot]'] : []),
    ...(hasServer ? [`    vars: {tillapp: {server: ${store.net}.5}}`] : []),
    ...(store.link === 'lte' && random.chance(0.5) ? ['    transport: {via: gateway}'] : []),
    '    devices:',
    ...devices.map((line) => `      ${line}`),
    '',
  ].join('\n')
}

function traitsOf(number: number, random: Random): StoreTraits {
  const format = random.weighted<StoreTraits['format']>([
    ['small', 80],
    ['medium', 15],
    ['large', 5],
  ])
  return {
    id: `PL-${String(number).padStart(4, '0')}`,
    number,
    format,
    system: random.weighted<StoreTraits['system']>([
      ['till-linux', 50],
      ['till-linux-alpine', 15],
      ['till-windows', 35],
    ]),
    // 250 stores share the second number; each has the last one to itself.
    net: `10.${16 + Math.floor((number - 1) / 250)}.${1 + ((number - 1) % 250)}`,
    link: random.weighted<Link>(
      format === 'small'
        ? [
            ['fibre', 45],
            ['dsl', 30],
            ['lte', 25],
          ]
        : [
            ['fibre', 80],
            ['dsl', 15],
            ['lte', 5],
          ],
    ),
  }
}

function contactOf(store: StoreTraits, voivodeship: Voivodeship): string {
  return `${store.number % 3 === 0 ? 'dyzur' : 'sklepy'}-${voivodeship.id}@example.pl`
}

function hoursOf(store: StoreTraits, random: Random): string {
  const calendar =
    store.format === 'large'
      ? random.pick(['large', 'mall'])
      : random.weighted([
          ['standard', 60],
          ['late', 25],
          ['large', 13],
          ['always', store.format === 'small' ? 2 : 0],
        ])
  if (calendar === 'always' || !random.chance(0.04)) return calendar
  const date = `2026-12-${String(random.between(7, 12)).padStart(2, '0')}`
  return `{calendar: ${calendar}, exceptions: {${date}: ${random.pick(['closed', '08:00-14:00', '12:00-20:00'])}}}`
}

const TILLS = { small: [1, 1], medium: [1, 2], large: [3, 4] } as const

/** About five a store: a router, tills with their printers and terminals, and what larger formats have. */
function devicesOf(store: StoreTraits, random: Random): readonly string[] {
  const lines = [device(store, 'router1', { profile: 'router-openwrt', host: 1 })]
  if (store.format === 'large')
    lines.push(device(store, 'server1', { profile: 'server-linux', host: 5, isMonitored: true }))
  const isPosnet = random.chance(0.6)
  const terminal = random.weighted([
    ['terminal-ingenico', 70],
    ['terminal-verifone', 30],
  ])
  const [fewest, most] = TILLS[store.format]
  const tills = random.between(fewest, most)
  for (let till = 1; till <= tills; till++) {
    const vars = [`till: {number: ${till}}`]
    lines.push(device(store, `pos${till}`, { profile: store.system, host: 10 + till, vars, isMonitored: true }))
    lines.push(fiscalPrinter(store, till, isPosnet))
    if (till === 1 || random.chance(0.5))
      lines.push(device(store, `terminal${till}`, { profile: terminal, host: 60 + till }))
  }
  return [...lines, ...extrasOf(store, random)]
}

function extrasOf(store: StoreTraits, random: Random): readonly string[] {
  const { format } = store
  const lines: string[] = []
  if (random.chance(format === 'small' ? 0.12 : 0.5))
    lines.push('receipt1: {profile: receipt-epson, attached_to: pos1}')
  if (random.chance(format === 'small' ? 0 : 0.8))
    lines.push(device(store, 'label1', { profile: 'label-zebra', host: 41 }))
  if (random.chance(format === 'large' ? 1 : 0.06))
    lines.push(device(store, 'office1', { profile: 'office-laser', host: 51 }))
  if (random.chance(0.05)) lines.push(device(store, 'vending1', { profile: 'vending', host: 71, isMonitored: true }))
  return lines
}

/** A Posnet hangs on a port of its till, a Novitus on the network. */
function fiscalPrinter(store: StoreTraits, till: number, isPosnet: boolean): string {
  const serial = `${isPosnet ? 'ZBF' : 'EAZ'} ${String(2_301_000_000 + store.number * 10 + till).slice(0, 10)}`
  const vars = `vars: {fiscal: {unique_number: ${serial}}}`
  return isPosnet
    ? `fiscal${till}: {profile: fiscal-posnet, attached_to: pos${till}, ${vars}}`
    : `fiscal${till}: {profile: fiscal-novitus, address: ${store.net}.${20 + till}, attached_to: pos${till}, ${vars}}`
}

interface DeviceTraits {
  readonly profile: string
  /** The last number of its address. */
  readonly host: number
  readonly vars?: readonly string[]
  /** It has an agent, which has a name in monitoring. */
  readonly isMonitored?: boolean
}

function device(
  store: StoreTraits,
  id: string,
  { profile, host, vars = [], isMonitored = false }: DeviceTraits,
): string {
  const all = isMonitored ? [...vars, `agent: {hostname: ${store.id.toLowerCase()}-${id}}`] : vars
  const own = all.length === 0 ? '' : `, vars: {${all.join(', ')}}`
  return `${id}: {profile: ${profile}, address: ${store.net}.${host}${own}}`
}
