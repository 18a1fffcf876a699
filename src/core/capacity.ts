/** Where a number of the arithmetic is from. */
export type CapacitySource = 'inventory' | 'settings' | 'measured' | 'assumed' | 'given' | 'computed'

export interface CapacityLine {
  readonly part: 'fleet' | 'state' | 'events'
  readonly key: string
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly source: CapacitySource
  /** The flag that sets it, without its dashes; null: it is computed. */
  readonly flag: CapacityFlag | null
  /** What it is made of, or what it stands for. */
  readonly how: string
}

/** A number that the arithmetic takes, and what holds where nobody says or knows better. */
interface Assumption {
  readonly part: CapacityLine['part']
  readonly what: string
  readonly unit: string
  readonly how: string
  readonly usual: number
}

const of =
  (part: CapacityLine['part']) =>
  (what: string, unit: string, usual: number, how: string): Assumption => ({ part, what, unit, usual, how })
const [fleet, state, events] = [of('fleet'), of('state'), of('events')]

/** By flag, in the order in which they are shown. */
export const ASSUMPTIONS = {
  devices: fleet('Devices', 'devices', 0, 'of the inventory'),
  tills: fleet('Tills', 'tills', 0, 'of the inventory: devices of kind till'),
  looks: state('Looks at a device a day', 'a day', 96, 'one each 15 minutes; changes and repairs are looks, too'),
  'events-per-look': state('Events of a look', 'events', 5, 'its beginning and end, and each step'),
  'event-bytes': state(
    'Bytes of an event in the store',
    'B',
    400,
    'with keys, indexes and all that is kept beside events',
  ),
  days: state('Days that are kept', 'days', 90, '`history.days` of tillwright.yaml'),
  reserve: state('Reserve', '%', 30, 'on top of what is computed, here and for events of devices'),
  peak: state('Peaks', 'times', 3, 'more than the mean, here and for events of devices'),
  servers: state('Servers', 'processes', 1, '`till serve`: eight connections to PostgreSQL each at most'),
  workers: state('Workers', 'processes', 0, '`till worker`: four connections each at most'),
  commands: state('Commands at once', 'processes', 5, 'people and pipelines: two connections each'),
  receipts: events('Receipts of a till a day', 'receipts', 200, 'of a busy shop'),
  items: events('Items of a receipt', 'items', 10, 'each is scanned, priced and perhaps changed'),
  'events-per-item': events('Events of an item', 'events', 3, 'added, priced, changed'),
  'events-per-receipt': events('Other events of a receipt', 'events', 15, 'opened, paid, printed, closed and so on'),
  'message-bytes': events('Bytes of an event of a till', 'B', 600, '300 to 700 as JSON with its envelope'),
  'open-hours': events('Hours of trade a day', 'h', 12, 'in which the events of a day come'),
  'broker-days': events('Days that a broker keeps', 'days', 3, 'in which whoever reads may be away'),
} as const satisfies Readonly<Record<string, Assumption>>

export type CapacityFlag = keyof typeof ASSUMPTIONS
export const CAPACITY_FLAGS = Object.keys(ASSUMPTIONS) as readonly CapacityFlag[]

/** What is known better than usual. */
export interface KnownNumber {
  readonly value: number
  readonly source: Exclude<CapacitySource, 'computed' | 'assumed'>
  /** In the place of what the assumption says. */
  readonly how?: string
}

const GB = 1e9
const DAY_S = 86_400

/** Events a second that one process was measured to write, on two busy cores (docs/scale.md). */
export const MEASURED_WRITES = { sqlite: 18_000, postgres: 3_100 } as const

/**
 * What each costs, in milliseconds of a processor (docs/scale.md): an event in PostgreSQL; a look in the process that carries a run on, and
 * in a worker that runs shells on its own machine.
 */
const COSTS_MS = { event: 0.16, controller: 6.4, worker: 18 } as const
/** Bytes that PostgreSQL logs of an event before it is written (WAL), as replicas and archives get them. */
const LOGGED_BYTES = 530

type Numbers = (flag: CapacityFlag) => number

/**
 * What a fleet needs, line by line: numbers taken, then what they come to. Receipts as a chain of shops reckons them: (items x events
 * an item x bytes + other events x bytes) x receipts x tills a day, a reserve on top, for so many days, so many times on peaks.
 */
export function capacityOf(
  known: Readonly<Partial<Record<CapacityFlag, KnownNumber>>>,
  kind: keyof typeof MEASURED_WRITES,
): readonly CapacityLine[] {
  const n: Numbers = (flag) => known[flag]?.value ?? ASSUMPTIONS[flag].usual
  const taken = CAPACITY_FLAGS.map((flag): CapacityLine => {
    const { part, what, unit, how } = ASSUMPTIONS[flag]
    const better = known[flag]
    return {
      part,
      key: flag,
      what,
      value: n(flag),
      unit,
      source: better?.source ?? 'assumed',
      flag,
      how: better?.how ?? how,
    }
  })
  const takenOf = (part: CapacityLine['part']) => taken.filter((line) => line.part === part)
  return [...takenOf('fleet'), ...takenOf('state'), ...storeNeeds(n, kind), ...takenOf('events'), ...brokerNeeds(n)]
}

