import { describe, expect, it } from 'vitest'
import { readEcrEft } from '../../../src/devices/ecr-eft/client.ts'
import { communicationTest, deviceIn, frame } from '../../../src/devices/ecr-eft/codec.ts'
import { readEcr17 } from '../../../src/devices/ecr17/client.ts'
import { conditionsOf, stateIn as ecr17State, statusRequest } from '../../../src/devices/ecr17/codec.ts'
import { diagnosisIn } from '../../../src/devices/nexo/codec.ts'
import { protect, unprotect } from '../../../src/devices/nexo/protect.ts'
import { judgeTerminal } from '../../../src/devices/terminal/judge.ts'
import type { TerminalReading } from '../../../src/devices/terminal/reading.ts'
import { readZvt } from '../../../src/devices/zvt/client.ts'
import { statusEnquiry } from '../../../src/devices/zvt/codec.ts'
import { ASKING, lineSaying } from '../printers/bench.ts'

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')
const sentBy = (line: ReturnType<typeof lineSaying>): string[] => line.sent.map((bytes) => bytes.toString('hex'))

async function of(reading: Promise<{ ok: boolean; value?: TerminalReading }>): Promise<TerminalReading> {
  const read = await reading
  if (!read.ok || !read.value) throw new Error('no reading')
  return read.value
}

function verdictOf(reading: TerminalReading): ReturnType<typeof judgeTerminal> {
  const protocol = reading.answered
  return judgeTerminal({ reading, reach: 'yes', protocol, link: 'unknown', isExpected: true })
}

describe('ZVT', () => {
  it('asks as the tests of ecrterm have it, in TCP without its serial frame', () => {
    expect(statusEnquiry('123456')).toEqual(new Uint8Array(hex('05 01 03 12 34 56')))
    expect(statusEnquiry()).toEqual(new Uint8Array(hex('05 01 00')))
  })

  it('is only connected to where nobody says that it may be asked', async () => {
    const line = lineSaying()
    const reading = await of(readZvt(line, ASKING, { enquire: false }))
    expect(line.sent).toEqual([])
    expect(reading).toMatchObject({ answered: 'unknown', ready: 'unknown' })
    expect(verdictOf(reading)).toMatchObject({ fault: 'not-known', takes_cards: 'unknown' })
  })

  // The first is a recording of a terminal with a card in it (bezahl-online/zvt, 1619070661833PT.hex).
  it.each([
    ['06 0F 01 DC', { busy: true, ready: 'unknown' }, 'none', 'unknown'],
    ['06 0F 01 00', { busy: false, ready: 'yes', conditions: [] }, 'none', 'yes'],
    ['06 0F 01 51', { ready: 'no' }, 'cards-blocked', 'no'],
    ['06 0F 01 F0', { ready: 'yes' }, 'attention-soon', 'yes'],
    ['06 0F 08 F0 F0 F0 F3 31 2E 32 E2', { ready: 'no', identity: { firmware: '1.2' } }, 'cards-blocked', 'no'],
    ['06 0F 01 99', { ready: 'unknown' }, 'not-known', 'unknown'],
    ['06 0F 00', { answered: 'yes', ready: 'unknown' }, 'not-known', 'unknown'],
    ['06 D3 02 06 00', { busy: true }, 'none', 'unknown'],
    ['06 1E 01 6C', { answered: 'unknown' }, 'not-known', 'unknown'],
  ])('completion %s', async (completion, expected, fault, takesCards) => {
    const line = lineSaying(hex('80 00 00'), hex(completion))
    const reading = await of(readZvt(line, ASKING, { enquire: true }))
    expect(reading).toMatchObject(expected)
    expect(verdictOf(reading)).toMatchObject({ fault, takes_cards: takesCards })
    expect(sentBy(line)).toEqual(['050100', '', '800000'])
  })

  it('a refusal is unknown, nonsense is no answer', async () => {
    const refused = await of(readZvt(lineSaying(hex('84 83 00')), ASKING, { enquire: true }))
    expect(refused).toMatchObject({ answered: 'unknown', detail: expect.stringContaining('84 83') })
    const other = await of(readZvt(lineSaying('login: '), ASKING, { enquire: true }))
    expect(other).toMatchObject({ answered: 'no', ready: 'unknown' })
  })
})

describe('Protocol 17', () => {
  const answer = (status: string, software = '01.02.03'): Uint8Array => {
    const body = Buffer.from(`123456780s00000000000405261000${status}${software}\x03`, 'latin1')
    return Uint8Array.of(
      2,
      ...body,
      body.reduce((lrc, byte) => lrc ^ byte, 0x7f),
    )
  }

  it('asks for the state alone, and acknowledges with the published 06 03 7A', async () => {
    const line = lineSaying(hex('06 03 7A'), answer('2'))
    const reading = await of(readEcr17(line, ASKING, undefined))
    expect(Buffer.from(statusRequest()).toString('latin1')).toBe('\x02000000000s\x03?')
    expect(sentBy(line)).toEqual([Buffer.from(statusRequest()).toString('hex'), '', '06037a'])
    expect(reading).toMatchObject({
      ready: 'yes',
      identity: { serial: '12345678', firmware: '01.02.03' },
      more: { clock: '2026-05-04T10:00' },
    })
  })

  it.each([
    ['0', ['not-configured']],
    ['1', ['initialisation-required']],
    ['2', []],
    ['4', ['keys-missing']],
    ['6', ['update-pending']],
    ['9', ['other-error']],
  ])('state %s is %j', (status, names) => {
    const state = ecr17State(answer(status))
    expect(state && conditionsOf(state).map(({ name }) => name)).toEqual(names)
  })

  it('takes no answer whose check sum is another', async () => {
    const broken = answer('2')
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
    const reading = await of(readEcr17(lineSaying(hex('06 03 7A'), broken), ASKING, undefined))
    expect(reading).toMatchObject({ answered: 'no', ready: 'unknown' })
    const refused = await of(readEcr17(lineSaying(hex('15 03 69')), ASKING, undefined))
    expect(refused.detail).toContain('NAK')
  })
})

