import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { cpcl } from '../../../src/devices/label/cpcl.ts'
import { dpl } from '../../../src/devices/label/dpl.ts'
import { epl } from '../../../src/devices/label/epl.ts'
import { sbpl } from '../../../src/devices/label/sbpl.ts'
import type { LineProtocol } from '../../../src/devices/printer/protocol.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { cpclEmulator, dplEmulator, eplEmulator, sbplEmulator } from '../../../src/sandbox/printers/label-languages.ts'
import { Bench, lineSaying, names, reading } from './bench.ts'

const bench = new Bench()
afterEach(async () => {
  await bench.close()
  bench.heard.length = 0
})

/** What a printer that says so is read as: whether it is ready, and what is the matter with it. */
async function said(protocol: LineProtocol, ...answers: (string | Uint8Array)[]): Promise<string> {
  const read = await reading(protocol, lineSaying(...answers))
  return [read.answered === 'yes' ? read.ready : `answered: ${read.answered}`, ...names(read)].join(' ')
}

describe('SBPL: the letter of ENQ', () => {
  // SATO, E series, page 7-9, and DR300, chapter 10.
  it.each([
    ['A', 'yes'],
    ['B', 'yes supply-low'],
    ['C', 'yes'],
    ['D', 'yes supply-low'],
    ['G', 'yes'],
    ['J', 'yes supply-low'],
    ['M', 'yes'],
    ['S', 'yes'],
    ['T', 'yes supply-low'],
    ['0', 'no offline'],
    ['1', 'no offline supply-low'],
    ['b', 'no head-open'],
    ['c', 'no paper-out'],
    ['d', 'no ribbon-out'],
    ['e', 'no offline'],
    ['f', 'no mechanism-error'],
    ['g', 'no mechanism-error'],
    ['i', 'no offline'],
    ['j', 'no cutter-error'],
    ['k', 'no offline'],
    ['a', 'unknown other-error'],
    // Of no table, or explained differently by two manuals.
    ['4', 'unknown other-error'],
    ['E', 'unknown other-error'],
    ['W', 'unknown other-error'],
    ['h', 'unknown other-error'],
    ['Z', 'unknown other-error'],
    ['9', 'unknown other-error'],
  ])('%s: %s', async (state, read) => {
    expect(await said(sbpl, `\x02  ${state}000000\x03`)).toBe(read)
    // With the name of a job, and with the length in front.
    expect(await said(sbpl, `\x0207${state}0000120000000000PRICES\x03`)).toBe(read)
    expect(await said(sbpl, `\0\0\0\x0b\x02  ${state}000000\x03`)).toBe(read)
  })

  it('tells how many labels are left', async () => {
    const { more } = await reading(sbpl, lineSaying('\x0207G000012\x03'))
    expect(more).toEqual({ labels_left: 12, doing: 'printing' })
  })

  it.each([
    '',
    'A',
    '\x02  A00000\x03',
    '\x02  A000000',
    '\x02 \0A000000\x03',
    '\0\0\0\x0c\x02  A000000\x03',
    'x\x02  A000000\x03',
  ])('%j is no answer', async (answer) => {
    expect(await said(sbpl, answer)).toBe('answered: no')
  })
})

describe('DPL: the characters of SOH A and SOH a', () => {
  // Class Series 2 Programmer's Manual, table 3-1.
  const WELL = 'NNNNNNNN'
  const withY = (place: number): string => {
    const all = [...`${WELL}:${WELL}:${WELL}`]
    all[place] = 'Y'
    return all.join('')
  }
  it.each([
    [0, 'yes'],
    [1, 'no paper-out'],
    [2, 'no ribbon-out'],
    [3, 'yes'],
    [4, 'yes'],
    [5, 'no paused'],
    [6, 'yes'],
    [7, 'no mechanism-error'],
    [9, 'no cutter-error'],
    [10, 'no paper-out'],
    [11, 'no mechanism-error'],
    [12, 'no head-open'],
    [13, 'no mechanism-error'],
    [14, 'yes supply-low'],
    [18, 'yes'],
  ])('Y at %i: %s', async (place, read) => {
    const long = withY(place)
    expect(await said(dpl, `${long.slice(0, 8)}\r`, `${long}\r`)).toBe(read)
    // The first Class Series says less; old firmware nothing, and then only the first eight are known.
    if (place < 15) expect(await said(dpl, `${long.slice(0, 8)}\r`, `${long.slice(0, 17)}\r`)).toBe(read)
    if (place < 8) expect(await said(dpl, `${long.slice(0, 8)}\r`, '')).toBe(read)
  })

  it.each(['', 'NNNNNNN\r', 'NNNNNNNX\r', 'NNNNNNNN', 'login: '])('%j is no answer', async (answer) => {
    expect(await said(dpl, answer, '')).toBe('answered: no')
  })
})

