import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { tspl, tsplModel, tsplState } from '../../../src/devices/label/tspl.ts'
import type { ConditionName } from '../../../src/devices/printer/reading.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { tsplEmulator } from '../../../src/sandbox/printers/label-languages.ts'
import { Bench, lineSaying, names, reading } from './bench.ts'

const bench = new Bench()
afterEach(() => bench.close())
const byte = (value: number): Uint8Array => Uint8Array.of(value)

describe('the byte of TSPL', () => {
  // The table of TSC's manual (TTP-244 Plus, page 84), and of Gprinter's (GP-2120T, page 30).
  it.each<[number, ConditionName[]]>([
    [0x00, []],
    [0x01, ['head-open']],
    [0x02, ['paper-jam']],
    [0x03, ['head-open', 'paper-jam']],
    [0x04, ['paper-out']],
    [0x05, ['head-open', 'paper-out']],
    [0x08, ['ribbon-out']],
    [0x09, ['head-open', 'ribbon-out']],
    [0x0a, ['paper-jam', 'ribbon-out']],
    [0x0b, ['head-open', 'paper-jam', 'ribbon-out']],
    [0x0c, ['paper-out', 'ribbon-out']],
    [0x0d, ['head-open', 'paper-out', 'ribbon-out']],
    [0x10, ['paused']],
    [0x20, []],
    [0x40, ['cover-open']],
    [0x80, ['other-error']],
    // A VEVOR Y486BT with its lid open and a full roll in it (iragm/fishauctions, specification of its backend, 2026-07-26).
    [0x07, ['head-open']],
  ])('%i is %j', (value, conditions) => {
    expect(tsplState(byte(value))?.conditions.map(({ name }) => name)).toEqual(conditions)
    expect(tsplState(byte(value))?.isPrinting).toBe(value === 0x20)
  })

  it('is one byte, and the model is a line of text, however it ends', () => {
    expect(tsplState(Uint8Array.of(0, 0))).toBeUndefined()
    expect(tsplState(new Uint8Array())).toBeUndefined()
    for (const end of ['', '\r', '\r\n', '\0']) expect(tsplModel(Buffer.from(`TTP-245C${end}`))).toBe('TTP-245C')
    expect(tsplModel(byte(0))).toBeUndefined()
  })
})

describe('a label printer that speaks TSPL', () => {
  it('is well when it says so twice', async () => {
    const read = await bench.read(tspl, tsplEmulator)
    expect(read).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [], identity: { model: 'TM-T88V' } })
    expect(Buffer.concat(bench.heard).toString('latin1')).toBe('\x1b!?~!T\r\n\x1b!?')
  })

  it.each<[PrinterFault, ConditionName[], string]>([
    ['paper-out', ['paper-out'], 'no'],
    ['cover-open', ['head-open'], 'no'],
    ['mechanism-error', ['other-error'], 'unknown'],
  ])('%s shows', async (fault, conditions, ready) => {
    const read = await bench.read(tspl, tsplEmulator, fault)
    expect({ ready: read.ready, names: names(read) }).toEqual({ ready, names: conditions })
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-hung', 'no', 'open'],
    ['printer-busy', 'unknown', 'reset'],
  ])('%s: answered %s, never ready', async (fault, answered, line) => {
    expect(await bench.read(tspl, tsplEmulator, fault)).toMatchObject({ answered, line, ready: 'unknown' })
  })

  it('need not tell its model, and prints while it says so', async () => {
    const read = await reading(tspl, lineSaying(byte(0), '', byte(0x20)))
    expect(read).toMatchObject({ answered: 'yes', ready: 'yes', more: { printing: true } })
    expect(read.identity).toBeUndefined()
  })

  it('is none that sends more than a byte: an echo, automatic status, a banner', async () => {
    for (const other of ['\x1b!?', '\x14\0\0\x0f', 'login: ']) {
      expect(await reading(tspl, lineSaying(other, '', other))).toMatchObject({ answered: 'no', ready: 'unknown' })
    }
    // The end of a line that comes late is no state.
    expect(await reading(tspl, lineSaying(byte(0), 'TTP\r', '\n\0'))).toMatchObject({ answered: 'no' })
  })

  it('whatever comes, a reading comes of it, and nothing else than the two questions leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 3 }), async (answers) => {
        const line = lineSaying(...answers)
        const read = await reading(tspl, line)
        const isWell = answers.length === 3 && [0, 2].every((at) => answers[at]?.length === 1)
        expect(read.answered).toBe(isWell ? 'yes' : 'no')
        for (const sent of line.sent) expect(['\x1b!?', '~!T\r\n']).toContain(sent.toString('latin1'))
      }),
    )
  })
})
