import { describe, expect, it } from 'vitest'
import { Attributes } from '../../../src/devices/ipp/attributes.ts'
import { TAG } from '../../../src/devices/ipp/codec.ts'
import { printerState } from '../../../src/devices/ipp/printer-state.ts'

/* Attributes of real printers that count, as tests of ctalkington/python-ipp (2022) and issues have them, told again. */

function said(attributes: Readonly<Record<string, readonly (string | number | boolean)[]>>): Attributes {
  const tags = { string: TAG.text, number: TAG.integer, boolean: TAG.boolean } as const
  const tagOf = (value: string | number | boolean): number => tags[typeof value as keyof typeof tags]
  const valued = Object.entries(attributes).map(
    ([name, values]) => [name, values.map((value) => ({ tag: tagOf(value), value }))] as const,
  )
  return new Attributes(new Map(valued))
}

describe('attributes of real printers', () => {
  it('Epson XP-6000, of which a part is low and no tray tells its level', () => {
    const state = printerState(
      said({
        'printer-state': [3],
        'printer-state-reasons': ['marker-supply-low-warning'],
        'printer-is-accepting-jobs': [true],
        'printer-device-id': ['MFG:EPSON;CMD:ESCPL2,BDC;MDL:XP-6000 Series;CLS:PRINTER;SN:583434593035343031;'],
        'printer-input-tray': ['type=other;maxcapacity=-2;level=-2;status=0;name=Sheet feeder bin 1;'],
      }),
    )
    expect(state).toMatchObject({ ready: 'yes', identity: { vendor: 'EPSON', serial: 'X44Y05401' } })
    expect(state?.conditions.map(({ name }) => name)).toEqual(['supply-low'])
  })

  it('a serial number that is no hexadecimal text stays as it is', () => {
    const serial = (id: string): string | undefined =>
      printerState(said({ 'printer-state': [3], 'printer-device-id': [id] }))?.identity?.serial
    expect(serial('MFG:HP;SN:583434593035343031;')).toBe('583434593035343031')
    expect(serial('MFG:EPSON;SN:583434593035343012;')).toBe('583434593035343012')
    expect(serial('MFG:EPSON;SN:X44Y054012;')).toBe('X44Y054012')
  })

  it('a waste box is judged only where it says when it is full', () => {
    const waste = (more: string): unknown => {
      const supply = `index=2;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;${more}`
      const state = printerState(said({ 'printer-state': [3], 'printer-supply': [supply] }))
      return [state?.supplies?.[0]?.state, state?.conditions.map(({ name }) => name)]
    }
    // A Kyocera with TK-5490 says highlevel=95; a Toshiba counts the room that is left, and its empty box has level=100.
    expect(waste('level=0;highlevel=95;')).toEqual(['ok', []])
    expect(waste('level=97;highlevel=95;')).toEqual(['low', ['supply-low']])
    expect(waste('level=100;')).toEqual([undefined, []])
    const marker = (high: number): unknown => {
      const levels = { 'marker-levels': [98], 'marker-high-levels': [high] }
      const said98 = said({ 'printer-state': [3], 'marker-types': ['waste-toner'], 'marker-names': ['Box'], ...levels })
      return printerState(said98)?.conditions.map(({ name }) => name)
    }
    expect([marker(100), marker(0), marker(95)]).toEqual([[], [], ['supply-low']])
  })

  it('Kyocera ECOSYS M2540dn, which sleeps and gives no reasons', () => {
    const state = printerState(said({ 'printer-state': [3], 'printer-state-message': ['Sleeping...  '] }))
    expect(state).toMatchObject({ ready: 'yes', conditions: [] })
  })
})
