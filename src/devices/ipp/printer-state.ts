import type { JsonObject } from '../../core/json.ts'
import type { Condition, Identity, PrinterReading } from '../printer/reading.ts'
import { CONDITIONS } from '../printer/reading.ts'
import { supplyOf, withoutState } from '../printer/supply.ts'
import { firstOfEach } from '../printer/visit.ts'
import type { Attributes } from './attributes.ts'
import { fieldsOf } from './octet-fields.ts'
import { conditionOf, HOLDS_NEW_JOBS } from './reasons.ts'

/** `printer-state` (RFC 8011, 5.4.11). */
export const STATE = { idle: 3, processing: 4, stopped: 5 } as const
const STATE_WORDS: Readonly<Record<number, string>> = { 3: 'idle', 4: 'processing', 5: 'stopped' }

/** What the attributes of a printer say, in the words of all printers. */
export type PrinterState = Pick<PrinterReading, 'conditions' | 'ready' | 'identity' | 'supplies' | 'counters' | 'more'>

/** Undefined where there is no `printer-state`, without which an answer is no answer. */
export function printerState(attributes: Attributes): PrinterState | undefined {
  const state = attributes.number('printer-state')
  if (state === undefined || STATE_WORDS[state] === undefined) return undefined
  const conditions = conditionsOf(attributes, state)
  const blocked = conditions.some(({ name }) => CONDITIONS[name] === 'blocked')
  const isStopped = state === STATE.stopped || blocked || attributes.boolean('printer-is-accepting-jobs') === false
  const isHolding = attributes.texts('printer-state-reasons').includes(HOLDS_NEW_JOBS)
  const pages = attributes.number('printer-impressions-completed')
  return {
    ready: isStopped ? 'no' : isHolding ? 'unknown' : 'yes',
    conditions,
    identity: identityOf(attributes),
    supplies: suppliesOf(attributes),
    ...(pages !== undefined && { counters: { pages } }),
    more: moreOf(attributes, STATE_WORDS[state]),
  }
}

function conditionsOf(attributes: Attributes, state: number): readonly Condition[] {
  const reasons = attributes.texts('printer-state-reasons')
  const conditions = reasons.map(conditionOf).filter((condition) => condition !== undefined)
  for (const supply of suppliesOf(attributes)) {
    if (supply.state !== 'low' && supply.state !== 'empty') continue
    const evidence = `${supply.name}: ${supply.percent ?? 0} %`
    const isToner = /toner|ink/i.test(supply.name) && !/waste/i.test(supply.name)
    conditions.push({ name: isToner ? 'toner-low' : 'supply-low', evidence })
  }
  const trays = traysOf(attributes)
  if (trays.length > 0 && trays.every(({ level }) => level === 0)) {
    conditions.push({
      name: 'paper-out',
      evidence: `printer-input-tray: ${trays.map(({ name }) => `${name}=0`).join(' ')}`,
    })
  }
  if (attributes.boolean('printer-is-accepting-jobs') === false) {
    conditions.push({ name: 'paused', evidence: 'printer-is-accepting-jobs: false' })
  }
  if (state === STATE.stopped && conditions.length === 0) {
    conditions.push({ name: 'paused', evidence: `printer-state: stopped, ${reasons.join(',') || 'no reasons'}` })
  }
  return firstOfEach(conditions)
}

function identityOf(attributes: Attributes): Identity {
  const id = fieldsOf((attributes.text('printer-device-id') ?? '').replaceAll(':', '='))
  const vendor = id.get('MFG') ?? id.get('MANUFACTURER')
  const serial = serialOf(vendor, id.get('SN') ?? id.get('SERN') ?? id.get('SERIALNUMBER'))
  const model = attributes.text('printer-make-and-model') ?? id.get('MDL')
  const firmware = attributes.text('printer-firmware-string-version')
  return {
    ...(vendor && { vendor }),
    ...(model && { model }),
    ...(firmware && { firmware }),
    ...(serial && { serial }),
  }
}

/** Epson writes it as the hexadecimal digits of its letters; on the printer, and by SNMP, it stands as it is. */
function serialOf(vendor: string | undefined, said: string | undefined): string | undefined {
  if (said === undefined || !/^epson$/i.test(vendor ?? '') || !/^([0-9a-f]{2}){8,16}$/i.test(said)) return said
  const letters = Buffer.from(said, 'hex').toString('latin1')
  return /^[0-9A-Z]+$/.test(letters) ? letters : said
}

/**
 * What is filled is judged only where it says from which level on it is full: the level of `printer-supply` is that of
 * Printer-MIB, which some count as what is in it and some as the room that is left.
 */
function suppliesOf(attributes: Attributes): NonNullable<PrinterReading['supplies']> {
  const octets = attributes.texts('printer-supply')
  const names = attributes.texts('printer-supply-description')
  if (octets.length > 0) {
    return octets.map((octet, n) => {
      const fields = fieldsOf(octet)
      const name = names[n] ?? [fields.get('colorantname'), fields.get('type')].filter(Boolean).join(' ')
      const receptacle = fields.get('class') === 'receptacleThatIsFilled' || isWaste(fields.get('type'))
      const supply = supplyOf({
        name,
        receptacle,
        max: numberOf(fields, 'maxcapacity'),
        level: numberOf(fields, 'level'),
      })
      return receptacle && numberOf(fields, 'highlevel') <= 0 ? withoutState(supply) : supply
    })
  }
  const types = attributes.texts('marker-types')
  const markers = attributes.texts('marker-names')
  const highs = attributes.numbers('marker-high-levels')
  return attributes.numbers('marker-levels').map((level, n) => {
    const type = types[n] ?? ''
    const supply = supplyOf({ name: markers[n] ?? type, receptacle: isWaste(type), max: 100, level })
    return isWaste(type) && !isThreshold(highs[n]) ? withoutState(supply) : supply
  })
}

function isWaste(type: string | undefined): boolean {
  return /^waste/i.test(type ?? '')
}

/** 0 and 100 are what is written where there is none. */
function isThreshold(percent: number | undefined): boolean {
  return percent !== undefined && percent > 0 && percent < 100
}

function numberOf(fields: ReadonlyMap<string, string>, name: string): number {
  const number = Number(fields.get(name) ?? -2)
  return Number.isFinite(number) ? number : -2
}

/** What paper may come from; not the slot for single sheets, which is empty as a rule. */
function traysOf(attributes: Attributes): readonly { readonly name: string; readonly level: number }[] {
  return attributes
    .texts('printer-input-tray')
    .map(fieldsOf)
    .filter((fields) => fields.get('type') !== 'sheetFeedManual')
    .map((fields) => ({ name: fields.get('name') ?? '', level: numberOf(fields, 'level') }))
}

function moreOf(attributes: Attributes, state: string): JsonObject {
  const message = attributes.text('printer-state-message')
  const upTime = attributes.number('printer-up-time')
  const trays = traysOf(attributes).map(({ name, level }) => ({ name, level }))
  const described = attributes.texts('printer-alert-description')
  const alerts = attributes
    .texts('printer-alert')
    .map((alert, n) => `${alert}${described[n] ? ` ${described[n]}` : ''}`)
  const waiting = attributes.number('queued-job-count')
  return {
    state,
    reasons: [...attributes.texts('printer-state-reasons')],
    ...(message !== undefined && { message }),
    ...(upTime !== undefined && { up_time_seconds: upTime }),
    ...(waiting !== undefined && { queued_jobs: waiting }),
    ...(trays.length > 0 && { trays }),
    ...(alerts.length > 0 && { alerts }),
  }
}
