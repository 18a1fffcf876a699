import { type AuditEvent, eventsOf } from './events.ts'
import { unframed } from './frames.ts'
import { readSegments, type Segment, type Wholeness } from './segments.ts'
import { wallTimeIn, wholeIn } from './values.ts'

/** How much and how often, as it stands in a counter of a machine. Money is in the machine's currency, not in its pence. */
export interface Sold {
  readonly count?: number
  readonly value?: number
}

/** A counter twice: since the machine was set up, and since the last reading that put it back. */
export interface Counter {
  readonly total: Sold
  readonly sinceReset: Sold
}

/** A column: what it holds is what a planogram says, not what the machine knows. */
export interface Column {
  readonly id: string
  readonly price?: number
  readonly product?: string
  /** PA104: how many fit in, where the machine was told. */
  readonly capacity?: number
  readonly paid: Counter
  readonly test: Counter
  readonly free: Counter
}

export interface CoinTube {
  readonly coin?: number
  readonly count?: number
  readonly full?: boolean
}

/** A number that a machine gives with a name of its own (MA5), such as a temperature. */
export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
}

/** What an audit file of EVA DTS says. What it does not say is absent, never 0. */
export interface Audit {
  readonly wholeness: Wholeness
  readonly why?: string
  readonly check: 'fits' | 'wrong' | 'absent'
  readonly framing: 'none' | 'dex' | 'ddcmp'
  readonly badBlocks: number
  readonly communicationId?: string
  readonly machine: { readonly serial?: string; readonly model?: string; readonly asset?: string }
  readonly currency?: string
  /** Wall time of the machine when the file was made, by ID5, or by the time of the reading in EA3 where that is missing. */
  readonly at?: string
  readonly atFrom?: 'ID5' | 'EA3'
  readonly vends: Counter
  readonly testVends: Counter
  readonly cash: Counter
  /** Both cashless devices together. */
  readonly cashless: Counter
  readonly cashIn: { readonly total: CashIn; readonly sinceReset: CashIn }
  readonly tubes: readonly CoinTube[]
  /** What is in the tubes, by CA15. */
  readonly tubeValue?: number
  /** Serial numbers of what takes payments; an empty text where the machine names the device and finds none. */
  readonly fitted: { readonly coins?: string; readonly notes?: string; readonly card?: string }
  readonly columns: readonly Column[]
  readonly events: readonly AuditEvent[]
  readonly powerOutages: Sides<number>
  /** Readings that put counters back. */
  readonly resets?: number
  readonly measures: readonly Measure[]
  /** Segments that nothing was read of, by name. */
  readonly unknown: Readonly<Record<string, number>>
}

interface Sides<T> {
  readonly total?: T
  readonly sinceReset?: T
}

export interface CashIn {
  readonly all?: number
  readonly box?: number
  readonly tubes?: number
  readonly notes?: number
}

/** ID403 holds the letters of ISO 4217, of some its number; others put a mark of their own there. */
const CURRENCY = /^(?:[A-Za-z]{3}|\d{3})$/
/** ID402, as MDB writes a currency: 1 and the number of ISO 4217; what begins with 0 is the number by which a country is called. */
const NUMBERED_CURRENCY = /^1(\d{3})$/
const NOTHING: Counter = { total: {}, sinceReset: {} }

/**
 * Reads an audit file, or what a modem kept of its transfer. Elements stand where EVA DTS 6.1 puts them: VA1, CA2, DA2 have
 * value before count, PA2 count before value; CA3 and EA7 have since reset first; ID4 says where the decimal point of money is. A segment that comes again replaces what it said
 * before, for columns by the PA1 before it.
 */
