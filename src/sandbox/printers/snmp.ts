import { decodeQuestion, encodeResponse, type SnmpValue, type SnmpVariable } from '../../devices/snmp/codec.ts'
import { HR, PRINTER_TYPE, PRT, SYSTEM } from '../../devices/snmp/objects.ts'
import type { ImitatedPrinter, PrinterFault } from './imitated-printer.ts'

/** Answers one datagram as a printer's agent does; undefined where it stays silent. */
export type DatagramEmulator = (datagram: Uint8Array, printer: ImitatedPrinter) => Uint8Array | undefined

/** The faults that an agent can tell. */
export const SNMP_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'paper-low',
  'cover-open',
  'cutter-error',
  'mechanism-error',
  'printer-silent',
  'printer-garbage',
  'wrong-identity',
]

const NO_SUCH_NAME = 2
const MAX_VARIABLES = 60

/** An office printer whose agent answers to the community `public`; to another one it says nothing, as agents do. */
export const snmpEmulator: DatagramEmulator = (datagram, printer) => {
  if (printer.faults.has('printer-silent')) return undefined
  if (printer.faults.has('printer-garbage')) return Buffer.from('no SNMP at all')
  const asked = decodeQuestion(datagram)
  if (asked?.community !== 'public') return undefined
  const objects = sorted(objectsOf(printer))
  const next = (oid: string): SnmpVariable =>
    objects.find((other) => compare(other.oid, oid) > 0) ?? { oid, value: null }
  const { operation, oids, version, community, requestId } = asked
  const answer = (variables: readonly SnmpVariable[], errorStatus = 0, errorIndex = 0): Uint8Array =>
    encodeResponse({ version, community, requestId, errorStatus, errorIndex, variables })
  if (operation === 'get-bulk') return answer(rowsFrom(oids, asked.repetitions ?? 1, next))
  const variables = oids.map((oid) =>
    operation === 'get' ? (objects.find((other) => other.oid === oid) ?? { oid, value: null }) : next(oid),
  )
  const missing = variables.findIndex(({ value }) => value === null)
  return version === 'v1' && missing >= 0 ? answer(variables, NO_SUCH_NAME, missing + 1) : answer(variables)
}

function rowsFrom(oids: readonly string[], count: number, next: (oid: string) => SnmpVariable): SnmpVariable[] {
  const found: SnmpVariable[] = []
  let row = [...oids]
  for (let n = 0; n < count && found.length + row.length <= MAX_VARIABLES; n += 1) {
    const variables = row.map(next)
    found.push(...variables)
    row = variables.map(({ oid }) => oid)
  }
  return found
}

function objectsOf(printer: ImitatedPrinter): SnmpVariable[] {
  const { faults } = printer
  const bits = bitsOf(printer)
  const isDown = (bits[0] ?? 0) & 0x5c
  const isLow = faults.has('paper-low')
  // Index 7: that it is 1 is only a habit.
  return [
    object(SYSTEM.description, `${printer.vendor} ETHERNET MULTI-ENVIRONMENT`),
    object(`${HR.deviceType}.1`, { oid: '1.3.6.1.2.1.25.3.1.3' }),
    object(`${HR.deviceType}.7`, { oid: PRINTER_TYPE }),
    object(`${HR.deviceDescription}.7`, printer.model),
    object(`${HR.deviceStatus}.7`, isDown ? 5 : isLow ? 3 : 2),
    object(`${HR.printerStatus}.7`, isDown ? 1 : 3),
    object(`${HR.errorState}.7`, bits),
    object(`${PRT.serial}.1`, faults.has('wrong-identity') ? `${printer.serial}X` : printer.serial),
    object(`${PRT.coverStatus}.1.1`, faults.has('cover-open') ? 3 : 4),
    object(`${PRT.lifeCount}.1.1`, 12_345),
    object(`${PRT.inputMax}.1.1`, 250),
    object(`${PRT.inputLevel}.1.1`, faults.has('paper-out') ? 0 : -3),
    object(`${PRT.inputName}.1.1`, 'Tray 1'),
    object(`${PRT.supplyClass}.1.1`, 3),
    object(`${PRT.supplyType}.1.1`, 3),
    object(`${PRT.supplyDescription}.1.1`, 'Black Toner'),
    object(`${PRT.supplyMax}.1.1`, 2000),
    object(`${PRT.supplyLevel}.1.1`, 1400),
  ]
}

function bitsOf({ faults }: ImitatedPrinter): Uint8Array {
  const first =
    (faults.has('paper-low') ? 0x80 : 0) |
    (faults.has('paper-out') ? 0x40 : 0) |
    (faults.has('cover-open') ? 0x08 : 0) |
    (faults.has('cutter-error') || faults.has('mechanism-error') ? 0x04 : 0)
  return new Uint8Array([first])
}

function object(oid: string, value: SnmpValue | string): SnmpVariable {
  return { oid, value: typeof value === 'string' ? new Uint8Array(Buffer.from(value)) : value }
}

function sorted(objects: readonly SnmpVariable[]): SnmpVariable[] {
  return [...objects].sort((one, other) => compare(one.oid, other.oid))
}

/** Arc by arc, a beginning before what it begins. */
function compare(one: string, other: string): number {
  const [left, right] = [one.split('.').map(Number), other.split('.').map(Number)]
  for (let n = 0; n < Math.min(left.length, right.length); n += 1) {
    const by = (left[n] ?? 0) - (right[n] ?? 0)
    if (by !== 0) return by
  }
  return left.length - right.length
}
