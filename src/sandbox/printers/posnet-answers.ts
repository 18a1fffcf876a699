import { DAY_MS, HOUR_MS } from '../../core/duration.ts'
import { fieldOf, type PosnetFrame } from '../../devices/posnet/codec.ts'
import type { ImitatedPrinter } from './imitated-printer.ts'
import { dayOf, localTime, localTimeWithOffset } from './printer-clock.ts'

type Fields = Readonly<Record<string, string | number | boolean>>

/** What stands where there is no date. */
const NO_DATE = '2000-01-01;01:00'
const NO_TIME = '2000-01-01T01:00:00+01:00'
const BLOCKED_NO_ROOM = 388
const MEMORY_CHANGED = 1075
const NO_KNOWN_ERROR = 7777

/** The fields of an answer, the number of an error, or undefined for a command that it does not know. */
export function posnetAnswer(asked: PosnetFrame, printer: ImitatedPrinter): string | number | undefined {
  const answer = ANSWERS[asked.command]?.(printer, asked)
  return typeof answer === 'object' ? written(answer) : answer
}

function written(fields: Fields): string {
  const parts = Object.entries(fields).map(([name, value]) => name + (typeof value === 'boolean' ? flag(value) : value))
  return parts.map((part) => `${part}\t`).join('')
}

const flag = (is: boolean): string => (is ? 'T' : 'N')

function date(instant: number | undefined, { timeZone }: ImitatedPrinter): string {
  return instant === undefined ? NO_DATE : localTime(instant, timeZone).slice(0, 16).replace('T', ';')
}

function time(instant: number | undefined, { timeZone }: ImitatedPrinter): string {
  return instant === undefined ? NO_TIME : localTimeWithOffset(instant, timeZone)
}

function dayIn(days: number, { now, timeZone }: ImitatedPrinter): string {
  return localTime(now().getTime() + days * DAY_MS, timeZone).slice(0, 10)
}

function number({ faults, uniqueNumber }: ImitatedPrinter): string {
  return faults.has('wrong-identity') ? 'ZZZ 9999999999' : uniqueNumber
}

function mechanism({ faults }: ImitatedPrinter): number {
  if (faults.has('mechanism-error')) return 2
  if (faults.has('cover-open')) return 3
  if (faults.has('paper-out')) return 5
  return faults.has('cutter-error') ? 8 : 0
}

const isSelling = ({ faults }: ImitatedPrinter): boolean => faults.has('receipt-open') || faults.has('printer-busy')

function link(printer: ImitatedPrinter): Fields {
  const { faults } = printer
  const now = printer.now().getTime()
  const isFailing = faults.has('transmission-failing')
  const lastOk = faults.has('documents-unsent') ? now - 4 * DAY_MS : now - (isFailing ? 2 * DAY_MS : HOUR_MS)
  const lastFailed = isFailing ? now - HOUR_MS : undefined
  return {
    da: time(isFailing ? lastFailed : lastOk, printer),
    ds: time(lastOk, printer),
    df: time(lastFailed, printer),
    lr: !isFailing,
    ac: false,
  }
}

function certificate(printer: ImitatedPrinter, asked: PosnetFrame): Fields {
  const { faults } = printer
  const days = faults.has('certificate-expired') ? -1 : faults.has('certificate-expiring') ? 10 : 700
  const id = fieldOf(asked, 'id') ?? '0'
  return { id, ok: true, da: dayIn(id === '0' ? days : 900, printer), fp: 'E1:AC:E3:54', sn: '33:00:03:00' }
}

function totals(printer: ImitatedPrinter): Fields {
  const day = dayOf(printer)
  const lastSale = day.firstSale === undefined ? undefined : day.lastSale
  return {
    no: 1433,
    fn: 0,
    pa: 233,
    pn: day.firstSale === undefined ? 0 : 28,
    va: '22,00',
    vb: '7,00',
    ds: date(day.firstSale, printer),
    is: time(day.firstSale, printer),
    de: date(lastSale, printer),
    ie: time(lastSale, printer),
    bc: 1,
    tf: printer.faults.has('transmission-failing') ? 12 : 0,
  }
}

