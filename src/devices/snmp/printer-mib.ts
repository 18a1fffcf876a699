import { CONDITIONS, type Condition, type ConditionName, type PrinterReading } from '../printer/reading.ts'
import { type Supply, supplyOf, withoutState } from '../printer/supply.ts'
import { firstOfEach } from '../printer/visit.ts'
import type { Column } from './agent.ts'
import { type Alert, alertName, asWarning, CRITICAL, savesPower, warningName } from './alert-codes.ts'
import type { SnmpValue } from './codec.ts'
import { BIT_CONDITIONS, type ErrorBit, errorBits, reversedBits } from './error-state.ts'
import { HR, PRINTER_TYPE, PROCESSOR_TYPE, PRT } from './objects.ts'

/** What an agent said, by column. */
export type Tables = ReadonlyMap<string, Column>
export type MibState = Pick<PrinterReading, 'ready' | 'conditions' | 'identity' | 'supplies' | 'counters' | 'more'>

const OTHER = 1
const IDLE = 3
const PRINTING = 4
const WARMUP = 5
const PRINTER_WORDS: Readonly<Record<number, string>> = {
  1: 'other',
  2: 'unknown',
  3: 'idle',
  4: 'printing',
  5: 'warmup',
}
const DEVICE_WORDS: Readonly<Record<number, string>> = {
  1: 'unknown',
  2: 'running',
  3: 'warning',
  4: 'testing',
  5: 'down',
}
const RUNNING = 2
const WARNING = 3
const DOWN = 5
/** prtCoverStatus: open and closed, of covers and of interlocks; makers add values of their own. */
const OPEN_COVERS: ReadonlySet<number> = new Set([3, 5])
const CLOSED_COVERS: ReadonlySet<number> = new Set([4, 6])

/** Undefined where it is no printer, or says nothing of its state. */
export function mibState(tables: Tables): MibState | undefined {
  const index = printerIndex(tables)
  if (index === undefined) return undefined
  const machine = new Machine(tables, index)
  const named = firstOfEach([...machine.fromBits(), ...machine.fromAlerts(), ...machine.fromParts()])
  const conditions = named.length > 0 ? named : machine.fromStatus()
  const serial = text(first(tables, PRT.serial))
  const model = text(tables.get(HR.deviceDescription)?.get(index))
  const pages = number(first(tables, PRT.lifeCount))
  return {
    ready: machine.ready(conditions),
    conditions,
    identity: { ...(model && { model }), ...(serial && { serial }) },
    supplies: machine.supplies,
    ...(pages !== undefined && pages >= 0 && { counters: { pages } }),
    more: machine.more(),
  }
}

/** The row that is a printer; many devices stand in that table, and it need not be the first. */
function printerIndex(tables: Tables): string | undefined {
  const isPrinter = Object.values(PRT).some((column) => (tables.get(column)?.size ?? 0) > 0)
  if (!isPrinter && listsItsQueues(tables)) return undefined
  for (const [index, type] of tables.get(HR.deviceType) ?? []) {
    if (isOid(type) && type.oid === PRINTER_TYPE) return index
  }
  // Only printers stand in hrPrinterTable, and only they have a Printer-MIB, with or without a row among the devices.
  const row = tables.get(HR.printerStatus)?.keys().next().value
  return row ?? (isPrinter ? '' : undefined)
}

/**
 * A computer has its print queues in the table of devices, beside its processors, or several of them: Windows calls each
 * "running", also "Microsoft Print to PDF". None says how a printer is.
 */
function listsItsQueues(tables: Tables): boolean {
  const types = rows(tables, HR.deviceType).flatMap(([, type]) => (isOid(type) ? [type.oid] : []))
  return types.includes(PROCESSOR_TYPE) || types.filter((type) => type === PRINTER_TYPE).length > 1
}