export function readAudit(bytes: Uint8Array): Audit {
  const { bytes: file, framing, badBlocks } = unframed(bytes)
  const { segments, wholeness, why, check } = readSegments(file)
  // A block that is not acknowledged comes again, so a check sum that fits says that nothing is missing.
  const isDamaged = wholeness === 'whole' && badBlocks > 0 && check !== 'fits'
  const last = new Map<string, Segment>(segments.map((segment) => [segment.name, segment]))
  const places = wholeIn(last.get('ID4')?.elements[0]) ?? 0
  const of = (name: string): Reader => new Reader(last.get(name)?.elements ?? [], places)
  const tubes = segments.filter(({ name }) => name === 'CA17').map(({ elements }) => new Reader(elements, places))
  return {
    wholeness: isDamaged ? 'damaged' : wholeness,
    ...(isDamaged
      ? { why: `${badBlocks} blocks of the transfer have a wrong check sum.` }
      : why !== undefined && { why }),
    check,
    framing,
    badBlocks,
    ...named('communicationId', of('DXS').text(0)),
    machine: {
      ...named('serial', of('ID1').text(0)),
      ...named('model', of('ID1').text(1)),
      ...named('asset', of('ID1').text(5)),
    },
    ...named('currency', currencyIn(of('ID4'))),
    ...madeAt(of('ID5'), of('EA3')),
    vends: asKept(of('VA1').valueThenCount()),
    testVends: asKept(of('VA2').valueThenCount()),
    cash: asKept(of('CA2').valueThenCount()),
    cashless: asKept(together(of('DA2').valueThenCount(), of('DB2').valueThenCount())),
    cashIn: { sinceReset: cashIn(of('CA3'), { from: 0, notes: 8 }), total: cashIn(of('CA3'), { from: 4, notes: 9 }) },
    tubes: tubes.map((tube) => ({
      ...named('coin', tube.money(1)),
      ...named('count', tube.count(2)),
      ...named('full', tube.count(5) === undefined ? undefined : tube.count(5) === 1),
    })),
    ...named('tubeValue', of('CA15').money(0)),
    fitted: {
      ...named('coins', serialOf(last.get('CA1'))),
      ...named('notes', serialOf(last.get('BA1'))),
      ...named('card', serialOf(last.get('DA1'), last.get('DB1'))),
    },
    columns: columnsOf(segments, places),
    events: eventsOf(segments),
    powerOutages: { ...named('sinceReset', of('EA7').count(0)), ...named('total', of('EA7').count(1)) },
    ...named('resets', of('EA3').count(0)),
    measures: measuresOf(segments),
    unknown: unknownOf(segments),
  }
}

/** Elements of one segment, by position from 0. */
class Reader {
  readonly #elements: readonly string[]
  readonly #places: number

  constructor(elements: readonly string[], places: number) {
    this.#elements = elements
    this.#places = places
  }

  text(at: number): string | undefined {
    return this.#elements[at] || undefined
  }

  count(at: number): number | undefined {
    return wholeIn(this.#elements[at])
  }

  money(at: number): number | undefined {
    const amount = wholeIn(this.#elements[at])
    return amount === undefined ? undefined : amount / 10 ** this.#places
  }

  valueThenCount(): Counter {
    return { total: sold(this.money(0), this.count(1)), sinceReset: sold(this.money(2), this.count(3)) }
  }

  countThenValue(at = 0): Counter {
    return {
      total: sold(this.money(at + 1), this.count(at)),
      sinceReset: sold(this.money(at + 3), this.count(at + 2)),
    }
  }
}

function named<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V }
}

function sold(value: number | undefined, count: number | undefined): Sold {
  return { ...named('value', value), ...named('count', count) }
}

/**
 * What was sold since the last reading was sold since the beginning, too: a total of 0 beside it is one that the machine does not
 * keep (FAGE Eagle 2), and no counter that stands still.
 */
function asKept({ total, sinceReset }: Counter): Counter {
  const isKept = total.count !== 0 || (sinceReset.count ?? 0) === 0
  return { total: isKept ? total : {}, sinceReset }
}

function together(one: Counter, other: Counter): Counter {
  const sum = (a: Sold, b: Sold): Sold => sold(add(a.value, b.value), add(a.count, b.count))
  return { total: sum(one.total, other.total), sinceReset: sum(one.sinceReset, other.sinceReset) }
}

function add(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0)
}

/**
 * CA3: all, box, tubes, notes. Notes stand there in whole units of the currency (CA304, CA308), and behind them once more like all other
 * money (CA309, CA310); machines fill one of them or both.
 */
function cashIn(reader: Reader, { from, notes }: { readonly from: number; readonly notes: number }): CashIn {
  return {
    ...named('all', reader.money(from)),
    ...named('box', reader.money(from + 1)),
    ...named('tubes', reader.money(from + 2)),
    ...named('notes', reader.money(notes) || (reader.count(from + 3) ?? reader.money(notes))),
  }
}

