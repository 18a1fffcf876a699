import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Audit, type Counter, readAudit } from '../../../src/devices/evadts/audit.ts'
import { crc16 } from '../../../src/devices/evadts/crc.ts'
import { unframed } from '../../../src/devices/evadts/frames.ts'
import { auditText, readSegments } from '../../../src/devices/evadts/segments.ts'
import { wallTimeIn } from '../../../src/devices/evadts/values.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const lines = (text: string): string => text.replaceAll('\n', '\r\n')
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** As a modem in the field sends it, with its own check sum. */
const CAPTURED = `DXS*EPHOR00001*VA*V0/6*1
ST*001*0001
IC1******0
IC4*1*1643**1*50000*0*0*2*1*0*1*0*0*0*0*0*1
AC2**internet*gdata*gdata*1*0*0*1*
FC1*0*1**0**0
FC2**0**
FC3*
FC4*
FC5*
PC1*01*250*0
PC9*01*0*3*
PC7*01*CA*0*250
PC7*01*DA*1*100
PC1*02*270*0
PC9*02*1*3*
PC7*02*CA*0*270
PC7*02*DA*1*100
PC1*03*250*0
PC9*03*2*3*
PC7*03*CA*0*250
PC7*03*DA*1*100
PC1*04*250*0
PC9*04*3*2*
PC7*04*CA*0*250
PC7*04*DA*1*100
PC1*05*270*0
PC9*05*4*1*
PC7*05*CA*0*270
PC7*05*DA*1*100
MC5*0*INTERNET*1
MC5*1*EXT1*0
MC5*2*EXT2*0
MC5*3*USB1*0
MC5*4*QRTYPE*0
MC5*5*ETH1MAC*2089846A9601
MC5*6*ETH1ADDR*192.168.1.200
MC5*7*ETH1MASK*255.255.255.0
MC5*8*ETH1GW*192.168.1.1
G85*4DED
SE*40*0001
DXE*1*1
`.replaceAll('\n', '\r\n')

/** As a handheld of N&W wrote it of a Kikko (thiopcb/evadts-csv-export, rawdata): its header on the line of DXS. */
const HANDHELD = lines(`<000|Operations|N&W BlueRed Pc54601|20191230|144906|daa|00001|__|>DXS*NEC1190360*VA*V0/6*1
ST*001*0001
ID1*NEC01190360*       KIKKO IFE    *****6.00*01
VA1*0*12862*0*226
VA2**225**0
VA3**11424**1664
CA3**0*0*0**0*0*0
CA4*0*0*0*0
CA7*0*0
CA8*0
CA10*0*0
DA2*0*0*0*0
DA4*0*0
EA2*00000000
EA7*24*580
${[5, 5, 5, 5, 5, 5, 5, 100, 5, 5, 5, 5, 100, 5, 5, 100]
  .map((price, index) => {
    const sold = [129, 118, 146, 21, 252, 211, 228, 0, 71, 60, 186, 287, 0, 149, 32, 0]
    return `PA1**${index + 1}*${price}\nPA2***${sold[index]}*0`
  })
  .join('\n')}
EA3*70*191230*144906*0000*191129*143810*0000
G85*90b8
SE*49*0001
DXE*1*1
<AAAA|BBBB>`)

/** Segments as coffee and snack machines send them. */
const MACHINE = auditText('RHV7654321', [
  'ID1*RHV0000000001*LUCEX2Zero*01*0*MDB*4711\r\n',
  'ID4*2*1978*EUR\r\n',
  'ID5*231127*1011\r\n',
  'VA1*586530*9612*586530*9592*41*2*41*2*0*0*0*0\r\n',
  'BA1***\r\n',
  'CA1*00511000-004*C2Pv0 1  455*1003\r\n',
  'CA2*312330*5443*312330*5423\r\n',
  'CA3*478905*316440*162465*0*478906*316441*162466*1*0*0\r\n',
  'CA15*5850*1*160\r\n',
  'CA17*0*5*160***1\r\n',
  'CA17*1*10*136***0\r\n',
  'DA1*3491EE8F54BE*READER*0100\r\n',
  'DA2*274200*4156*274200*4156\r\n',
  'DB2*0*0*0*13\r\n',
  'PA1*1*50*COFFEE BLACK*8\r\n',
  'PA2*602*29790*600*29790\r\n',
  'PA3*1*0*0*0\r\n',
  'PA7*1*CA*1*50*419*20650*417*20650\r\n',
  'PA1*18**USD\r\n',
  'PA2*4*340*4*340\r\n',
  'MA5*DETECTED TEMPERATURE*  600*C\r\n',
  'MA5*CA11*1*2*3\r\n',
  'EA1*OCM mdb*20231022*1253*51678**2M\r\n',
  'EA2*OCM mdb***2M*0\r\n',
  'EA1*OCM mdb*20230327*1232*352659**2M\r\n',
  'EA2*EJL*2*7\r\n',
  'EA3*2*231127*1011*0*231026*1342*0\r\n',
  'EA7*6*11\r\n',
])

