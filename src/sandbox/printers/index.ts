import type { Socket } from 'node:net'
import type { PlacedPrinter } from '../device-spec.ts'
import type { DeviceFault } from '../fault.ts'
import { SlowLine } from '../slow-line.ts'
import { atolEmulator } from './atol.ts'
import { escposEmulator } from './escpos.ts'
import { PRINTER_FAULTS, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'
import { ippEmulator } from './ipp.ts'
import { noviApiEmulator } from './noviapi.ts'
import { novitusXmlEmulator } from './novitus-xml.ts'
import { pjlEmulator } from './pjl.ts'
import { posnetEmulator } from './posnet.ts'
import { shtrihEmulator } from './shtrih.ts'
import { thermalEmulator } from './thermal.ts'
import { zebraEmulator } from './zebra.ts'

/** Printers that the sandbox has, by the names that inventories give their protocols, and the ports that these use. */
export const EMULATORS: Readonly<Record<string, { readonly emulate: PrinterEmulator; readonly port: number }>> = {
  atol: { emulate: atolEmulator, port: 16732 },
  escpos: { emulate: escposEmulator, port: 9100 },
  ipp: { emulate: ippEmulator, port: 631 },
  noviapi: { emulate: noviApiEmulator, port: 8888 },
  novitus: { emulate: novitusXmlEmulator, port: 6001 },
  'novitus-xml': { emulate: novitusXmlEmulator, port: 6001 },
  pjl: { emulate: pjlEmulator, port: 9100 },
  posnet: { emulate: posnetEmulator, port: 6666 },
  shtrih: { emulate: shtrihEmulator, port: 7778 },
  thermal: { emulate: thermalEmulator, port: 6001 },
  zebra: { emulate: zebraEmulator, port: 9100 },
  zpl: { emulate: zebraEmulator, port: 9100 },
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
  const name = fault?.name
  const faults = new Set(name !== undefined && isPrinterFault(name) ? [name] : [])
  EMULATORS[printer.protocol]?.emulate(line, { ...printer, faults, now: () => new Date() })
}

function isPrinterFault(name: string): name is PrinterFault {
  return Object.hasOwn(PRINTER_FAULTS, name)
}