describe('CPCL: the byte of ESC h', () => {
  // Zebra's CPCL programming manual, section 11.
  it.each([
    [0x00, 'yes'],
    [0x01, 'yes'],
    [0x02, 'no paper-out'],
    [0x04, 'no cover-open'],
    [0x06, 'no paper-out cover-open'],
    [0x08, 'yes other-warning'],
    [0x10, 'yes'],
    // Bits without a meaning: something else speaks.
    [0x20, 'answered: no'],
    [0x41, 'answered: no'],
    [0x80, 'answered: no'],
  ])('%i: %s', async (byte, read) => {
    expect(await said(cpcl, Uint8Array.of(byte), '', Uint8Array.of(byte))).toBe(read)
  })

  it('tells its model', async () => {
    const { identity, more } = await reading(cpcl, lineSaying('\x01', 'QLn320 V68.19 XXQTJ\0', '\x01'))
    expect([identity, more]).toEqual([{ model: 'QLn320 V68.19 XXQTJ' }, { printing: true }])
  })

  it('is none that says more, or says it once', async () => {
    expect(await said(cpcl, '\0\0', '', '\0')).toBe('answered: no')
    expect(await said(cpcl, '\0', '', '')).toBe('answered: no')
  })
})

describe('EPL: the codes of ^ee', () => {
  it.each([
    ['00\r\n', 'yes'],
    ['07\r\n', 'no paper-out'],
    ['11\n', 'no head-open'],
    ['07,11\r\n', 'no paper-out head-open'],
    // A fault of what was printed last, or one without a name.
    ['01\r\n', 'unknown other-error'],
    ['00', 'answered: no'],
    ['', 'answered: no'],
    ['7\r\n', 'answered: no'],
    ['Error 07\r\n', 'answered: no'],
  ])('%j: %s', async (answer, read) => {
    expect(await said(epl, answer)).toBe(read)
  })
})

describe.each<[string, LineProtocol, PrinterEmulator, string]>([
  ['sbpl', sbpl, sbplEmulator, '\x05'],
  ['dpl', dpl, dplEmulator, '\x01A\x01a'],
  ['cpcl', cpcl, cpclEmulator, '\x1bh\x1bv\x1bh'],
  ['epl', epl, eplEmulator, '^ee\r\n'],
])('a label printer that speaks %s', (name, protocol, emulator, questions) => {
  it('is well when it says so, and is asked nothing else', async () => {
    expect(await bench.read(protocol, emulator)).toMatchObject({ protocol: name, answered: 'yes', ready: 'yes' })
    expect(Buffer.concat(bench.heard).toString('latin1')).toBe(questions)
  })

  it.each<[PrinterFault, string]>([
    ['paper-out', 'paper-out'],
    ['cover-open', name === 'cpcl' ? 'cover-open' : 'head-open'],
  ])('%s shows', async (fault, condition) => {
    const read = await bench.read(protocol, emulator, fault)
    expect(read.ready).toBe('no')
    expect(names(read)).toContain(condition)
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-busy', 'unknown', 'reset'],
  ])('%s: answered %s, never ready', async (fault, answered, line) => {
    expect(await bench.read(protocol, emulator, fault)).toMatchObject({ answered, line, ready: 'unknown' })
  })

  it('whatever comes, a reading comes of it, and nothing but its questions leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 3 }), async (answers) => {
        const line = lineSaying(...answers)
        const read = await reading(protocol, line)
        if (read.answered !== 'yes') expect(read.ready).toBe('unknown')
        expect(questions).toContain(Buffer.concat(line.sent).toString('latin1'))
      }),
    )
  })
})
