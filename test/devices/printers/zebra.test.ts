import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { ConditionName } from '../../../src/devices/printer/reading.ts'
import { zebra } from '../../../src/devices/zebra/client.ts'
import { hostStatus, identityOf, stateConditions } from '../../../src/devices/zebra/codec.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { zebraEmulator } from '../../../src/sandbox/printers/zebra.ts'
import { Bench, lineSaying, names, reading } from './bench.ts'

const bench = new Bench()
afterEach(() => bench.close())
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const state = (errors: string, warnings = '0 00000000 00000000'): string =>
  `\x02\r\n\r\n  PRINTER STATUS                           \r\n   ERRORS:         ${errors}     \r\n   WARNINGS:       ${warnings}     \r\n\x03`
const FIRST = '\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n'
const SECOND = '\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n'
const IDENTITY = '\x02ZTC ZD421-203dpi ZPL,V93.21.23Z,8,8192KB\x03\r\n'

describe('bytes of ZPL', () => {
  it.each<[string, string, ConditionName[]]>([
    ['0 00000000 00000000', '0 00000000 00000000', []],
    ['1 00000000 00000001', '0 00000000 00000000', ['paper-out']],
    ['1 00000000 00000006', '1 00000000 00000008', ['ribbon-out', 'head-open', 'paper-low']],
    ['1 00000000 00010000', '1 00000000 00000FF0', ['paused']],
    ['1 00000000 00100000', '1 00000000 00001000', ['other-error', 'other-warning']],
    ['1 00000000 00000200', '0 00000000 00000000', ['unrecoverable-error']],
    ['1 00000000 00000100', '0 00000000 00000000', ['other-error']],
    ['1 00000001 00000000', '0 00000000 00000000', ['other-error']],
    ['1 00000000 00000000', '0 00000000 00000000', ['other-error']],
    ['1 00000000 80000000', '0 00000000 00000000', ['other-error']],
  ])('~HQES errors %s, warnings %s: %j', (errors, warnings, conditions) => {
    expect(stateConditions(bytes(state(errors, warnings)))?.map(({ name }) => name)).toEqual(conditions)
  })

  it('~HS: each flag has its place', () => {
    expect(hostStatus(bytes(FIRST + SECOND))).toEqual({ conditions: [], waiting: 0, labelsLeft: 0 })
    const first = '\x02030,1,1,1245,007,0,1,0,000,1,1,1\x03\r\n'
    const second = '\x02000,0,1,1,1,2,4,0,00000012,1,000\x03\r\n'
    const status = hostStatus(bytes(first + second))
    expect(status?.conditions.map(({ name }) => name)).toEqual([
      'paper-out',
      'paused',
      'head-open',
      'ribbon-out',
      'overheated',
      'other-warning',
      'ram-reset',
      'other-error',
    ])
    expect(status).toMatchObject({ waiting: 7, labelsLeft: 12 })
    expect(hostStatus(bytes(FIRST))).toBeUndefined()
  })

  it.each([...'0123456789KSklabc'])('~HS: whatever the mode of printing is: %s', (mode) => {
    const second = SECOND.replace('0,0,0,0,2,4', `0,0,0,0,${mode},4`)
    expect(second).toContain(`,${mode},4,`)
    expect(hostStatus(bytes(FIRST + second))).toEqual({ conditions: [], waiting: 0, labelsLeft: 0 })
  })

  it('~HI: model and firmware', () => {
    const own = { vendor: 'Zebra', model: 'ZTC ZD421-203dpi ZPL', firmware: 'V93.21.23Z' }
    expect(identityOf(bytes(IDENTITY))).toEqual(own)
    expect(identityOf(bytes(FIRST))).toBeUndefined()
  })

  it('never throws, and noise around an answer changes nothing', () => {
    fc.assert(fc.property(fc.uint8Array(), (any) => void [stateConditions(any), hostStatus(any), identityOf(any)]))
    for (let noise = 0; noise < 256; noise++) {
      const around = Buffer.concat([Buffer.of(noise), bytes(state('1 00000000 00000004')), Buffer.of(noise)])
      expect(stateConditions(around)?.map(({ name }) => name)).toEqual(['head-open'])
    }
  })
})

describe('a label printer', () => {
  it('is well when ~HQES and ~HS say so', async () => {
    const began = performance.now()
    const read = await bench.read(zebra, zebraEmulator)
    expect(read).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [], queue: { depth: 0 } })
    // Whoever speaks ZPL and does not say that it is of Zebra may be of anybody.
    expect(read.identity).toEqual({ model: 'TM-T88V', firmware: 'V93.21.23Z' })
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(Buffer.concat(bench.heard).toString()).toBe('~HQES\n~HI\n~HS\n')
  })

  it('does not read the password in the third line of ~HS', async () => {
    expect(JSON.stringify(await bench.read(zebra, zebraEmulator))).not.toContain('1234')
  })

  it.each<[PrinterFault, ConditionName[], string]>([
    ['paper-out', ['paper-out'], 'no'],
    ['cover-open', ['head-open'], 'no'],
    ['cutter-error', ['cutter-error'], 'no'],
    ['mechanism-error', ['mechanism-error'], 'no'],
    ['paper-low', ['paper-low'], 'yes'],
  ])('%s shows', async (fault, conditions, ready) => {
    const read = await bench.read(zebra, zebraEmulator, fault)
    expect({ ready: read.ready, names: names(read) }).toEqual({ ready, names: conditions })
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-hung', 'no', 'open'],
    ['printer-busy', 'unknown', 'reset'],
  ])('%s: answered %s, never ready', async (fault, answered, line) => {
    expect(await bench.read(zebra, zebraEmulator, fault)).toMatchObject({ answered, line, ready: 'unknown' })
  })

  it('silence on ~HS is a symptom, also where ~HQES is not known', async () => {
    const read = await reading(zebra, lineSaying('', IDENTITY))
    expect(read).toMatchObject({ answered: 'yes', ready: 'unknown' })
    expect(read.conditions).toEqual([
      { name: 'other-error', evidence: expect.stringContaining('~HS was not answered') },
    ])
    expect(names(await reading(zebra, lineSaying(state('0 00000000 00000000'), IDENTITY)))).toEqual(['other-error'])
  })

  it('old firmware without ~HQES and ~HI is read by ~HS', async () => {
    expect(await reading(zebra, lineSaying('', '', FIRST, SECOND))).toMatchObject({ answered: 'yes', ready: 'yes' })
  })

  it('whatever comes, a reading comes of it, and nothing else than the three questions leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), async (answers) => {
        const line = lineSaying(...answers)
        expect(['yes', 'no']).toContain((await reading(zebra, line)).answered)
        for (const sent of line.sent) expect(['~HQES\n', '~HI\n', '~HS\n', '']).toContain(sent.toString('latin1'))
      }),
    )
    expect(Object.isFrozen(zebra)).toBe(true)
  })
})
