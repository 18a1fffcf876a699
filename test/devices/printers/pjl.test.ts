import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { pjl } from '../../../src/devices/pjl/client.ts'
import { answersIn, QUESTION, statusIn } from '../../../src/devices/pjl/codec.ts'
import { conditionOf } from '../../../src/devices/pjl/status-codes.ts'
import type { ConditionName } from '../../../src/devices/printer/reading.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { pjlEmulator } from '../../../src/sandbox/printers/pjl.ts'
import { Bench, lineSaying, lineTo, names, reading } from './bench.ts'

const bench = new Bench()
afterEach(() => bench.close())
const READY = '@PJL INFO STATUS\r\nCODE=10001\r\nDISPLAY="Ready"\r\nONLINE=TRUE\r\n\f'
const status = (code: number, online = 'TRUE', display = 'x'): string =>
  `@PJL INFO STATUS\r\nCODE=${code}\r\nDISPLAY="${display}"\r\nONLINE=${online}\r\n\f`

describe('words of PJL', () => {
  it('asks between two UELs', () => {
    expect(QUESTION.startsWith('\x1b%-12345X@PJL\r\n')).toBe(true)
    expect(QUESTION.endsWith('\r\n\x1b%-12345X')).toBe(true)
  })

  it('reads the answer of the reference', () => {
    const answers = answersIn(Buffer.from(READY))
    expect(statusIn(answers.get('STATUS') ?? '')).toEqual({ codes: [10_001], isOnline: true })
  })

  it('reads two answers that end in one form feed', () => {
    const both =
      '@PJL INFO STATUS\r\nCODE=40000\r\nDISPLAY="Sleep"\r\nONLINE=TRUE\r\n@PJL INFO PAGECOUNT\r\nPAGECOUNT=16441\r\n\f'
    const answers = answersIn(Buffer.from(both))
    expect(statusIn(answers.get('STATUS') ?? '')).toEqual({ codes: [40_000], isOnline: true })
    expect(answers.get('PAGECOUNT')).toBe('PAGECOUNT=16441\r\n')
  })

  it.each<[number, ConditionName | undefined]>([
    [10_001, undefined],
    [10_002, 'offline'],
    [10_006, 'toner-low'],
    [10_023, undefined],
    [11_100, 'paper-low'],
    [20_010, undefined],
    [30_119, 'paper-jam'],
    [35_075, 'service-requested'],
    [40_021, 'cover-open'],
    [40_022, 'paper-jam'],
    [40_010, 'waiting-for-user'],
    [41_213, 'paper-out'],
    [42_011, 'paper-jam'],
    [44_011, 'paper-jam'],
    [50_001, 'unrecoverable-error'],
    [60_000, undefined],
    [10_027, 'paper-jam'],
    [10_200, 'toner-low'],
    [10_203, 'toner-low'],
    [10_204, 'supply-low'],
    [10_208, 'supply-low'],
    [10_209, 'toner-low'],
    [10_212, 'toner-low'],
    [10_300, 'toner-low'],
    [10_303, 'toner-low'],
    [10_305, 'supply-low'],
    [10_316, 'service-requested'],
    [12_101, 'other-warning'],
    [15_011, 'output-full'],
    [30_016, 'other-warning'],
    [40_000, undefined],
    [40_038, 'toner-low'],
    [40_600, 'toner-empty'],
    [43_101, 'service-requested'],
    [55_001, 'other-error'],
  ])('CODE=%s: %s', (code, condition) => expect(conditionOf(code)?.name).toBe(condition))

  it('a bin that is full stops a printer only that says it is offline', () => {
    expect(conditionOf(15_031, true)?.name).toBe('output-nearly-full')
    expect(conditionOf(15_031, false)?.name).toBe('output-full')
  })

  it('the words on the display count for nothing', () => {
    const answer = 'CODE=10001\r\nDISPLAY="CODE=40021 ONLINE=FALSE Papier\xf3w brak"\r\nONLINE=TRUE\r\n'
    expect(statusIn(answer)).toEqual({ codes: [10_001], isOnline: true })
  })

  it('never throws; status that somebody else has asked for is none of ours', () => {
    fc.assert(fc.property(fc.uint8Array(), (any) => void answersIn(any)))
    fc.assert(fc.property(fc.string(), (any) => void statusIn(any)))
    const mixed = answersIn(Buffer.from(`@PJL USTATUS DEVICE\r\nCODE=40021\r\n\f${READY}`))
    expect([...mixed.keys()]).toEqual(['STATUS'])
  })

  it('an answer that is cut is none', () => {
    for (let length = 0; length < READY.length; length++) {
      expect(answersIn(Buffer.from(READY.slice(0, length))).size).toBe(0)
    }
  })
})