describe('The check sum', () => {
  it.each([
    ['of a DDCMP start', '05 06 40 00 08 01', 0x955b],
    ['of its answer', '05 07 40 02 08 01', 0x95c7],
    ['of a header of data', '81 10 00 00 01 01', 0x821f],
    ['of data', '77 E0 00 00 00 00 00 01 03 19 20 19 17 00 00 0C', 0xc95d],
    ['of a DEX handshake, with its ETX', '45 50 48 4F 52 30 30 30 30 31 52 52 30 31 4C 30 31 03', 0x5c38],
  ])('%s is as it was captured', (_what, block, sum) => {
    expect(crc16(hex(block))).toBe(sum)
  })

  it('in G85 fits a file from the field, whatever has become of the ends of its lines', () => {
    for (const end of ['\r\n', '\n', '\r']) {
      const file = readSegments(bytes(CAPTURED.replaceAll('\r\n', end)))
      expect([file.wholeness, file.check, file.segments.length]).toEqual(['whole', 'fits', 42])
    }
  })

  it('is none where machines send the same in its place, whose count of segments has to fit instead', () => {
    // Five machines of one maker said 2321 in files that differ (jeep15cba/lets_vend, 28c87e0).
    const of = (count: number, sum = '2321', sender = 'RST7654321') =>
      readSegments(
        bytes(lines(`DXS*${sender}*VA*V0/6*1\nST*001*0001\nVA1*650*2*0*0\nG85*${sum}\nSE*${count}*0001\nDXE*1*1\n`)),
      )
    expect(of(4)).toMatchObject({ wholeness: 'whole', check: 'absent' })
    expect(of(5)).toMatchObject({ wholeness: 'damaged', why: expect.stringContaining('(SE)') })
    expect(of(4, '2322')).toMatchObject({ wholeness: 'damaged', check: 'wrong' })
    expect(of(4, '2321', 'RHV7654321')).toMatchObject({ wholeness: 'damaged', check: 'wrong' })
  })

  it('finds every single digit that is another', () => {
    const from = CAPTURED.indexOf('ST*')
    const to = CAPTURED.indexOf('G85')
    fc.assert(
      fc.property(fc.integer({ min: from, max: to - 3 }), fc.integer({ min: 1, max: 127 }), (at, change) => {
        const other = bytes(CAPTURED)
        other[at] = (other[at] ?? 0) ^ change
        const read = readSegments(other)
        // An end of a line that is another end of a line loses nothing.
        if (read.wholeness === 'whole') expect(read.segments).toEqual(readSegments(bytes(CAPTURED)).segments)
      }),
      { numRuns: 300 },
    )
  })
})

