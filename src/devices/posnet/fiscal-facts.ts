import { DAY_MS } from '../../core/duration.ts'
import { type DeviceTime, instantsOfIso, isoOf, readDeviceTime } from '../printer/device-time.ts'
import type { FiscalFacts } from '../printer/reading.ts'
import { fieldOf, flagOf, numberOf, type PosnetFrame } from './codec.ts'
import type { Question } from './questions.ts'

export type Answers = ReadonlyMap<Question, PosnetFrame>

/** Where the facts were read, and when. */
export interface Place {
  readonly timeZone: string
  readonly now: Date
}
const CERTIFICATES = ['device', 'JSON', 'Azure', 'CPD TLS', 'CPD JSON', 'CA of the vendor', 'CA of CPD'] as const

/** The facts that were answered; those that a model does not know are left out. */
export function factsOf(answers: Answers, place: Place): FiscalFacts {
  const read = (question: Question): PosnetFrame | undefined => sound(answers.get(question))
  const time = timesIn(place.timeZone)
  return {
    ...optional('fiscal_mode', flagOf(read('scomm'), 'fs')),
    ...sales(read, time, place),
    ...optional('ram_resets', numberOf(read('sfsk'), 'cl')),
    ...memoryFacts(read('ecmedinfoget')),
    ...transmissionFacts(read('repositoryeventhubstate'), time),
    ...unsentFacts(read('repositorysenddatacheck')),
    ...certificateFacts(answers, time),
    ...licenceFacts(read('subgettime'), time),
    ...optional('next_inspection_at', time(read('nextmaintenanceget'), 'da')),
  }
}

/** What the clock showed, and the moment by ours. */
export function clockOf(answers: Answers): DeviceTime | undefined {
  const frame = sound(answers.get('rtcget'))
  return readDeviceTime(fieldOf(frame, 'tm')) ?? readDeviceTime(fieldOf(frame, 'da'))
}

function sound(frame: PosnetFrame | undefined): PosnetFrame | undefined {
  return frame?.error === undefined ? frame : undefined
}

/** A property, or none where its value is not known. */
function optional<N extends keyof FiscalFacts>(
  name: N,
  value: FiscalFacts[N] | undefined,
): Pick<FiscalFacts, N> | object {
  return value === undefined ? {} : { [name]: value }
}

type Times = (frame: PosnetFrame | undefined, ...names: readonly string[]) => string | undefined

/** The first of these fields that has a date with an offset, or else any date: in one sample a name comes twice. */
function timesIn(timeZone: string): Times {
  return (frame, ...names) => {
    const times = (frame?.fields ?? [])
      .filter(([name]) => names.includes(name))
      .flatMap(([, value]) => readDeviceTime(value) ?? [])
    const best = times.find(({ offsetMinutes }) => offsetMinutes !== undefined) ?? times[0]
    return best && isoOf(best, timeZone)
  }
}

function sales(read: (question: Question) => PosnetFrame | undefined, time: Times, place: Place): Partial<FiscalFacts> {
  const stot = read('stot')
  const report = read('fmrecrd')
  // Since the report nothing may have been sold: then the last sale is in the report.
  const lastReceipt = time(stot, 'de', 'ie') ?? time(report, 'se', 'ie')
  return {
    ...optional('last_receipt_at', lastReceipt),
    ...optional('last_receipt_number', numberOf(read('scnt'), 'bt')),
    ...optional('receipts_since_report', numberOf(stot, 'pn')),
    ...optional('last_report_at', time(report, 'da', 'tm') ?? time(read('sfsk'), 'rw', 'tm')),
    ...optional('shift', shiftOf(flagOf(read('scomm'), 'tz'), [time(stot, 'ds', 'is'), time(stot, 'de', 'ie')], place)),
  }
}

/**
 * The day is open from its first sale to the daily report. One that is older has missed its report: nothing can be sold
 * before it, unless this printer was seen to sell for longer than a day.
 */
function shiftOf(
  isClosed: boolean | undefined,
  [firstSale, lastSale]: readonly (string | undefined)[],
  { now, timeZone }: Place,
): FiscalFacts['shift'] {
  if (isClosed === true) return { state: 'closed' }
  if (isClosed === undefined && firstSale === undefined) return undefined
  if (firstSale === undefined) return { state: 'open' }
  const began = instantsOfIso(firstSale, timeZone)
  const isOld = now.getTime() - began.latest > DAY_MS
  const soldOn = lastSale !== undefined && instantsOfIso(lastSale, timeZone).latest - began.earliest > DAY_MS
  return { state: isOld && !soldOn ? 'expired' : 'open', opened_at: firstSale }
}

function memoryFacts(frame: PosnetFrame | undefined): Partial<FiscalFacts> {
  const free = numberOf(frame, 'sf')
  const capacity = numberOf(frame, 'ca')
  return free === undefined
    ? {}
    : { protected_memory: { free, unit: 'kB', ...(capacity === undefined ? {} : { capacity }) } }
}

function transmissionFacts(frame: PosnetFrame | undefined, time: Times): Partial<FiscalFacts> {
  if (!frame) return {}
  const [ok, failed, result] = [time(frame, 'ds'), time(frame, 'df'), flagOf(frame, 'lr')]
  return {
    transmission: {
      ...(ok === undefined ? {} : { last_ok_at: ok }),
      ...(failed === undefined ? {} : { last_failed_at: failed }),
      ...(result === undefined ? {} : { last_result: result ? 'ok' : 'failed' }),
    },
  }
}

/** It does not say how many documents wait, but that some do. */
function unsentFacts(frame: PosnetFrame | undefined): Partial<FiscalFacts> {
  const waits = flagOf(frame, 'cs')
  return waits === undefined ? {} : { unsent: waits ? {} : { count: 0 } }
}

function certificateFacts(answers: Answers, time: Times): Partial<FiscalFacts> {
  const certificates = CERTIFICATES.flatMap((name, id) => {
    const frame = sound(answers.get(`certinfoget ${id}` as Question))
    const ok = flagOf(frame, 'ok')
    if (ok === undefined) return []
    const until = ok ? time(frame, 'da') : undefined
    return [{ name, ok, ...(until === undefined ? {} : { valid_until: until }) }]
  })
  return certificates.length > 0 ? { certificates } : {}
}

function licenceFacts(frame: PosnetFrame | undefined, time: Times): Partial<FiscalFacts> {
  const [warns, locks] = [time(frame, 'wt'), time(frame, 'lt')]
  if (warns === undefined && locks === undefined) return {}
  return {
    licence: {
      ...(warns === undefined ? {} : { warns_at: warns }),
      ...(locks === undefined ? {} : { locks_at: locks }),
    },
  }
}
