import { describe, expect, it } from 'vitest'
import type { ConditionName } from '../../../src/devices/printer/reading.ts'
import type { Column } from '../../../src/devices/snmp/agent.ts'
import type { SnmpValue } from '../../../src/devices/snmp/codec.ts'
import { HR, PRINTER_TYPE, PROCESSOR_TYPE, PRT } from '../../../src/devices/snmp/objects.ts'
import { type MibState, mibState } from '../../../src/devices/snmp/printer-mib.ts'

/*
 * What agents of real printers said, as public walks have it: facts of the objects that count, told again. LibreNMS is
 * librenms/librenms, tests/snmpsim, at the commit that is named.
 */

type Cell = number | string | { readonly oid: string } | { readonly hex: string }

/** Columns, each from row 1 (or 1.1) on; undefined leaves a row out. */
type Walk = Readonly<Record<string, readonly (Cell | undefined)[]>>

const COLUMNS: Readonly<Record<string, string>> = { ...HR, ...PRT }

function asValue(cell: Cell): SnmpValue {
  if (typeof cell === 'string') return new Uint8Array(Buffer.from(cell))
  if (typeof cell === 'object' && 'hex' in cell) return new Uint8Array(Buffer.from(cell.hex, 'hex'))
  return cell
}

function read(walk: Walk): MibState | undefined {
  const tables = new Map<string, Column>()
  for (const [name, cells] of Object.entries(walk)) {
    const row = (n: number): string => (name in HR ? `${n + 1}` : `1.${n + 1}`)
    const column = cells.flatMap((cell, n) => (cell === undefined ? [] : [[row(n), asValue(cell)] as const]))
    tables.set(COLUMNS[name] ?? name, new Map(column))
  }
  return mibState(tables)
}

const printer = { oid: PRINTER_TYPE }
const bits = (hex: string): Walk => ({ errorState: [{ hex }] })
const names = (state: MibState | undefined): ConditionName[] => state?.conditions.map(({ name }) => name) ?? []
const says = (walk: Walk): readonly [MibState['ready'] | undefined, readonly ConditionName[]] => {
  const state = read(walk)
  return [state?.ready, names(state)]
}