describe('An audit file', () => {
  it('says what each element means', () => {
    const audit = readAudit(bytes(MACHINE))
    expect(audit).toMatchObject({
      wholeness: 'whole',
      check: 'fits',
      communicationId: 'RHV7654321',
      machine: { serial: 'RHV0000000001', model: 'LUCEX2Zero', asset: '4711' },
      currency: 'EUR',
      at: '2023-11-27T10:11:00',
      atFrom: 'ID5',
      vends: { total: { value: 5865.3, count: 9612 }, sinceReset: { value: 5865.3, count: 9592 } },
      cash: { total: { value: 3123.3, count: 5443 }, sinceReset: { count: 5423 } },
      cashless: { total: { value: 2742, count: 4156 }, sinceReset: { count: 4169 } },
      cashIn: { sinceReset: { all: 4789.05, notes: 0 }, total: { all: 4789.06, notes: 1 } },
      tubeValue: 58.5,
      tubes: [
        { coin: 0.05, count: 160, full: true },
        { coin: 0.1, count: 136, full: false },
      ],
      fitted: { coins: '00511000-004', notes: '', card: '3491EE8F54BE' },
      resets: 2,
      powerOutages: { sinceReset: 6, total: 11 },
      measures: [{ name: 'DETECTED TEMPERATURE', value: 600, unit: 'C' }],
      unknown: {},
    })
    expect(audit.columns).toEqual([
      {
        id: '1',
        price: 0.5,
        product: 'COFFEE BLACK',
        capacity: 8,
        paid: { total: { count: 602, value: 297.9 }, sinceReset: { count: 600, value: 297.9 } },
        test: { total: { count: 1, value: 0 }, sinceReset: { count: 0, value: 0 } },
        free: { total: {}, sinceReset: {} },
      },
      {
        id: '18',
        product: 'USD',
        paid: { total: { count: 4, value: 3.4 }, sinceReset: { count: 4, value: 3.4 } },
        test: { total: {}, sinceReset: {} },
        free: { total: {}, sinceReset: {} },
      },
    ])
    expect(audit.events).toEqual([
      { id: 'OCM mdb', lastAt: '2023-10-22T12:53:00', isActive: false },
      { id: 'EJL', sinceReset: 2, total: 7 },
    ])
  })

  it('reads money as its decimal point says, and takes what comes later for what came before', () => {
    const of = (...segments: string[]): Audit =>
      readAudit(
        bytes(
          auditText(
            'X',
            segments.map((line) => `${line}\r\n`),
          ),
        ),
      )
    expect(of('ID4*0*1643', 'VA1*4000*8').vends.total).toEqual({ value: 4000, count: 8 })
    expect(of('ID4*3', 'VA1*4000*8').vends.total).toEqual({ value: 4, count: 8 })
    expect(of('VA1*4000*8', 'VA1*4100*9').vends.total).toEqual({ value: 4100, count: 9 })
    expect(of('PA1*1*50', 'PA2*1*50', 'PA1*2*50', 'PA1*1*60', 'PA2*2*110').columns[0]?.paid.total.count).toBe(2)
    expect(of('VA1*1**2').vends).toEqual({ total: { value: 1 }, sinceReset: { value: 2 } })
    expect(of('VA1*4294967295*4294967295').vends.total, 'all ones are "never"').toEqual({})
  })

  it('says of events how often, when last, and whether they last, columns added up', () => {
    const events = (...segments: string[]) =>
      readAudit(
        bytes(
          auditText(
            'X',
            segments.map((line) => `${line}\r\n`),
          ),
        ),
      ).events
    // As machines of the field write them.
    expect(events('EA2*EJH*0***1', 'EA2*EO_2*0**OVERRUN*1', 'EA2*EGS*104*104**1*95206')).toEqual([
      { id: 'EJH', sinceReset: 0, isActive: true },
      { id: 'EO_2', sinceReset: 0, isActive: true },
      { id: 'EGS', sinceReset: 104, total: 104, isActive: true },
    ])
    expect(events('EA1*EAR*190610*140241', 'EA2*EAR****0', 'EA1*6A*161024*1336*')).toEqual([
      { id: 'EAR', isActive: false, lastAt: '2019-06-10T14:02:41' },
      { id: '6A', lastAt: '2016-10-24T13:36:00' },
    ])
    // Royal Vendors (jeep15cba/lets_vend, 28c87e0) lists what is wrong now; numbers of another maker are no such codes.
    expect(events('EA2*DO*7*7', 'MA5*ERROR*UA09*CC', 'MA5*ERROR*0*6', 'MA5*ERROR*')).toEqual([
      { id: 'DO', sinceReset: 7, total: 7 },
      { id: 'ERROR UA09', isActive: true },
      { id: 'ERROR CC', isActive: true },
    ])
    const [first, second] = [
      ['PA1*010*150', 'PA2*3*450', 'EA2*ELA*71*71'],
      ['PA1*040*150', 'PA2*3*450', 'EA2*ELA*9*9'],
    ]
    expect(events(...first, ...second, 'EA2*ELA*10*10', 'MA5*X')).toEqual([{ id: 'ELA', sinceReset: 81, total: 81 }])
  })

  it('has its time from ID5, else from the reading (EA3)', () => {
    const at = (...segments: string[]) => {
      const audit = readAudit(
        bytes(
          auditText(
            'X',
            segments.map((line) => `${line}\r\n`),
          ),
        ),
      )
      return [audit.at, audit.atFrom]
    }
    expect(at('ID5*2012-01-12*20:37:50', 'EA3*1*120113*0000')).toEqual(['2012-01-12T20:37:50', 'ID5'])
    expect(at('ID5*000000*0000', 'EA3*70*191230*144906*0000*191129*143810*0000')).toEqual([
      '2019-12-30T14:49:06',
      'EA3',
    ])
    expect(at('EA3*70')).toEqual([undefined, undefined])
  })

  it('says how much came in by notes, whichever element the machine fills', () => {
    const notes = (line: string) => readAudit(bytes(auditText('X', ['ID4*2*1978\r\n', `${line}\r\n`]))).cashIn
    const jof = notes('CA3*188110*33900*66210*88000*214290*34100*89190**88000*91000')
    expect(jof).toMatchObject({ total: { box: 341, tubes: 891.9, notes: 910 }, sinceReset: { notes: 880 } })
    expect(notes('CA3*0*0*0*0*0*0*0*33635*0*3363500').total.notes).toBe(33635)
    expect(notes('CA3*0*0*0*0*0*0*0*33635').total.notes).toBe(33635)
    expect(notes('CA3*0*0*0*0*0*0*0**0*8252300').total.notes).toBe(82523)
    expect(notes('CA3*0*0*0').total.notes).toBeUndefined()
  })

  it('sells by way of payment and price where no column is counted otherwise', () => {
    const of = (...segments: string[]) =>
      readAudit(
        bytes(
          auditText(
            'X',
            segments.map((line) => `${line}\r\n`),
          ),
        ),
      ).columns
    // A Unicum of JOF's (Ephor's tests of its modem, Config3AuditGeneratorTest): no PA2, and all ones for "never".
    const [unicum] = of(
      'ID4*1*7*',
      'PA1*01*250*0',
      'PA7*01*CA*0*250*878*114399*870*114300',
      'PA7*01*DA*1*100*2*4294967295*0*4294967295',
    )
    expect(unicum?.paid).toEqual({
      total: { value: 11439.9, count: 880 },
      sinceReset: { value: 11430, count: 870 },
    })
    // A Crane 187 counts both (jeremybrice/cvd, e8f2fc0, examples/dex): each vend once, in whatever order.
    const both = ['PA2*1051*121455', 'PA7*101*CA**125*322*35855*322*35855', 'PA7*101*DA**125*729*84800*729*84800']
    expect(of('PA1*101*125*101****0**', ...both)[0]?.paid.total.count).toBe(1051)
    expect(of('PA1*101*125*101****0**', ...both.reverse())[0]?.paid.total.count).toBe(1051)
  })

  it('keeps no total where that is 0 and some were sold since the last reading', () => {
    const of = (...segments: string[]) =>
      readAudit(
        bytes(
          auditText(
            'X',
            segments.map((line) => `${line}\r\n`),
          ),
        ),
      )
    // A FAGE Eagle 2 (corryws/EVADTS-Reader, 1d17d72, audit_1.txt).
    const { columns } = of('PA1*02*50', 'PA2*0*0*84*4200', 'PA1*01*40', 'PA2*0*0*0*0')
    expect(columns[0]?.paid).toEqual({ total: {}, sinceReset: { value: 4200, count: 84 } })
    expect(columns[1]?.paid.total.count).toBe(0)
    expect(of('VA1*0*0*8885*163').vends.total).toEqual({})
    // A sum of ways of payment of which one keeps none.
    const ways = of('PA1*1*150', 'PA7*1*CA**150*0*0*5*750', 'PA7*1*DA**150*0*0*0*0')
    expect(ways.columns[0]?.paid).toEqual({ total: {}, sinceReset: { value: 750, count: 5 } })
    expect(of('DA2*0*0*300*2', 'DB2*0*0*0*0').cashless.total).toEqual({})
    expect(of('VA1*0*12862*0*226').vends.total).toEqual({ value: 0, count: 12862 })
  })

  it('has a currency of three letters or digits, or its number behind a 1 before it, and nothing else that stands there', () => {
    const of = (line: string) => readAudit(bytes(auditText('X', [`${line}\r\n`]))).currency
    expect(['ID4*2*840*USD', 'ID4*2*0*978', 'ID4*2*1*5', 'ID4*2*001*5'].map(of)).toEqual([
      'USD',
      '978',
      undefined,
      undefined,
    ])
    // ID402 as MDB writes it: 1 and the number of the currency, or 0 and the number by which a country is called.
    expect(['ID4*2*1978', 'ID4*2*1036*10', 'ID4*2*0036*N/A', 'ID4*2*39'].map(of)).toEqual([
      '978',
      '036',
      undefined,
      undefined,
    ])
  })

  it('has no temperature where several numbers stand before its unit', () => {
    // Hours and limits of a Royal 660, limits of a Vendo 721 (jeremybrice/cvd, e8f2fc0, examples/dex).
    const lines = ['MA5*RFRG*1**0000**0000*F*360*600*1', 'MA5*RFRG*39*39*F*0*0*ALL*0800', 'MA5*TEMP*41*5']
    expect(
      readAudit(
        bytes(
          auditText(
            'X',
            lines.map((line) => `${line}\r\n`),
          ),
        ),
      ).measures,
    ).toEqual([])
  })

  it('names what is fitted by either of two card readers, and measures by all that stands before the number', () => {
    const of = (...segments: string[]) =>
      readAudit(
        bytes(
          auditText(
            'X',
            segments.map((line) => `${line}\r\n`),
          ),
        ),
      )
    expect(of('DA1***', 'DB1*MOBILE APP  *CREDIT CARD *0000').fitted.card).toBe('MOBILE APP')
    expect(of('DA1***', 'DB1***').fitted.card).toBe('')
    expect(of('DB2*0*0').fitted.card).toBeUndefined()
    // An N&W 930E without a reader; and a coin mechanism that takes coins without a number of its own.
    expect(of('DA1*000000000000000*000000000000*0000', 'CA1*0').fitted).toEqual({ coins: '0', card: '' })
    expect(of('MA5*TEMP*CoLd*22*C*---*DO', 'MA5*TEMP*Snack*OPEN*F*---', 'MA5*TIME*1*241022*0348').measures).toEqual([
      { name: 'TEMP CoLd', value: 22, unit: 'C' },
    ])
  })

  it('cut at any byte says nothing that the whole does not say, and that it is cut', () => {
    const whole = readAudit(bytes(MACHINE))
    const said = (counter: Counter): readonly (number | undefined)[] => [
      counter.total.count,
      counter.total.value,
      counter.sinceReset.count,
      counter.sinceReset.value,
    ]
    for (let length = 0; length < MACHINE.length - 2; length += 1) {
      const part = readAudit(bytes(MACHINE.slice(0, length)))
      const isEnd = MACHINE.slice(0, length).includes('DXE*1')
      if (!isEnd) expect(part.wholeness, `after ${length} bytes`).not.toBe('whole')
      for (const key of ['vends', 'cash'] as const) {
        const pairs = said(part[key]).map((number, at) => [number, said(whole[key])[at]])
        for (const [is, ought] of pairs) if (is !== undefined) expect(is).toBe(ought)
      }
      for (const column of part.columns) {
        const ought = whole.columns.find(({ id }) => id === column.id)
        for (const [at, number] of said(column.paid).entries())
          if (number !== undefined) expect(number).toBe(said(ought?.paid ?? column.paid)[at])
      }
    }
  })

  it('may have what does not belong to it in front, and a check sum that leaves out the last end of a line', () => {
    const read = readAudit(bytes(HANDHELD))
    expect(read).toMatchObject({ wholeness: 'whole', check: 'fits', machine: { serial: 'NEC01190360' } })
    expect(read.vends.total.count).toBe(12862)
    expect(readAudit(bytes(HANDHELD.replace('580', '581'))).wholeness).toBe('damaged')
    const marked = new Uint8Array(Buffer.from(`\ufeff${MACHINE}`, 'utf8'))
    expect(readAudit(marked)).toMatchObject({ wholeness: 'whole', check: 'fits' })
  })

  it('of a gateway that numbers its sets and moves lines cannot be checked, and has its ends', () => {
    const rest = 'CA17*1*10*84**0\n@$2*Type*Periodo\nDXE*1*1\n'
    const gateway = lines(`DXS*NIS HI! PE*VA*V0/6*1\nST-1*001*0001\nVA1*1*2\nG85*33ab\nSE-1*135*0001\n${rest}`)
    expect(readAudit(bytes(gateway))).toMatchObject({ wholeness: 'whole', check: 'absent', unknown: {} })
    expect(readAudit(bytes(gateway.replace('SE-1', 'XE'))).wholeness).toBe('cut')
    // Of others a line that is lost is lost.
    expect(readAudit(bytes(MACHINE.replace('ST*', 'SX*'))).wholeness).toBe('damaged')
  })

  it('behind another one counts, and is never called whole by the end of that', () => {
    const other = auditText('WTN4213952', ['ID1*WTN11240080108*X\r\n', 'VA1*100*2\r\n'])
    expect(readAudit(bytes(MACHINE + other))).toMatchObject({
      ...{ wholeness: 'whole', check: 'fits', vends: { total: { count: 2 } }, columns: [] },
      machine: { serial: 'WTN11240080108' },
    })
    expect(readAudit(bytes(other + MACHINE.replace('PA2*602', 'PA2*603'))).wholeness).toBe('damaged')
    for (let length = 0; length < other.length - 2; length += 1) {
      const isEnd = other.slice(0, length).includes('DXE*1')
      const { wholeness, machine } = readAudit(bytes(MACHINE + other.slice(0, length)))
      if (wholeness === 'whole' && !isEnd) expect(machine.serial, `after ${length} bytes`).toBe('RHV0000000001')
      // The torn one in front, whatever is left of its last line.
      const behind = readAudit(bytes(other.slice(0, length) + MACHINE))
      expect([behind.wholeness, behind.machine.serial]).toEqual(['whole', 'RHV0000000001'])
    }
  })

  it('of several sets is checked set by set', () => {
    const [first, second] = [auditText('X', ['VA1*100*2\r\n']), auditText('X', ['CA2*100*2\r\n'])]
    const sets = (text: string): string => text.slice(text.indexOf('ST*'), text.indexOf('DXE'))
    const of = (...all: readonly string[]): Audit =>
      readAudit(bytes(`DXS*X*VA*V0/6*1\r\n${all.join('')}DXE*1*${all.length}\r\n`))
    expect(of(sets(first), sets(second))).toMatchObject({ wholeness: 'whole', vends: { total: { count: 2 } } })
    expect(of(sets(first), sets(second).replace('CA2*100', 'CA2*101')).wholeness).toBe('damaged')
    expect(of(sets(first), sets(second).replace(/SE.*\r\n/, '')).wholeness).toBe('cut')
  })

  it('of whatever bytes is read without a throw, and never as whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(['cut', 'damaged', 'no-audit']).toContain(readAudit(noise).wholeness)
        const inside = Buffer.concat([Buffer.from('DXS*A*VA*V0/6*1\r\nST*001*0001\r\n'), noise])
        expect(['cut', 'damaged']).toContain(readAudit(new Uint8Array(inside)).wholeness)
      }),
    )
  })

  it('has times of two kinds, and none that the calendar has not', () => {
    expect(wallTimeIn('231127', '1011')).toBe('2023-11-27T10:11:00')
    expect(wallTimeIn('20231127', '101112')).toBe('2023-11-27T10:11:12')
    expect(wallTimeIn('2023-11-27', '10:11')).toBe('2023-11-27T10:11:00')
    expect(wallTimeIn('2023-1127', '10:1112')).toBeUndefined()
    expect(wallTimeIn('231327', '1011')).toBeUndefined()
    expect(wallTimeIn('000000', '0000')).toBeUndefined()
    expect(wallTimeIn('', '')).toBeUndefined()
  })
})