class Machine {
  readonly supplies: readonly Supply[]
  readonly #tables: Tables
  readonly #printer: number | undefined
  readonly #device: number | undefined
  readonly #bits: Uint8Array | undefined
  readonly #trays: readonly Tray[]
  readonly #alerts: readonly Alert[]

  constructor(tables: Tables, index: string) {
    this.#tables = tables
    this.#printer = number(tables.get(HR.printerStatus)?.get(index))
    this.#device = number(tables.get(HR.deviceStatus)?.get(index))
    const bits = tables.get(HR.errorState)?.get(index)
    this.#bits = bits instanceof Uint8Array && bits.length > 0 ? bits : undefined
    this.#trays = rows(tables, PRT.inputLevel).map(([row, level]) => ({
      name: text(tables.get(PRT.inputName)?.get(row)) ?? row,
      level: number(level) ?? -2,
      feeds: feeds(number(tables.get(PRT.inputType)?.get(row)), number(tables.get(PRT.inputMax)?.get(row))),
    }))
    this.#alerts = alertsIn(tables)
    this.supplies = rows(tables, PRT.supplyLevel).map(([row, level]) => {
      const name = text(tables.get(PRT.supplyDescription)?.get(row)) ?? `supply ${row}`
      const max = number(tables.get(PRT.supplyMax)?.get(row)) ?? -2
      const supply = supplyOf({ name, receptacle: false, max, level: number(level) ?? -2 })
      // What is filled has no state: RFC 3805 counts the room that is left in it, and no two vendors do the same.
      return isFilled(tables, row, name) ? withoutState(supply) : supply
    })
  }

  get #isAtWork(): boolean {
    return this.#printer === IDLE || this.#printer === PRINTING || this.#printer === WARMUP
  }

  /**
   * It sleeps: RFC 3805 (2.2.13.2) has running and other for Standby, and down for everything that is amiss. With something
   * to warn of as well, where it says that it saves power.
   */
  get #isAsleep(): boolean {
    if (this.#printer !== OTHER || this.#hasCriticalAlert) return false
    const bits = errorBits(this.#bits ?? new Uint8Array())
    if (this.#device === RUNNING && bits.length === 0) return true
    return (this.#device === RUNNING || this.#device === WARNING) && savesPower(this.#alerts) && !bits.some(blocks)
  }

  /**
   * Without hrPrinterStatus: by RFC 2790 a device that is running knows of nothing unusual, and one that warns still
   * works. What it warns of has to be said.
   */
  get #isInOrder(): boolean {
    if (this.#printer !== undefined || this.#hasCriticalAlert) return false
    const bits = errorBits(this.#bits ?? new Uint8Array())
    if (bits.some(blocks)) return false
    return this.#device === RUNNING || (this.#device === WARNING && bits.length > 0)
  }

  get #hasCriticalAlert(): boolean {
    return this.#alerts.some(({ severity }) => severity === CRITICAL)
  }

  /** One tray of several is out, or one cartridge: it works, is not down, and what it tells of it is no more than a warning. */
  #goesOnWithout(bit: ErrorBit): boolean {
    if (!this.#isAtWork || this.#device === DOWN || this.#saysItIsWell || this.#hasCriticalAlert) return false
    return this.#alerts.length > 0 || (bit === 'noPaper' && this.#hasPaper)
  }

  /** It says itself that all is well, against which a lone bit or an old alert does not count. */
  get #saysItIsWell(): boolean {
    return (this.#isAtWork && this.#device === RUNNING) || this.#isAsleep
  }

  fromBits(): Condition[] {
    const bytes = this.#bits
    if (!bytes) return []
    const hex = Buffer.from(bytes).toString('hex')
    return errorBits(bytes).flatMap((bit) => {
      const words = `hrPrinterDetectedErrorState: 0x${hex} (${bit})`
      const milder = asWarning(BIT_CONDITIONS[bit])
      if (milder !== BIT_CONDITIONS[bit] && this.#goesOnWithout(bit)) return [{ name: milder, evidence: words }]
      const doubt = this.#contradicted(bit)
      if (doubt !== undefined) return [this.#doubtful(`0x${hex} says ${bit}, but ${doubt}`, bytes)]
      if (this.#saysItIsWell && UNRELIABLE.has(bit)) return []
      return [{ name: BIT_CONDITIONS[bit], evidence: words }]
    })
  }

  #doubtful(words: string, bytes: Uint8Array): Condition {
    const reversed = reversedBits(bytes).filter((bit) => this.#contradicted(bit) === undefined)
    const other = reversed.length > 0 ? `; counted from the other end: ${reversed.join(' ')}` : ''
    const name = this.#saysItIsWell ? 'other-warning' : 'other-error'
    return { name, evidence: `hrPrinterDetectedErrorState: ${words}${other}` }
  }

  /** Why this bit cannot be what it says. */
  #contradicted(bit: ErrorBit): string | undefined {
    const covers = rows(this.#tables, PRT.coverStatus).map(([, status]) => number(status))
    if (bit === 'noPaper' && this.#hasPaper && !this.#alertsOf('paper-out')) return 'there is paper in a tray'
    const areClosed = covers.length > 0 && covers.every((status) => CLOSED_COVERS.has(status ?? 0))
    if (bit === 'doorOpen' && areClosed) return 'all covers are closed'
    return blocks(bit) && !UNRELIABLE.has(bit) && this.#saysItIsWell ? 'it says that it runs' : undefined
  }

  /** Printers of Brother say -3 (some) of the tray that chooses another: beside an empty one it says nothing. */
  get #hasPaper(): boolean {
    const levels = this.#trays.filter((tray) => tray.feeds).map(({ level }) => level)
    return levels.some((level) => level > 0) || (levels.includes(-3) && !levels.includes(0))
  }

  #alertsOf(name: ConditionName): boolean {
    return this.#alerts.some((alert) => alertName(alert) === name)
  }

  /** The table is a log on some models: what stands in it while it says that it is well is old. */
  fromAlerts(): Condition[] {
    if (this.#saysItIsWell) return []
    return this.#alerts.flatMap((alert) => {
      const isNoStop = alert.severity !== CRITICAL && this.#device !== DOWN
      const name = isNoStop ? warningName(alert) : alertName(alert)
      return name === undefined ? [] : [{ name, evidence: `prtAlert ${alert.code}: ${alert.description}` }]
    })
  }

  fromParts(): Condition[] {
    const found: Condition[] = []
    const open = rows(this.#tables, PRT.coverStatus).filter(([, status]) => OPEN_COVERS.has(number(status) ?? 0))
    const [row, status] = open[0] ?? []
    if (row !== undefined) found.push({ name: 'cover-open', evidence: `prtCoverStatus.${row}: ${String(status)}` })
    const trays = this.#trays.filter((tray) => tray.feeds)
    if (trays.length > 0 && trays.every(({ level }) => level === 0)) {
      found.push({ name: 'paper-out', evidence: 'prtInputCurrentLevel: 0 in every tray' })
    }
    for (const [n, [row]] of rows(this.#tables, PRT.supplyLevel).entries()) {
      const supply = this.supplies[n]
      if (supply?.state !== 'low' && supply?.state !== 'empty') continue
      const isToner = TONERS.has(number(this.#tables.get(PRT.supplyType)?.get(row)) ?? 0)
      found.push({ name: isToner ? 'toner-low' : 'supply-low', evidence: `${supply.name}: ${supply.percent ?? 0} %` })
    }
    return found
  }

  /** Down, and nothing says why. */
  fromStatus(): Condition[] {
    return this.#device === DOWN ? [{ name: 'other-error', evidence: 'hrDeviceStatus: down' }] : []
  }

  ready(conditions: readonly Condition[]): 'yes' | 'no' | 'unknown' {
    if (conditions.some(({ name }) => CONDITIONS[name] === 'blocked')) return 'no'
    // Down and idle at once is in no row of RFC 3805's table: some say so of a tray that is out while another feeds.
    if (this.#device === DOWN) return this.#isAtWork && this.#printer !== WARMUP ? 'unknown' : 'no'
    return this.#isAtWork || this.#isAsleep || this.#isInOrder ? 'yes' : 'unknown'
  }

  more(): NonNullable<PrinterReading['more']> {
    const shown = rows(this.#tables, PRT.console).map(([, line]) => text(line) ?? '')
    const alerts = this.#alerts.map(({ code, severity, description }) => ({ code, severity, description }))
    return {
      printer_status: PRINTER_WORDS[this.#printer ?? 0] ?? null,
      device_status: DEVICE_WORDS[this.#device ?? 0] ?? null,
      error_state: this.#bits ? Buffer.from(this.#bits).toString('hex') : '',
      ...(this.#trays.length > 0 && { trays: this.#trays.map(({ name, level }) => ({ name, level })) }),
      ...(shown.some((line) => line !== '') && { display: shown.filter((line) => line !== '') }),
      ...(alerts.length > 0 && { alerts }),
    }
  }
}

interface Tray {
  readonly name: string
  /** -2 unknown, -3 some. */
  readonly level: number
  readonly feeds: boolean
}

/** prtInputType (RFC 3805): trays and rolls. Not the slot for single sheets, which is empty as a rule, nor what is no place. */
const FEEDING: ReadonlySet<number> = new Set([3, 4, 6, 7])

function feeds(type: number | undefined, capacity: number | undefined): boolean {
  return type === undefined ? capacity !== 1 : FEEDING.has(type)
}

function alertsIn(tables: Tables): readonly Alert[] {
  return rows(tables, PRT.alertCode).map(([row, code]) => ({
    code: number(code) ?? 0,
    severity: number(tables.get(PRT.alertSeverity)?.get(row)) ?? 1,
    group: number(tables.get(PRT.alertGroup)?.get(row)) ?? 2,
    description: text(tables.get(PRT.alertDescription)?.get(row)) ?? '',
  }))
}

/** Waste boxes, by their class or their type: some call them consumed. Without either, by their name. */
function isFilled(tables: Tables, row: string, name: string): boolean {
  const kind = number(tables.get(PRT.supplyClass)?.get(row))
  const type = number(tables.get(PRT.supplyType)?.get(row))
  return kind === 4 || WASTES.has(type ?? 0) || (kind === undefined && type === undefined && /waste/i.test(name))
}

function blocks(bit: ErrorBit): boolean {
  return CONDITIONS[BIT_CONDITIONS[bit]] === 'blocked'
}

/** CUPS passes over both, since many printers set them while they print. */
const UNRELIABLE: ReadonlySet<ErrorBit> = new Set(['offline', 'serviceRequested'])
/** Toner, ink, their cartridges and ribbons (prtMarkerSuppliesType). */
const TONERS: ReadonlySet<number> = new Set([3, 5, 6, 21])
/** Waste of toner, ink, wax, water and paper. */
const WASTES: ReadonlySet<number> = new Set([4, 8, 14, 24, 26])

function rows(tables: Tables, column: string): readonly (readonly [string, SnmpValue])[] {
  return [...(tables.get(column) ?? [])]
}

function first(tables: Tables, column: string): SnmpValue {
  return tables.get(column)?.values().next().value ?? null
}

function number(value: SnmpValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function isOid(value: SnmpValue): value is { readonly oid: string } {
  return typeof value === 'object' && value !== null && 'oid' in value
}

function text(value: SnmpValue | undefined): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  // Some pad with NUL.
  const words = Buffer.from(value).toString('utf8').replaceAll('\0', '').trim()
  return words === '' ? undefined : words
}
