import type { Socket } from 'node:net'
import type { PlacedPrinter } from '../device-spec.ts'
import type { DeviceFault } from '../fault.ts'
import { SlowLine } from '../slow-line.ts'
import { ATOL_FAULTS, atolEmulator } from './atol.ts'
import { DATECS_FAULTS, DATECS_X_FAULTS, daisyEmulator, datecsEmulator, datecsXEmulator } from './datecs.ts'
import { EPSON_FP_FAULTS, epsonFpEmulator } from './epson-fp.ts'
import { ESCPOS_FAULTS, escposEmulator } from './escpos.ts'
import { type ImitatedPrinter, PRINTER_FAULTS, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'
import { IPP_FAULTS, ippEmulator } from './ipp.ts'
import {
  CPCL_FAULTS,
  cpclEmulator,
  dplEmulator,
  eplEmulator,
  LABEL_FAULTS,
  sbplEmulator,
  tsplEmulator,
} from './label-languages.ts'
import { NOVIAPI_FAULTS, noviApiEmulator } from './noviapi.ts'
import { NOVITUS_XML_FAULTS, novitusXmlEmulator } from './novitus-xml.ts'
import { inTurn } from './one-at-a-time.ts'
import { PJL_FAULTS, pjlEmulator } from './pjl.ts'
import { POSNET_FAULTS, posnetEmulator } from './posnet.ts'
import { SHTRIH_FAULTS, shtrih2Emulator, shtrihEmulator } from './shtrih.ts'
import { type DatagramEmulator, SNMP_FAULTS, snmpEmulator } from './snmp.ts'
import { THERMAL_FAULTS, thermalEmulator } from './thermal.ts'
import { TREMOL_FAULTS, tremolEmulator } from './tremol.ts'
import { VENDING_FAULTS, vendingEmulator } from './vending.ts'
import { ZEBRA_FAULTS, zebraEmulator } from './zebra.ts'

interface Emulated {
  readonly emulate: PrinterEmulator | { readonly answer: DatagramEmulator }
  /** The faults that its protocol can tell. */
  readonly shows: readonly PrinterFault[]
  readonly port: number
}

/** Printers that the sandbox has, by the names that inventories give their protocols, and the ports that these use. */
export const EMULATORS: Readonly<Record<string, Emulated>> = {
  atol: { emulate: atolEmulator, shows: ATOL_FAULTS, port: 16732 },
  cpcl: { emulate: cpclEmulator, shows: CPCL_FAULTS, port: 9100 },
  daisy: { emulate: daisyEmulator, shows: DATECS_FAULTS, port: 4999 },
  datecs: { emulate: datecsEmulator, shows: DATECS_FAULTS, port: 4999 },
  'datecs-x': { emulate: datecsXEmulator, shows: DATECS_X_FAULTS, port: 4999 },
  dpl: { emulate: dplEmulator, shows: LABEL_FAULTS, port: 9100 },
  epl: { emulate: eplEmulator, shows: LABEL_FAULTS, port: 9100 },
  'epson-fp': { emulate: epsonFpEmulator, shows: EPSON_FP_FAULTS, port: 80 },
  escpos: { emulate: escposEmulator, shows: ESCPOS_FAULTS, port: 9100 },
  'eva-dts': { emulate: vendingEmulator, shows: VENDING_FAULTS, port: 8080 },
  ipp: { emulate: ippEmulator, shows: IPP_FAULTS, port: 631 },
  noviapi: { emulate: noviApiEmulator, shows: NOVIAPI_FAULTS, port: 8888 },
  novitus: { emulate: novitusXmlEmulator, shows: NOVITUS_XML_FAULTS, port: 6001 },
  'novitus-xml': { emulate: novitusXmlEmulator, shows: NOVITUS_XML_FAULTS, port: 6001 },
  pjl: { emulate: pjlEmulator, shows: PJL_FAULTS, port: 9100 },
  posnet: { emulate: posnetEmulator, shows: POSNET_FAULTS, port: 6666 },
  sbpl: { emulate: sbplEmulator, shows: LABEL_FAULTS, port: 9100 },
  shtrih: { emulate: shtrihEmulator, shows: SHTRIH_FAULTS, port: 7778 },
  'shtrih-2': { emulate: shtrih2Emulator, shows: SHTRIH_FAULTS, port: 7778 },
  snmp: { emulate: { answer: snmpEmulator }, shows: SNMP_FAULTS, port: 161 },
  thermal: { emulate: thermalEmulator, shows: THERMAL_FAULTS, port: 6001 },
  tremol: { emulate: tremolEmulator, shows: TREMOL_FAULTS, port: 8000 },
  tspl: { emulate: tsplEmulator, shows: LABEL_FAULTS, port: 9100 },
  zebra: { emulate: zebraEmulator, shows: ZEBRA_FAULTS, port: 9100 },
  zpl: { emulate: zebraEmulator, shows: ZEBRA_FAULTS, port: 9100 },
}

const IDLE_MS = 60_000

/** Speaks with whoever connected to a printer, as its fault says. */
export function servePrinter(socket: Socket, printer: PlacedPrinter, fault: DeviceFault | undefined): void {
  socket.on('error', () => socket.destroy())
  if (fault?.name === 'reset-connect') {
    socket.resetAndDestroy()
    return
  }
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  const line = fault?.roundTripMs === undefined ? socket : new SlowLine(socket, fault.roundTripMs)
  line.on('error', () => line.destroy())
  const emulate = EMULATORS[printer.protocol]?.emulate
  inTurn(printer, socket, () => {
    if (typeof emulate === 'function') emulate(line, imitated(printer, fault))
  })
}

/** How a printer answers that is asked in datagrams; undefined for one that is connected to. */
export function responderOf(
  printer: PlacedPrinter,
): ((datagram: Uint8Array, fault: DeviceFault | undefined) => Uint8Array | undefined) | undefined {
  const emulate = EMULATORS[printer.protocol]?.emulate
  if (!emulate || typeof emulate === 'function') return undefined
  return (datagram, fault) => emulate.answer(datagram, imitated(printer, fault))
}

/** One for each printer: what it remembers outlasts a connection. */
const made = new WeakMap<PlacedPrinter, { faults: ReadonlySet<PrinterFault> } & ImitatedPrinter>()

function imitated(printer: PlacedPrinter, fault: DeviceFault | undefined): ImitatedPrinter {
  const one = made.get(printer) ?? { ...printer, faults: new Set(), now: () => new Date() }
  made.set(printer, one)
  one.faults = new Set([fault?.name ?? '', ...(fault?.also ?? [])].filter(isPrinterFault))
  return one
}

function isPrinterFault(name: string): name is PrinterFault {
  return Object.hasOwn(PRINTER_FAULTS, name)
}