describe('walks of real printers', () => {
  it('Brother MFC-L2710DW, which is running, and of which nobody asked hrPrinterStatus (LibreNMS 34cba3b)', () => {
    const walk = {
      deviceType: [printer],
      deviceStatus: [2],
      ...bits('00'),
      inputMax: [250, 1, 250],
      inputLevel: [-3, -3, -3],
      inputName: ['AUTO', 'MANUAL TRAY', 'TRAY1'],
      supplyType: [3, 9],
      supplyMax: [-2, 12_000],
      supplyLevel: [-3, 11_501],
    }
    expect(says(walk)).toEqual(['yes', []])
    expect(says({ ...walk, alertSeverity: [3], alertCode: [30_000] })).toEqual(['unknown', ['other-error']])
  })

  it('Sharp MX-3570N, which warns of toner (LibreNMS 34cba3b)', () => {
    const walk = {
      deviceType: [printer],
      deviceStatus: [3],
      ...bits('2000'),
      inputLevel: [0, 181, 181, 181, 368, -2],
      supplyType: [3, 4, 9],
      supplyDescription: ['Magenta Toner', 'Waste Toner', 'Cyan Photoconductive Drum'],
      supplyMax: [100, -2, 100],
      supplyLevel: [19, 100, 81],
    }
    expect(says(walk)).toEqual(['yes', ['toner-low']])
  })

  it('Epson WF-C5790, which warns and does not say of what (LibreNMS 824ff7e)', () => {
    const walk = { deviceType: [printer], deviceStatus: [3], ...bits(''), inputMax: [80, 250], inputLevel: [-2, -2] }
    expect(says(walk)).toEqual(['unknown', []])
  })

  it.each<[string, Walk]>([
    // LibreNMS 34cba3b: neither class nor type was asked.
    ['Xerox AltaLink C8045', { supplyDescription: ['Waste Toner Container, PN 008R13061'], supplyLevel: [5] }],
    // LibreNMS 9e75a9a: it counts the room that is left.
    ['Toshiba e-STUDIO338CS', { supplyType: [4], supplyDescription: ['Waste Toner Bottle'], supplyLevel: [100] }],
    ['a box that is called consumed', { supplyClass: [3], supplyType: [4], supplyLevel: [0] }],
    ['a box of waste ink', { supplyClass: [3], supplyType: [8], supplyLevel: [1] }],
  ])('%s: nobody knows how full its waste box is', (_, walk) => {
    const state = read({ deviceType: [printer], deviceStatus: [2], printerStatus: [3], supplyMax: [100], ...walk })
    expect(state?.ready).toBe('yes')
    expect(names(state)).toEqual([])
    expect(state?.supplies?.[0]?.state).toBeUndefined()
  })

  it('Xerox WorkCentre M123: interlocks are open and closed too (centreon/centreon-plugins, issue 2785)', () => {
    const walk = { deviceType: [printer], deviceStatus: [5], printerStatus: [1], ...bits('08') }
    expect(says({ ...walk, coverStatus: [6, 6, 6, 6] })).toEqual(['no', ['other-error']])
    expect(says({ ...walk, coverStatus: [6, 5, 6, 6] })).toEqual(['no', ['cover-open']])
    // Values of the maker, and "unknown", do not say that a door is closed.
    expect(says({ ...walk, coverStatus: [2, 10_003] })).toEqual(['no', ['cover-open']])
  })

  it('Lexmark X950: two of seven trays are empty, and it goes on (lausser/check_printer_health, Lexmark)', () => {
    const walk = {
      deviceType: [printer],
      deviceStatus: [3],
      printerStatus: [3],
      ...bits('41'),
      coverStatus: [4, 4, 4, 4, 4, 4],
      inputLevel: [0, -3, -3, 0, -3, -3, -3],
      alertSeverity: [4, 4],
      alertGroup: [8, 8],
      alertCode: [808, 808],
    }
    expect(says(walk)).toEqual(['yes', ['paper-low', 'service-requested']])
    expect(says({ ...walk, alertSeverity: [4, 3] })[0]).toBe('no')
    // Without a table of alerts, by its trays.
    expect(says({ ...walk, alertSeverity: [], alertCode: [], inputLevel: [0, 200] })[1]).toContain('paper-low')
  })

  it('Brother MFC-J5110DW with a tray taken out (bieniu/brother, issue 850)', () => {
    const down = { deviceType: [printer], deviceStatus: [5] }
    expect(says({ ...down, printerStatus: [1], ...bits('02') })).toEqual(['no', ['offline']])
    expect(says({ ...down, printerStatus: [3], ...bits('00') })).toEqual(['unknown', ['other-error']])
  })

  it('printers that lack the type of device, or are asleep', () => {
    // HP LaserJet P1505n (apple/cups, issue 3598); Kyocera M8130cidn with little toner (centreon-plugins, issue 2784).
    expect(says({ deviceStatus: [2], printerStatus: [3], ...bits('00') })).toEqual(['yes', []])
    expect(says({ deviceType: [printer], deviceStatus: [3], printerStatus: [3], ...bits('20') })).toEqual([
      'yes',
      ['toner-low'],
    ])
    const asleep = { deviceType: [printer], deviceStatus: [3], printerStatus: [1], ...bits('2000') }
    expect(says(asleep)).toEqual(['unknown', ['toner-low']])
    // An HP that tells of its sleep, in Chinese, with the code for it.
    expect(says({ ...asleep, alertSeverity: [1], alertCode: [23], alertDescription: ['启用睡眠模式'] })).toEqual([
      'yes',
      ['toner-low'],
    ])
    const out = { ...asleep, ...bits('4000'), alertSeverity: [1], alertCode: [23] }
    expect(says(out)).toEqual(['no', ['paper-out']])
  })

  it('an alert that is no more than a warning blocks nothing while the printer is not down', () => {
    const warns = { deviceType: [printer], deviceStatus: [3], printerStatus: [1], ...bits('') }
    const tray = { alertGroup: [8], alertCode: [13], alertDescription: ['Cassette 2'] }
    expect(says({ ...warns, alertSeverity: [4], ...tray })).toEqual(['unknown', ['paper-low']])
    const down = { ...warns, deviceStatus: [5] }
    expect(says({ ...down, alertSeverity: [4], ...tray })).toEqual(['no', ['paper-out']])
    expect(says({ ...down, alertSeverity: [3], alertGroup: [11], alertCode: [1109] })).toEqual(['no', ['waste-full']])
    // HP DesignJet Z5200 PS notes that it is ready (fusioninventory-for-glpi, issue 1698).
    expect(says({ ...warns, alertSeverity: [1], alertCode: [1], alertDescription: ['Ready'] })[1]).toEqual([])
  })

  it('the queues of a computer are no printer, whatever it calls them', () => {
    // A Windows 10 with "Microsoft Print to PDF" and two more: each is running, other, 00.
    const one = {
      deviceType: [printer, { oid: PROCESSOR_TYPE }],
      deviceStatus: [2, 2],
      printerStatus: [1],
      ...bits('00'),
    }
    expect(read(one)).toBeUndefined()
    const three = { deviceType: [printer, printer, printer], deviceStatus: [2, 2, 2], printerStatus: [3, 3, 3] }
    expect(read(three)).toBeUndefined()
    // A printer that has a processor has a Printer-MIB, too.
    expect(read({ ...one, serial: ['X1'] })?.ready).toBe('yes')
  })
})