function currencyIn(id4: Reader): string | undefined {
  return CURRENCY.exec(id4.text(2) ?? '')?.[0] ?? NUMBERED_CURRENCY.exec(id4.text(1) ?? '')?.[1]
}

/** An empty text only where none of those that are named has one; many noughts are none (DA1 of an N&W 930E without a card reader). */
function serialOf(...devices: readonly (Segment | undefined)[]): string | undefined {
  const serials = devices.flatMap((device) => device?.elements[0] ?? [])
  return serials.find((serial) => !/^(|0{4,})$/.test(serial)) ?? (serials.length > 0 ? '' : undefined)
}

function madeAt(id5: Reader, ea3: Reader): Pick<Audit, 'at' | 'atFrom'> {
  const at = wallTimeIn(id5.text(0), id5.text(1))
  if (at !== undefined) return { at, atFrom: 'ID5' }
  const readAt = wallTimeIn(ea3.text(1), ea3.text(2))
  return readAt === undefined ? {} : { at: readAt, atFrom: 'EA3' }
}

function columnsOf(segments: readonly Segment[], places: number): readonly Column[] {
  const columns = new Map<string, Column>()
  const parts = new Map<string, Map<string, Counter>>()
  let id: string | undefined
  for (const { name, elements } of segments) {
    const reader = new Reader(elements, places)
    if (name === 'PA1') id = reader.text(0)
    else if (!name.startsWith('PA')) id = undefined
    if (id === undefined) continue
    columns.set(id, { ...(columns.get(id) ?? emptyColumn(id)), ...saidOfColumn(name, reader) })
    if (name !== 'PA7') continue
    const [, payment = '', list = ''] = elements
    parts.set(id, (parts.get(id) ?? new Map<string, Counter>()).set(`${payment}*${list}`, reader.countThenValue(4)))
  }
  // Machines with several prices may have no PA2, and count by way of payment and list of prices alone (PA7).
  return [...columns.values()].map((column) =>
    column.paid === NOTHING
      ? { ...column, paid: asKept([...(parts.get(column.id)?.values() ?? [])].reduce(together, NOTHING)) }
      : column,
  )
}

function saidOfColumn(name: string, reader: Reader): Partial<Column> {
  if (name === 'PA1') return headOf(reader)
  if (name === 'PA2') return { paid: asKept(reader.countThenValue()) }
  if (name === 'PA3') return { test: asKept(reader.countThenValue()) }
  return name === 'PA4' ? { free: asKept(reader.countThenValue()) } : {}
}

function emptyColumn(id: string): Column {
  return { id, paid: NOTHING, test: NOTHING, free: NOTHING }
}

function headOf(reader: Reader): Partial<Column> {
  return {
    ...named('price', reader.money(1)),
    ...named('product', reader.text(2)),
    ...named('capacity', reader.count(3) || undefined),
  }
}

/**
 * MA5 belongs to makers; read is what has a name, a number, and a unit of temperature behind it. All that stands before the number
 * is the name: `MA5*TEMP*CoLd*22*C*---*DO` is `TEMP CoLd`.
 */
function measuresOf(segments: readonly Segment[]): readonly Measure[] {
  const measures = new Map<string, Measure>()
  for (const { name, elements } of segments) {
    const at = elements.findIndex((element, index) => index > 0 && isDegrees(element, elements[index + 1]))
    // Several numbers, and nothing says which is measured: hours, limits (`MA5*RFRG*1**0000**0000*F*360*600*1`).
    if (name !== 'MA5' || at < 0 || elements.slice(0, at).some((element) => /^-?\d/.test(element))) continue
    const what = elements.slice(0, at).join(' ')
    measures.set(what, { name: what, value: Number(elements[at]), unit: (elements[at + 1] ?? '').toUpperCase() })
  }
  return [...measures.values()]
}

function isDegrees(number: string, unit = ''): boolean {
  return /^[CF]$/i.test(unit) && /^-?\d{1,6}(\.\d+)?$/.test(number)
}

const READ = new Set(
  'DXS ST ID1 ID4 ID5 VA1 VA2 CA1 CA2 CA3 CA15 CA17 BA1 DA1 DA2 DB1 DB2 PA1 PA2 PA3 PA4 PA7 EA1 EA2 EA3 EA7 MA5 G85 SE DXE'.split(
    ' ',
  ),
)

function unknownOf(segments: readonly Segment[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { name } of segments) if (!READ.has(name)) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