function dex(text: string, size: number): Uint8Array {
  const blocks = [Uint8Array.of(0x05)]
  for (let at = 0; at < text.length; at += size) {
    const end = at + size >= text.length ? 0x03 : 0x17
    const piece = bytes(text.slice(at, at + size))
    const sum = crc16(Uint8Array.of(...piece, end))
    blocks.push(Uint8Array.of(0x10, 0x02, ...piece, 0x10, end, sum & 0xff, sum >> 8))
  }
  return new Uint8Array(Buffer.concat([...blocks, Uint8Array.of(0x04)]))
}

function withSum(block: Uint8Array): Uint8Array {
  const sum = crc16(block)
  return Uint8Array.of(...block, sum & 0xff, sum >> 8)
}

function ddcmp(text: string, size: number): Uint8Array {
  const blocks = [hex('05 06 40 00 08 01 5B 95'), hex('05 07 40 02 08 01 C7 95')]
  for (let at = 0, number = 0; at < text.length; at += size, number += 1) {
    const data = Uint8Array.of(0x99, number & 0xff, ...bytes(text.slice(at, at + size)))
    const header = Uint8Array.of(0x81, data.length & 0xff, 0x40 | (data.length >> 8), 2, (3 + number) & 0xff, 1)
    blocks.push(withSum(header), withSum(data))
  }
  return new Uint8Array(Buffer.concat(blocks))
}