describe('an office printer', () => {
  it('is well when it says so, whatever its language, and in how many packets', async () => {
    const began = performance.now()
    const read = await bench.read(pjl, pjlEmulator)
    expect(read).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [], identity: { model: 'TM-T88V' } })
    expect(read.counters).toEqual({ pages: 41_000 })
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('byte by byte, behind status that another program has switched on', async () => {
    const text = `@PJL USTATUS DEVICE\r\nCODE=40021\r\n\f${READY}@PJL INFO ID\r\n"HP"\r\n\f@PJL INFO PAGECOUNT\r\n77\r\n\f`
    const port = await bench.start((socket) => {
      socket.once('data', async () => {
        for (const byte of text) {
          socket.write(byte)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
    })
    const read = await reading(pjl, lineTo(port))
    expect(read).toMatchObject({ ready: 'yes', conditions: [], identity: { model: 'HP' }, counters: { pages: 77 } })
  })

  it.each<[PrinterFault, ConditionName[], string]>([
    ['cover-open', ['cover-open'], 'no'],
    ['paper-out', ['paper-out'], 'no'],
    ['cutter-error', ['paper-jam'], 'no'],
    ['mechanism-error', ['unrecoverable-error'], 'no'],
    ['paper-low', ['paper-low'], 'yes'],
  ])('%s shows', async (fault, conditions, ready) => {
    const read = await bench.read(pjl, pjlEmulator, fault)
    expect({ ready: read.ready, names: names(read) }).toEqual({ ready, names: conditions })
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-hung', 'no', 'open'],
    ['printer-busy', 'unknown', 'reset'],
  ])('%s: answered %s, never ready', async (fault, answered, line) => {
    expect(await bench.read(pjl, pjlEmulator, fault)).toMatchObject({ answered, line, ready: 'unknown' })
  })

  it('offline, strange codes and words that it does not know are never ready', async () => {
    const read = async (text: string) => reading(pjl, lineSaying(text, '\f'))
    expect(await read(status(10_001, 'FALSE'))).toMatchObject({ ready: 'no', conditions: [{ name: 'offline' }] })
    for (const code of [60_000, 10_999, 13_001, 36_000]) {
      const detail = expect.stringContaining(String(code))
      expect(await read(status(code))).toMatchObject({ ready: 'unknown', busy: false, conditions: [], detail })
    }
    expect(await read(status(20_010))).toMatchObject({ ready: 'unknown', conditions: [] })
  })

  it.each<[number, string, string, ConditionName[]]>([
    [40_000, 'TRUE', 'yes', []],
    [10_027, 'TRUE', 'no', ['paper-jam']],
    [10_205, 'TRUE', 'yes', ['supply-low']],
    [10_300, 'TRUE', 'yes', ['toner-low']],
    [10_300, 'FALSE', 'no', ['toner-low', 'offline']],
    [12_101, 'TRUE', 'yes', ['other-warning']],
    [15_031, 'FALSE', 'no', ['output-full']],
    [15_031, 'TRUE', 'yes', ['output-nearly-full']],
    [40_038, 'FALSE', 'no', ['toner-low', 'offline']],
    [40_600, 'FALSE', 'no', ['toner-empty']],
    [43_101, 'TRUE', 'unknown', ['service-requested']],
  ])('CODE=%i, ONLINE=%s: ready %s, %j', async (code, online, ready, conditions) => {
    const read = await reading(pjl, lineSaying(status(code, online), '\f'))
    expect({ ready: read.ready, names: names(read) }).toEqual({ ready, names: conditions })
  })

  it('whatever comes, a reading comes of it, and nothing else than the one question leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), async (answers) => {
        const line = lineSaying(...answers)
        expect(['yes', 'no']).toContain((await reading(pjl, line)).answered)
        for (const sent of line.sent) expect([QUESTION, '']).toContain(sent.toString('latin1'))
      }),
    )
    expect(Object.isFrozen(pjl)).toBe(true)
  })
})