function reportRecord(printer: ImitatedPrinter): Fields | number {
  if (printer.faults.has('storage-dead')) return MEMORY_CHANGED
  if (printer.faults.has('unknown-error')) return NO_KNOWN_ERROR
  const day = dayOf(printer)
  const lastSale = day.firstSale === undefined ? day.lastSale : day.lastReport - HOUR_MS
  return {
    da: date(day.lastReport, printer),
    tm: time(day.lastReport, printer),
    no: 1432,
    pn: 240,
    se: date(lastSale, printer),
    ie: time(lastSale, printer),
  }
}

/** The sample of the specification has `rw` twice; so has this one. */
function memory(printer: ImitatedPrinter): string | number {
  if (printer.faults.has('fiscal-memory-full')) return BLOCKED_NO_ROOM
  const { lastReport } = dayOf(printer)
  const first = written({ fs: true, cl: 1, rd: 1432, vt: 5, va: '22,00', vb: '7,00', vg: '100,00' })
  return `${first}rw${date(lastReport, printer)}\trw${time(lastReport, printer)}\tnu${number(printer)}\t`
}

type Answering = (printer: ImitatedPrinter, asked: PosnetFrame) => Fields | string | number

const ANSWERS: Readonly<Record<string, Answering>> = {
  sprn: (printer) => ({ pr: mechanism(printer) }),
  sdev: (printer) => ({
    ds: mechanism(printer) === 0 && !printer.faults.has('waiting-for-user') ? 0 : 3,
    qe: !printer.faults.has('printer-busy'),
    pe: printer.faults.has('paper-low'),
    tl: isSelling(printer) ? 1 : 0,
  }),
  scomm: (printer) => ({
    fs: true,
    tz: dayOf(printer).firstSale === undefined,
    ts: isSelling(printer) ? 16 : 0,
    hr: true,
    nu: number(printer),
    td: false,
  }),
  strns: (printer) => ({ to: isSelling(printer) ? 1 : 0, ts: 16, va: 0, fe: 0 }),
  stot: totals,
  fmrecrd: reportRecord,
  sfsk: memory,
  scnt: (printer) => ({ rd: 1432, hn: 90_210, bn: 81_300, fn: 12, nu: number(printer), bc: 40, bt: 81_340, fc: 0 }),
  rtcget: (printer) => {
    const { clock } = dayOf(printer)
    return { da: date(clock, printer), tm: time(clock, printer) }
  },
  getrealid: (printer) => ({ nm: printer.model, vr: '30.01', nu: number(printer), vf: '2.01.A1B2C3D4' }),
  sid: (printer) => ({ nm: printer.model, vr: '30.01' }),
  certinfoget: certificate,
  repositoryeventhubstate: link,
  repositorywebapistate: link,
  repositorysenddatacheck: ({ faults }) => ({ cs: faults.has('documents-unsent') }),
  connectionscheduleinfoget: () => ({ co: 'TFD.1', eh: 7200, of: false, wa: 1800, bi: false, dr: true }),
  ecmedinfoget: ({ faults }) => ({ pr: 1, sf: faults.has('protected-memory-full') ? 0 : 29_000_000, ca: 31_000_000 }),
  eparagonbuffersummaryget: () => ({ fr: 500, ne: 0, ok: 0, fi: 0, ft: 0, re: 0 }),
  nextmaintenanceget: (printer) => ({ da: dayIn(printer.faults.has('inspection-due') ? 10 : 400, printer) }),
  subgettime: (printer) => ({
    wt: `${dayIn(printer.faults.has('licence-expired') ? -15 : 700, printer)}T00:00:00+1:00`,
    lt: `${dayIn(printer.faults.has('licence-expired') ? -1 : 705, printer)}T00:00:00+1:00`,
  }),
}