function storeNeeds(n: Numbers, kind: keyof typeof MEASURED_WRITES): readonly CapacityLine[] {
  const rows = n('devices') * n('looks') * n('events-per-look')
  const mean = rows / DAY_S
  const peak = mean * n('peak')
  const bytes = rows * n('event-bytes')
  const disk = (bytes * n('days') * withReserve(n)) / GB
  const writes = MEASURED_WRITES[kind]
  const program = kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'
  const connections = n('servers') * 8 + n('workers') * 4 + n('commands') * 2
  return [
    line('state', 'rows-a-day', ['Events a day', rows, 'rows', 'devices x looks x events of a look']),
    line('state', 'rows-a-second', ['Events a second', mean, 'rows/s', 'over a whole day']),
    line('state', 'peak-rows-a-second', ['Events a second on peaks', peak, 'rows/s', 'times peaks']),
    line('state', 'share-of-writes', [
      'Of what one process can write',
      (100 * peak) / writes,
      '%',
      `${writes} rows/s, as measured with ${program}`,
    ]),
    line('state', 'gb-a-day-of-state', ['Room a day', bytes / GB, 'GB', 'events a day x bytes']),
    line('state', 'disk', ['Disk of the store', disk, 'GB', 'room a day x days, with the reserve']),
    line('state', 'connections', [
      'Connections to PostgreSQL',
      connections,
      'connections',
      'servers x 8 + workers x 4 + commands x 2; a state file takes none',
    ]),
    ...(kind === 'postgres' ? processorNeeds(n, { rows, peak }) : []),
  ]
}

/** What only those have who share a state. */
function processorNeeds(
  n: Numbers,
  { rows, peak }: { readonly rows: number; readonly peak: number },
): readonly CapacityLine[] {
  const looks = (n('devices') * n('looks') * n('peak')) / DAY_S
  const cores = (per: number, ms: number): number => (per * ms) / 1000
  const { event, controller, worker } = COSTS_MS
  return [
    line('state', 'wal-gb-a-day', [
      'Log of the server a day',
      (rows * LOGGED_BYTES) / GB,
      'GB',
      `${LOGGED_BYTES} B an event`,
    ]),
    line('state', 'postgres-cores', ['PostgreSQL on peaks', cores(peak, event), 'cores', `${event} ms an event`]),
    line('state', 'controller-cores', [
      'Processes that carry runs on, on peaks',
      cores(looks, controller),
      'cores',
      `${controller} ms a look; one run is one process, and has one core`,
    ]),
    line('state', 'worker-cores', [
      'Workers on peaks',
      cores(looks, worker),
      'cores',
      `${worker} ms a look; a worker has one core`,
    ]),
  ]
}

function brokerNeeds(n: Numbers): readonly CapacityLine[] {
  const messages = (n('items') * n('events-per-item') + n('events-per-receipt')) * n('receipts') * n('tills')
  const day = (messages * n('message-bytes')) / GB
  const rate = messages / (n('open-hours') * 3600)
  const disk = day * withReserve(n) * n('broker-days')
  const sum = '(items x events of an item + other events) x receipts x tills'
  return [
    line('events', 'messages-a-day', ['Events of tills a day', messages, 'messages', sum]),
    line('events', 'gb-a-day', ['Events of tills a day', day, 'GB', 'times bytes']),
    line('events', 'gb-a-day-with-reserve', ['With the reserve', day * withReserve(n), 'GB', 'on top']),
    line('events', 'broker-disk', ['Disk of the broker', disk, 'GB', 'times days that it keeps']),
    line('events', 'broker-disk-on-peaks', ['Disk of the broker on peaks', disk * n('peak'), 'GB', 'times peaks']),
    line('events', 'messages-a-second', ['Events of tills a second', rate, 'messages/s', 'in hours of trade']),
    line('events', 'peak-messages-a-second', [
      'Events of tills a second on peaks',
      rate * n('peak'),
      'messages/s',
      'times peaks',
    ]),
  ]
}

function withReserve(n: Numbers): number {
  return 1 + n('reserve') / 100
}

type Result = readonly [what: string, value: number, unit: string, how: string]

function line(part: CapacityLine['part'], key: string, [what, value, unit, how]: Result): CapacityLine {
  return { part, key, what, value: round(value), unit, source: 'computed', flag: null, how }
}

/** To four places that count: more would say what nobody knows. */
function round(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
}