describe('ECR-EFT', () => {
  it('asks with the frame that the tests of frobd have', () => {
    expect(Buffer.from(communicationTest('000102')).toString('latin1')).toBe('\x02000102\x1cT1\x1c\x03e')
  })

  it('hears who it is, and acknowledges', async () => {
    const line = lineSaying(Buffer.concat([hex('06'), frame('000102\x1cT2\x1c170\x1cACME\x1cEFT\x1c4711\x1c')]))
    const reading = await of(readEcrEft(line, ASKING, '000102'))
    expect(reading).toMatchObject({ answered: 'yes', identity: { vendor: 'ACME', model: 'EFT', serial: '4711' } })
    expect(sentBy(line)[1]).toBe('06')
    // That it answers does not say that it takes cards.
    expect(reading.ready).toBe('unknown')
  })

  it('takes no answer to another question', () => {
    expect(deviceIn(frame('000103\x1cT2\x1c170\x1c'), '000102')).toBeUndefined()
  })
})

describe('nexo', () => {
  const key = { identifier: 'CryptoKeyIdentifier12345', version: 1, passphrase: 'p@ssw0rd123456' }
  // Made by @adyen/api-library for Node.js, whose blob this is.
  const sealed = {
    SaleToPOIResponse: {
      NexoBlob:
        '4GFqyrZz3rCIIAaWkaVGDCsy+bXDP+tM6tIlvpDZSZ88p/F0amGLTdmmKLGHOW+d5KvBCo8TNqoFtQQIQlK0TmIJkd3C34rNzf6OXw9du3uAwxNsMLy9LM+38d/KII3V0BEuM4ylQzdNQnW2VgEzZBB1cywIYp+lnDHEmnRQRVeIbmNBf7c9xAFTwwugyHzbTeTrtEX9JW+1Bov3l26pmdiHdfAp8lLOg8JcaR0M2ijXq3w0GxKeyVSDL/NRtAVlUzYuQNt1yunFHpcSXRt4B6mGCcTVEOAgem21dm75Ore60y+B2Eh0txCFnZsMh9lozbLvWBdmRueVzIcIdOQomeSsfnEFpKM3StCkDuZKzpQgohsm+oNn8viRix6qcpBH9wAmsm6aGpkeFRisS9YzccYNTSIHw0JOkcBT7cxRQhs=',
      SecurityTrailer: {
        AdyenCryptoVersion: 1,
        Hmac: 'nfmcfblxEtGwuVyKT3ZEFYMKVhpCtBBnqXnvkHq4bBg=',
        KeyIdentifier: 'CryptoKeyIdentifier12345',
        KeyVersion: 1,
        Nonce: 'EB1IPkkXT419oDqH9H4C1w==',
      },
    },
  }

  it('reads what the library of the vendor protected, and nothing under another key', () => {
    const message = unprotect('SaleToPOIResponse', sealed, key)
    expect(diagnosisIn(message, '0403104626')).toMatchObject({ isWell: true, terminal: 'V400m-346403161' })
    expect(unprotect('SaleToPOIResponse', sealed, { ...key, passphrase: 'another' })).toBeUndefined()
    expect(unprotect('SaleToPOIResponse', sealed, { ...key, version: 2 })).toBeUndefined()
    const ours = protect('SaleToPOIResponse', { MessageHeader: { SaleID: 'x' } }, key)
    expect(unprotect('SaleToPOIResponse', ours, key)).toEqual({ MessageHeader: { SaleID: 'x' } })
  })

  // The answer of Adyen's page "Make a diagnosis request", and what its schema has beside.
  it.each([
    ['as published', { more: {}, status: {}, names: [], isWell: true }],
    [
      'host away',
      {
        more: { HostStatus: [{ IsReachableFlag: false, AcquirerID: '0' }] },
        status: {},
        names: ['host-unreachable'],
        isWell: true,
      },
    ],
    ['no paper', { more: {}, status: { PrinterStatus: 'NoPaper' }, names: ['printer-not-ready'], isWell: true }],
    ['busy', { more: {}, status: { GlobalStatus: 'Busy' }, names: [], isWell: false }],
  ])('diagnosis, %s', (_what, { more, status, names, isWell }) => {
    const found = diagnosisIn(
      {
        MessageHeader: { MessageCategory: 'Diagnosis', ServiceID: '1', POIID: 'V400m-346403161' },
        DiagnosisResponse: {
          HostStatus: [{ IsReachableFlag: true, AcquirerID: '0' }],
          POIStatus: { CommunicationOKFlag: true, PrinterStatus: 'OK', GlobalStatus: 'OK', ...status },
          Response: {
            Result: 'Success',
            AdditionalResponse: 'batteryLevel=100%25&firmwareVersion=adyen_v1_49p5&unconfirmedBatchCount=0',
          },
          ...more,
        },
      },
      '1',
    )
    expect(found).toMatchObject({ isWell, firmware: 'adyen_v1_49p5', batteryPercent: 100 })
    expect(found?.conditions.map(({ name }) => name)).toEqual(names)
  })
})