describe('What a modem kept of a transfer', () => {
  it.each([
    ['dex', dex],
    ['ddcmp', ddcmp],
  ] as const)('by %s is put together again, whatever the size of its blocks', (framing, frame) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 245 }), (size) => {
        expect(unframed(frame(MACHINE, size))).toEqual({ bytes: bytes(MACHINE), framing, badBlocks: 0 })
      }),
    )
    const again = readAudit(frame(MACHINE, 200))
    expect([again.wholeness, again.check]).toEqual(['whole', 'fits'])
  })

  it.each([
    ['dex', dex],
    ['ddcmp', ddcmp],
  ] as const)('by %s is not whole where one byte is another, or the end is missing', (_framing, frame) => {
    const capture = frame(MACHINE, 200)
    fc.assert(
      fc.property(fc.integer({ min: 60, max: capture.length - 10 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = capture.slice()
        other[at] = (other[at] ?? 0) ^ change
        expect(readAudit(other).wholeness).not.toBe('whole')
        expect(readAudit(capture.slice(0, at)).wholeness).not.toBe('whole')
      }),
      { numRuns: 200 },
    )
  })

  it('is whole where a block that did not fit was sent again, and where a session that broke off was begun anew', () => {
    const capture = dex(MACHINE, 200)
    const bad = capture.slice(1, 1 + 206)
    bad[60] = 0x7f
    const noisy = new Uint8Array(Buffer.concat([capture.slice(0, 1), bad, Uint8Array.of(0x15), capture.slice(1)]))
    expect(readAudit(noisy)).toMatchObject({ wholeness: 'whole', check: 'fits', badBlocks: 1 })
    const unchecked = dex(MACHINE.replace(/G85.*\r\n/, ''), 200)
    const doubtful = new Uint8Array(Buffer.concat([unchecked.slice(0, 1), bad, unchecked.slice(1)]))
    expect(readAudit(doubtful), 'nothing says that it was').toMatchObject({ wholeness: 'damaged', badBlocks: 1 })
    for (let length = 1; length < capture.length; length += 7) {
      const anew = readAudit(new Uint8Array(Buffer.concat([capture.slice(0, length), capture])))
      if (length > 300) expect([length, anew.wholeness, anew.check]).toEqual([length, 'whole', 'fits'])
    }
    const before = ddcmp(MACHINE.replace('PA2*602', 'PA2*601'), 200).slice(0, -300)
    const anew = readAudit(new Uint8Array(Buffer.concat([before, ddcmp(MACHINE, 200)])))
    expect([anew.wholeness, anew.check]).toEqual(['whole', 'fits'])
  })

  it('has a block that was sent again only once', () => {
    const capture = dex(MACHINE, 300)
    const first = capture.slice(1, 1 + 306)
    const twice = new Uint8Array(Buffer.concat([capture.slice(0, 1), first, capture.slice(1)]))
    expect(readAudit(twice)).toMatchObject({ wholeness: 'whole', check: 'fits', badBlocks: 0 })
  })
})
