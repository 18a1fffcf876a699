import { unframed } from './frames.ts'
import { readSegments, type Segment, type Wholeness } from './segments.ts'

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

/** A kind of event, with how often it was (EA2), and when it was last (EA1). */
export interface AuditEvent {
  readonly id: string
  readonly sinceReset?: number
  readonly total?: number
  /** Wall time of the machine, as `2026-11-30T09:41:00`. */
  readonly lastAt?: string
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
  /** Wall time of the machine when the file was made (ID5). */
  readonly at?: string
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

const NOTHING: Counter = { total: {}, sinceReset: {} }

/**
 * Reads an audit file, or what a modem kept of its transfer. Elements stand where EVA DTS 6.1 puts them: VA1, CA2, DA2 have
 * value before count, PA2 count before value; EA2 has counts only, since reset before since start; CA3 and EA7 have
 * since reset first; ID4 says where the decimal point of money is. A segment that comes again replaces what it said
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
    ...named('currency', of('ID4').text(2)),
    ...named('at', wallTimeIn(of('ID5').text(0), of('ID5').text(1))),
    vends: of('VA1').valueThenCount(),
    testVends: of('VA2').valueThenCount(),
    cash: of('CA2').valueThenCount(),
    cashless: together(of('DA2').valueThenCount(), of('DB2').valueThenCount()),
    cashIn: { sinceReset: cashIn(of('CA3'), 0), total: cashIn(of('CA3'), 4) },
    tubes: tubes.map((tube) => ({
      ...named('coin', tube.money(1)),
      ...named('count', tube.count(2)),
      ...named('full', tube.count(5) === undefined ? undefined : tube.count(5) === 1),
    })),
    ...named('tubeValue', of('CA15').money(0)),
    fitted: {
      ...named('coins', last.get('CA1')?.elements[0]),
      ...named('notes', last.get('BA1')?.elements[0]),
      ...named('card', last.get('DA1')?.elements[0]),
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

  countThenValue(): Counter {
    return { total: sold(this.money(1), this.count(0)), sinceReset: sold(this.money(3), this.count(2)) }
  }
}

/** A number that stands for "never" in machines that count with 32 bits. */
const ALL_ONES = 0xffff_ffff

function wholeIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined
  const number = Number(text)
  return number === ALL_ONES ? undefined : number
}

function named<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V }
}

function sold(value: number | undefined, count: number | undefined): Sold {
  return { ...named('value', value), ...named('count', count) }
}

function together(one: Counter, other: Counter): Counter {
  const sum = (a: Sold, b: Sold): Sold => sold(add(a.value, b.value), add(a.count, b.count))
  return { total: sum(one.total, other.total), sinceReset: sum(one.sinceReset, other.sinceReset) }
}

function add(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0)
}

function cashIn(reader: Reader, from: number): CashIn {
  return {
    ...named('all', reader.money(from)),
    ...named('box', reader.money(from + 1)),
    ...named('tubes', reader.money(from + 2)),
    ...named('notes', reader.money(from + 3)),
  }
}

function columnsOf(segments: readonly Segment[], places: number): readonly Column[] {
  const columns = new Map<string, Column>()
  let id: string | undefined
  for (const { name, elements } of segments) {
    const reader = new Reader(elements, places)
    if (name === 'PA1') id = reader.text(0)
    else if (!name.startsWith('PA')) id = undefined
    if (id === undefined) continue
    columns.set(id, { ...(columns.get(id) ?? emptyColumn(id)), ...saidOfColumn(name, reader) })
  }
  return [...columns.values()]
}

function saidOfColumn(name: string, reader: Reader): Partial<Column> {
  if (name === 'PA1') return headOf(reader)
  if (name === 'PA2') return { paid: reader.countThenValue() }
  if (name === 'PA3') return { test: reader.countThenValue() }
  return name === 'PA4' ? { free: reader.countThenValue() } : {}
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

/** EA2 may come several times for one event, each time with all that is known of it; the last one counts. */
function eventsOf(segments: readonly Segment[]): readonly AuditEvent[] {
  const events = new Map<string, AuditEvent>()
  for (const { name, elements } of segments) {
    const [id = ''] = elements
    if ((name !== 'EA1' && name !== 'EA2') || id === '') continue
    const before = events.get(id) ?? { id }
    if (name === 'EA2') {
      events.set(id, {
        ...before,
        ...named('sinceReset', wholeIn(elements[1])),
        ...named('total', wholeIn(elements[2])),
      })
      continue
    }
    const at = wallTimeIn(elements[1], elements[2])
    const isLater = at !== undefined && (before.lastAt === undefined || at > before.lastAt)
    events.set(id, isLater ? { ...before, lastAt: at } : before)
  }
  return [...events.values()]
}

/** `yymmdd` or `yyyymmdd` and `hhmm` or `hhmmss` as ISO 8601 without an offset; undefined where that is no time. */
export function wallTimeIn(date: string | undefined, time: string | undefined): string | undefined {
  const day = /^(?:(\d\d)?(\d\d))(\d\d)(\d\d)$/.exec(date ?? '')
  const clock = /^(\d\d)(\d\d)(\d\d)?$/.exec(time || '0000')
  if (!day || !clock) return undefined
  const [, century = '20', year, month, dayOfMonth] = day
  const [, hour, minute, second = '00'] = clock
  const text = `${century}${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}`
  const instant = new Date(`${text}Z`)
  return Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 19) !== text ? undefined : text
}

/** MA5 belongs to makers; read is what has a name, one number, and a unit of temperature behind it. */
function measuresOf(segments: readonly Segment[]): readonly Measure[] {
  const measures = new Map<string, Measure>()
  for (const { name, elements } of segments) {
    const [what = '', number = '', unit = ''] = elements
    if (name !== 'MA5' || !/^[CF]$/i.test(unit) || !/^-?\d{1,6}(\.\d+)?$/.test(number)) continue
    measures.set(what, { name: what, value: Number(number), unit: unit.toUpperCase() })
  }
  return [...measures.values()]
}

const READ = new Set(
  'DXS ST ID1 ID4 ID5 VA1 VA2 CA1 CA2 CA3 CA15 CA17 BA1 DA1 DA2 DB2 PA1 PA2 PA3 PA4 EA1 EA2 EA3 EA7 MA5 G85 SE DXE'.split(
    ' ',
  ),
)

function unknownOf(segments: readonly Segment[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { name } of segments) if (!READ.has(name)) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
