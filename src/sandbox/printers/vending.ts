import { auditText, segmentLine } from '../../devices/evadts/segments.ts'
import { httpFace, type PrinterReply } from './http-face.ts'
import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'
import { localTime } from './printer-clock.ts'

/** The faults that a vending machine can show. */
export const VENDING_FAULTS: readonly PrinterFault[] = [
  'column-out',
  'coins-jammed',
  'notes-full',
  'notes-off',
  'card-silent',
  'not-dispensed',
  'too-warm',
  'fahrenheit',
  'audit-cut',
  'audit-damaged',
  'audit-stale',
  'counters-reset',
  'wrong-identity',
  ...ANSWERING_FAULTS,
]

/** What a machine remembers between readings: how much of each was paid when its fault began. */
interface Memory {
  readonly began: number
  readonly frozen: Map<string, number>
}

const memories = new WeakMap<ImitatedPrinter, Memory>()

/** A vending machine whose modem serves its audit file (EVA DTS 6.1) at /audit, as text. It sells once a second. */
export const vendingEmulator: PrinterEmulator = (socket, machine) => {
  httpFace(socket, machine, ({ method, path }): PrinterReply => {
    if (method !== 'GET') return { status: 405, type: 'text/plain', body: '' }
    if (path !== '/audit') return { status: 404, type: 'text/plain', body: 'no such page\n' }
    return { status: 200, type: 'text/plain', body: auditOf(machine) }
  })
}

function auditOf(machine: ImitatedPrinter): string {
  const whole = auditText('TIL0000001', segmentsOf(machine))
  if (machine.faults.has('audit-cut')) return whole.slice(0, Math.floor(whole.length / 2))
  if (machine.faults.has('audit-damaged')) return whole.replace('PA2*', 'PA2*9')
  return whole
}

const COLUMNS = [
  { id: '10', price: 350, product: 'WODA', sold: 2 },
  { id: '11', price: 500, product: 'COLA', sold: 3 },
  { id: '12', price: 650, product: 'SOK', sold: 1 },
]
const [CAPACITY, BEFORE] = [8, 1000]

function segmentsOf(machine: ImitatedPrinter): readonly string[] {
  const { faults, serial, model, timeZone } = machine
  const memory = memories.get(machine) ?? { began: machine.now().getTime(), frozen: new Map() }
  memories.set(machine, memory)
  const now = machine.now().getTime()
  const start = faults.has('counters-reset') ? 0 : BEFORE
  const sales = start + Math.floor((now - memory.began) / 1000)
  // What takes nothing stays at what it had when its fault began.
  const paid = (kind: string, isStuck: boolean): number => {
    if (!isStuck) memory.frozen.delete(kind)
    const count = memory.frozen.get(kind) ?? Math.floor(sales / 3)
    if (isStuck) memory.frozen.set(kind, count)
    return count
  }
  const coins = paid('coins', faults.has('coins-jammed'))
  const notes = paid('notes', faults.has('notes-full') || faults.has('notes-off'))
  const cards = paid('cards', faults.has('card-silent'))
  const cash = faults.has('coins-jammed') ? coins : coins + notes
  const madeAt = localTime(faults.has('audit-stale') ? now - 48 * 3_600_000 : now, timeZone)
  const [date = '', time = ''] = madeAt.split('T')
  const event = (fault: PrinterFault, code: string): string =>
    segmentLine('EA2', code, faults.has(fault) ? 1 : 0, faults.has(fault) ? 3 : 2)
  return [
    segmentLine('ID1', faults.has('wrong-identity') ? 'ANOTHER' : serial, model, '0100'),
    segmentLine('ID4', 2, 985, 'PLN'),
    segmentLine('ID5', date.replaceAll('-', '').slice(2), time.replaceAll(':', '').slice(0, 6)),
    segmentLine('VA1', sales * 500, sales, 6 * 500, 6),
    segmentLine('CA1', 'NRI94552100', 'C2', 1003),
    segmentLine('CA2', cash * 500, cash, 0, 0),
    segmentLine('CA3', 0, 0, 0, 0, coins * 500 + notes * 1000, coins * 500, 0, notes * 10, 0, notes * 1000),
    segmentLine('CA15', 5850),
    segmentLine('BA1', faults.has('notes-off') ? '' : 'JOF61158', 'BT10', '0049'),
    segmentLine('DA1', '3491EE8F54BE', 'READER', '0100'),
    segmentLine('DA2', cards * 500, cards, 0, 0),
    ...COLUMNS.flatMap(({ id, price, product, sold }) => {
      const count = id === '10' && faults.has('column-out') ? CAPACITY : sold
      return [
        segmentLine('PA1', id, price, product, CAPACITY),
        segmentLine('PA2', start + count, (start + count) * price, count, count * price),
      ]
    }),
    segmentLine(
      'MA5',
      'DETECTED TEMPERATURE',
      faults.has('too-warm') ? 1250 : faults.has('fahrenheit') ? 3900 : 450,
      'C',
    ),
    event('coins-jammed', 'EAD'),
    event('notes-full', 'ENE'),
    event('not-dispensed', 'ELA'),
    segmentLine('EA3', 4),
    segmentLine('EA7', 0, 3),
  ]
}
