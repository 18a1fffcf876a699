import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ShellChannel } from '../../../src/core/channel.ts'
import { HOUR_MS, MINUTE_MS } from '../../../src/core/duration.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Comparison } from '../../../src/core/module.ts'
import type { NewSample } from '../../../src/core/sample.ts'
import { auditText } from '../../../src/devices/evadts/segments.ts'
import { vending } from '../../../src/modules/vending/vending.ts'
import { someContext } from '../some-context.ts'

/** What the machine says; each look may find it otherwise. */
interface Machine {
  sales: number
  cash: number
  cards: number
  notes: number
  /** In pence, as it counts coins (CA306); undefined: it counts sales for cash alone. */
  coins: number | undefined
  column: { total: number; since: number }
  free: number
  outages: number | undefined
  temperature: string
  events: Record<string, number>
  /** As they are, beside those. */
  segments: readonly string[]
  /** Undefined: the machine does not name the device. */
  coinSerial: string | undefined
  noteSerial: string
  cardSerial: string
  id5: boolean
  at?: string
}

let server: Server
let machine: Machine
let samples: NewSample[] = []
let now = Date.parse('2026-11-30T08:00:00Z')

function fileOf(): string {
  const {
    sales,
    cash,
    coins,
    cards,
    notes,
    column,
    free,
    outages,
    temperature,
    events,
    segments,
    coinSerial,
    noteSerial,
    cardSerial,
    id5,
    at,
  } = machine
  const wall = new Date(Date.parse(at ?? new Date(now).toISOString()) + HOUR_MS).toISOString()
  return auditText('X', [
    'ID4*2*985*PLN\r\n',
    id5 ? `ID5*${wall.slice(2, 10).replaceAll('-', '')}*${wall.slice(11, 16).replace(':', '')}\r\n` : '',
    `VA1*${sales * 100}*${sales}*0*0\r\n`,
    coinSerial === undefined ? '' : `CA1*${coinSerial}\r\n`,
    `CA2*${cash * 100}*${cash}*0*0\r\n`,
    coins === undefined ? `CA3*0*0*0*0*0*0*0*${notes}\r\n` : `CA3*0*0*0*0**${coins}*0**0*${notes}\r\n`,
    `BA1*${noteSerial}\r\nDA1*${cardSerial}\r\n`,
    `DA2*${cards * 100}*${cards}*0*0\r\n`,
    `PA1*10*350*WODA\r\nPA2*${column.total}*0*${column.since}*0\r\n`,
    free === 0 ? '' : `PA4*${free}*0*${free}*0\r\n`,
    outages === undefined ? '' : `EA7*${outages}*${outages}\r\n`,
    temperature === '' ? '' : `MA5*DETECTED TEMPERATURE*${temperature}\r\n`,
    ...Object.entries(events).map(([code, count]) => `EA2*${code}*${count}*${count}\r\n`),
    ...segments.map((line) => `${line}\r\n`),
  ])
}

beforeAll(async () => {
  server = createServer((_request, response) => response.end(fileOf()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.close()
})
beforeEach(() => {
  samples = []
  now = Date.parse('2026-11-30T08:00:00Z')
  const column = { total: 50, since: 3 }
  machine = {
    ...{
      sales: 100,
      cash: 60,
      cards: 40,
      notes: 500,
      coins: 12_000,
      column,
      free: 0,
      outages: undefined,
      temperature: '450*C',
      events: { EAD: 2, ENE: 0, ELA: 5 },
    },
    segments: [],
    coinSerial: 'C',
    noteSerial: 'N',
    cardSerial: 'D',
    id5: true,
  }
})

const history = {
  fact: async () => null,
  samples: async (series: string, since: Date, until?: Date) =>
    samples
      .filter((one) => one.series === series && Date.parse(one.at) >= since.getTime())
      .filter((one) => until === undefined || Date.parse(one.at) < until.getTime())
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
}

interface Seen {
  readonly value: JsonObject & Record<string, never>
  readonly comparison: Comparison
}

/** Looks, `minutes` after the look before, and keeps what is to be kept. */
async function look(params: JsonObject = {}, minutes = 30): Promise<Seen> {
  now += minutes * MINUTE_MS
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const context = someContext({} as ShellChannel, { history, now: () => new Date(now) })
  const observed = await vending.observe(context, { http: { url, from: 'controller' }, ...params })
  if (!observed.ok) throw new Error(observed.failure.message)
  samples.push(...(observed.value.samples ?? []))
  return {
    value: observed.value.value as Seen['value'],
    comparison: observed.value.compare({ triggered: false }),
  }
}

const paths = ({ comparison }: Seen): readonly string[] | string =>
  'unknown' in comparison ? comparison.unknown : comparison.changes.map(({ path }) => path)

function sell(count = 1): void {
  machine.sales += count
  machine.cash += count
  if (machine.coins !== undefined) machine.coins += 350 * count
}

describe('Acceptors', () => {
  it('with trouble on record from before the first look are unknown until they take something', async () => {
    const unknown =
      'EAD: the coins were in trouble before the first look; whether they still are shows once one is taken.'
    expect(paths(await look())).toBe(unknown)
    expect(paths(await look()), 'no coin was taken').toBe(unknown)
    sell()
    expect(paths(await look())).toEqual([])
  })

  it('are jammed from a new event on, until they take money again', async () => {
    await look()
    machine.events['EAD'] = 3
    const jammed = await look()
    expect(paths(jammed)).toEqual(['acceptor: coins-jammed'])
    expect(jammed.value['owner']).toBe('vending-service')
    expect(paths(await look()), 'still so').toEqual(['acceptor: coins-jammed'])
    sell()
    expect(paths(await look()), 'it took money').toEqual([])
    machine.events['EAD'] = 4
    expect(paths(await look()), 'and again').toEqual(['acceptor: coins-jammed'])
  })

  it('are jammed by an event that the machine did not list before', async () => {
    machine.events = {}
    expect(paths(await look())).toEqual([])
    machine.events = { EAD: 1 }
    expect(paths(await look())).toEqual(['acceptor: coins-jammed'])
    expect(paths(await look()), 'still so').toEqual(['acceptor: coins-jammed'])
    sell()
    expect(paths(await look())).toEqual([])
  })

  it('are jammed by an event whose counter began anew', async () => {
    await look()
    sell()
    machine.events['EAD'] = 1
    expect(paths(await look())).toEqual(['acceptor: coins-jammed'])
    expect(paths(await look()), 'still so').toEqual(['acceptor: coins-jammed'])
    sell()
    expect(paths(await look())).toEqual([])
  })

  it('are full, which is for those who collect the cash', async () => {
    await look()
    machine.events['ENE'] = 1
    const full = await look()
    expect([paths(full), full.value['owner']]).toEqual([['acceptor: notes-full'], 'cash-collection'])
    machine.notes += 1000
    sell()
    expect(paths(await look())).toEqual([])
  })

  it('are off where the machine named one before and finds none now', async () => {
    machine.noteSerial = ''
    expect((await look()).value['acceptors']).toMatchObject({ notes: { state: 'absent' } })
    machine.noteSerial = 'N'
    await look()
    machine.noteSerial = ''
    expect(paths(await look())).toEqual(['acceptor: notes-off'])
  })

  it('are absent where the machine takes cards alone, whatever it says of a coin mechanism that it never had', async () => {
    // RST7654321, software NZZE2 (jeep15cba/lets_vend, 28c87e0): no CA1, no coin in CA3 ever, and EAR that lasts.
    Object.assign(machine, { coinSerial: undefined, cash: 0, coins: undefined, notes: 0, events: {} })
    machine.segments = ['EA1*EAR*250909*1158', 'EA2*EAR*0*13**1']
    const cards = await look()
    expect([paths(cards), cards.value['acceptors']]).toMatchObject([[], { coins: { state: 'absent' } }])
    machine.coinSerial = 'C'
    expect(paths(await look())).toEqual(['acceptor: coins-off'])
  })

  it('are not called well because somebody paid with something else', async () => {
    machine.events = {}
    await look()
    machine.events = { EAD: 1 }
    expect(paths(await look())).toEqual(['acceptor: coins-jammed'])
    machine.cash += 1
    machine.notes += 1000
    expect(paths(await look()), 'with a note').toEqual(['acceptor: coins-jammed'])
    machine.coins = 12_050
    expect(paths(await look()), 'with a coin').toEqual([])
    machine.events = { EAD: 1, ENC: 1 }
    expect(paths(await look())).toEqual(['acceptor: notes-jammed'])
    sell()
    expect(paths(await look()), 'with a coin').toEqual(['acceptor: notes-jammed'])
    machine.notes += 1000
    expect(paths(await look()), 'with a note').toEqual([])
  })

  it('of a machine that counts no money work when it sells for cash', async () => {
    machine.coins = undefined
    await look()
    machine.events['EAD'] = 3
    expect(paths(await look())).toEqual(['acceptor: coins-jammed'])
    sell()
    expect(paths(await look())).toEqual([])
  })

  it('are in trouble while the machine says that an event lasts, from the first look on, whatever they take', async () => {
    const params = { events: { 'OCM mdb': 'coins-off' } }
    machine.events = {}
    machine.segments = ['EA1*OCM mdb*20231022*1253*51678**2M', 'EA2*OCM mdb***2M*1']
    const first = await look(params)
    expect(paths(first)).toEqual(['acceptor: coins-off'])
    expect(first.value['events']).toEqual([{ id: 'OCM mdb', active: true, last_at: '2023-10-22T12:53:00' }])
    sell()
    const second = await look(params)
    expect(paths(second)).toEqual(['acceptor: coins-off'])
    expect(second.value['acceptors']).toMatchObject({ coins: { since: '2026-11-30T08:30:00.000Z' } })
    machine.segments = ['EA1*OCM mdb*20231022*1253*51678**2M', 'EA2*OCM mdb***2M*0']
    expect(paths(await look(params))).toEqual([])
  })

  it('are in trouble for as long as the machine lists an error of theirs, and anew when it lists it again', async () => {
    machine.events = {}
    machine.segments = ['MA5*ERROR*CC*UA09*CJ05']
    const first = await look()
    expect(paths(first)).toEqual(['acceptor: coins-off', 'column-jammed: ERROR CJ05'])
    const began = new Date(now).toISOString()
    sell()
    const second = await look()
    expect(second.value['acceptors']).toMatchObject({ coins: { state: 'off', since: began, event: 'ERROR CC' } })
    machine.segments = []
    expect(paths(await look())).toEqual([])
    now += 24 * HOUR_MS
    machine.segments = ['MA5*ERROR*CC']
    const again = new Date(now + 30 * MINUTE_MS).toISOString()
    expect((await look()).value['acceptors']).toMatchObject({ coins: { since: again } })
  })

  it('are in trouble by an event of which a machine names the time alone', async () => {
    const params = { events: { '6A': 'coins-off' } }
    machine.events = {}
    machine.segments = ['EA1*6A*161024*1336*']
    const unknown =
      '6A: the coins were in trouble before the first look; whether they still are shows once one is taken.'
    expect(paths(await look(params))).toBe(unknown)
    sell()
    expect(paths(await look(params))).toEqual([])
    // 10:20 in Warsaw.
    machine.segments = ['EA1*6A*161024*1336*', 'EA1*6A*261130*1020*']
    expect(paths(await look(params))).toEqual(['acceptor: coins-off'])
    sell()
    expect(paths(await look(params))).toEqual([])
    machine.segments = []
    samples = samples.filter(({ series }) => !series.includes('6A'))
    await look(params)
    machine.segments = ['EA1*6A*161024*1336*']
    expect(paths(await look(params)), 'from before the last look, whoever lists it now').toBe(unknown)
  })

  it('mean what the standard says of their codes, with a part behind them too', async () => {
    machine.events = {}
    await look()
    machine.segments = ['EA2*EAR****0', 'EA2*EJL_12*1*1', 'EA2*ENF*1*1']
    expect(paths(await look()), 'over, of a sensor, and a box that was emptied').toEqual([])
    // EJB38 is of a Crane Merchant, which leaves out the line (jeremybrice/cvd, e8f2fc0, examples/dex); EA3A is no EA3 of a part A.
    machine.segments = ['EA2*EK2M*1*1', 'EA2*END_1*1*1', 'EA2*EJB38*1*1', 'EA2*EA3A*1*75', 'EA2*EG1A*1*180']
    expect(paths(await look())).toEqual(['acceptor: notes-jammed', 'acceptor: card-off', 'column-jammed: EJB38'])
  })

  it('of cards are no other for a reader that moved to the second place', async () => {
    machine.events = {}
    await look()
    machine.cardSerial = ''
    machine.segments = ['DB1*M*X*1', 'DB2*100*1*0*0']
    const moved = await look()
    expect([paths(moved), moved.value['acceptors']]).toEqual([
      [],
      expect.objectContaining({ card: expect.objectContaining({ state: 'ok' }) }),
    ])
    machine.segments = ['DB1*', 'DB2*100*1*0*0']
    expect(paths(await look())).toEqual(['acceptor: card-off'])
    machine.segments = ['DB1*', 'DB2*200*2*0*0']
    expect(paths(await look()), 'it takes cards').toEqual([])
  })

  it('mean what the user says that codes mean', async () => {
    const params = { events: { 'OCM mdb': 'card-off', EAD: 'ignore' } }
    machine.events['OCM mdb'] = 1
    await look(params)
    machine.events['OCM mdb'] = 2
    machine.events['EAD'] = 9
    expect(paths(await look(params))).toEqual(['acceptor: card-off'])
  })
})

describe('What was sold', () => {
  it('and not dispensed is told once for each look that finds more', async () => {
    await look()
    machine.events['ELA'] = 7
    const paid = await look()
    expect([paths(paid), paid.value['fault'], paid.value['why']]).toEqual([
      ['paid-not-dispensed: ELA'],
      'paid-not-dispensed',
      'Paid and not dispensed 2 times since the look before.',
    ])
    sell()
    expect(paths(await look())).toEqual([])
  })

  it('and not dispensed is told of a machine that lists only events that were', async () => {
    machine.events = {}
    await look()
    machine.events = { ELA: 1 }
    expect(paths(await look())).toEqual(['paid-not-dispensed: ELA'])
    expect(paths(await look())).toEqual([])
  })

  it('and not dispensed is told of the column that it was in, by the words of the user too', async () => {
    machine.events = {}
    const columns = (first: number, second: number): string[] => [
      ...['PA1*010*150', `EA2*ELA*${first}*${first}`, 'PA1*040*150', `EA2*ELA*${second}*${second}`, 'EA3*1'],
      `EA2*EJL_12*${second}*${second}`,
    ]
    const params = { events: { EJL: 'not-dispensed' } }
    machine.segments = columns(70, 9)
    await look(params)
    machine.segments = columns(71, 9)
    expect(paths(await look(params))).toEqual(['paid-not-dispensed: ELA'])
    machine.segments = columns(71, 10)
    const both = await look(params)
    expect([paths(both), both.value['why']]).toEqual([
      ['paid-not-dispensed: ELA, EJL_12'],
      'Paid and not dispensed 2 times since the look before.',
    ])
    expect(paths(await look(params))).toEqual([])
  })

  it('by card was paid between two looks; none for too long is a finding only while it sells', async () => {
    const params = { card_silent_after: '4h' }
    await look(params)
    machine.cards += 1
    machine.sales += 1
    const paid = await look(params)
    expect(paid.value['card']).toMatchObject({
      count: 41,
      silent: false,
      last_seen_at: '2026-11-30T09:00:00.000Z',
      not_before: '2026-11-30T08:30:00.000Z',
    })
    const quiet = await look(params, 300)
    expect(quiet.value['card'], 'nobody bought anything').toMatchObject({ silent: false })
    sell(3)
    expect(paths(await look(params))).toEqual(['card-silent'])
  })

  it('is compared with the same weekdays, and a counter that began anew is not a day without sales', async () => {
    const begin = now
    for (let week = 4; week >= 1; week -= 1) {
      for (let hour = -40; hour <= 6; hour += 1) {
        const at = new Date(begin - week * 7 * 24 * HOUR_MS + hour * HOUR_MS).toISOString()
        samples.push({ series: 'vending.sales', at, value: 1000 * (5 - week) + (hour + 40) * 20 })
      }
    }
    machine.sales = 9000
    samples.push({ series: 'vending.sales', at: new Date(begin - 12 * HOUR_MS).toISOString(), value: 8900 })
    await look()
    machine.sales = 9001
    await look()
    const none = await look({}, 180)
    expect(none.value['sales']).toMatchObject({ class: 'none-since', today: 101, weeks: 4 })
    expect(none.value['fault']).toBe('no-sales')
    machine.sales = 3
    const anew = await look({}, 10)
    expect(anew.value['sales']).toMatchObject({ class: 'learning', today: null })
  })
})

describe('Columns', () => {
  const planogram = { '10': { capacity: 8, product: 'water' } }

  it('are unknown without anybody who says how many were in them, never full', async () => {
    machine.events = {}
    expect((await look()).value['stock']).toEqual([
      expect.objectContaining({ column: '10', state: 'unknown', left: null, why: 'The planogram does not name it.' }),
    ])
    expect(paths(await look({ planogram }))).toBe(
      'The stock of column 10 is unknown. Nobody says how many were in it, and when.',
    )
    expect(paths(await look({ planogram: { '99': { capacity: 3 } } }))).toBe(
      'The stock of column 99 is unknown. The audit file does not name it.',
    )
  })

  it('are filled by a reset, or to a number at a counter', async () => {
    machine.events = {}
    const full = await look({ planogram, refill: 'reset' })
    expect(full.value['stock']).toMatchObject([{ state: 'ok', left: 5, capacity: 8, days_left: null }])
    machine.column = { total: 55, since: 8 }
    const out = await look({ planogram, refill: 'reset' })
    expect([paths(out), out.value['severity']]).toEqual([['columns-out: 10'], 'sale-blocked'])
    const counted = { '10': { capacity: 8, filled: 10, filled_at: 48 } }
    expect((await look({ planogram: counted })).value['stock']).toMatchObject([{ state: 'ok', left: 3 }])
    const below = { '10': { filled: 10, filled_at: 480 } }
    expect((await look({ planogram: below })).value['stock']).toMatchObject([{ state: 'unknown' }])
  })

  it('are unknown where something left that nobody paid for, until they are filled again', async () => {
    machine.events = {}
    const params = (filled_at: number) => ({ planogram: { '10': { capacity: 8, filled: 8, filled_at } } })
    expect((await look(params(50))).value['stock']).toMatchObject([{ state: 'ok', left: 8 }])
    machine.free = 2
    machine.column.total = 51
    expect(paths(await look(params(50)))).toBe(
      'The stock of column 10 is unknown. 2 left it since it was filled, or while it was, that nobody paid for (PA3, PA4).',
    )
    expect((await look(params(51))).value['stock'], 'filled again').toMatchObject([{ state: 'ok', left: 8 }])
  })

  it('last as long as what was sold lately says; low ones are a finding only where that is asked for', async () => {
    machine.events = {}
    const params = { planogram: { '10': { filled: 40, filled_at: 40, low: 2 } } }
    await look(params)
    machine.column.total = 62
    const later = await look(params, 3 * 24 * 60)
    expect(later.value['stock']).toMatchObject([{ left: 18, days_left: 4.5, state: 'ok' }])
    machine.column.total = 78
    const low = await look({ ...params, strict: true }, 60)
    expect(low.value['stock']).toMatchObject([{ left: 2, state: 'low' }])
    expect(paths(low)).toEqual(['columns-low: 10'])
    expect(paths(await look(params, 10))).toEqual([])
  })
})

describe('The place', () => {
  it('lost its power, or was opened, since the look before', async () => {
    machine.events = {}
    await look()
    machine.outages = 3
    machine.events = { EGS: 1 }
    const seen = await look({ strict: true })
    expect(paths(seen)).toEqual(['power-lost: EA7', 'door-opened: EGS'])
    expect(seen.value['why']).toBe('It lost its power 3 times since the look before.')
    expect(paths(await look({ strict: true }))).toEqual([])
    machine.events = { EGS: 2 }
    expect(paths(await look()), 'whoever fills it up opens it').toEqual([])
    machine.events = {}
    machine.segments = ['EA2*EGS*2*2**1*95206', 'EA2*EJB*0***1']
    const open = await look({ strict: true })
    expect([paths(open), open.value['why']]).toEqual([
      ['column-jammed: EJB', 'door-opened: EGS'],
      'A column is jammed.',
    ])
    expect(paths(await look({ strict: true })), 'still so').toEqual(['column-jammed: EJB', 'door-opened: EGS'])
  })
})

describe('How warm it is', () => {
  const params = { temperature: { max: 8, for: '1h' } }

  beforeEach(() => {
    machine.events = {}
  })

  it('is a finding after a time, not for a door that was opened', async () => {
    await look(params)
    machine.temperature = '1250*C'
    const door = await look(params)
    expect([paths(door), door.value['temperature']]).toEqual([[], expect.objectContaining({ state: 'warm' })])
    machine.temperature = '500*C'
    await look(params)
    machine.temperature = '1250*C'
    await look(params)
    await look(params)
    expect(paths(await look(params))).toEqual(['too-warm'])
  })

  it('in Fahrenheit is reckoned, or found out where the machine calls it Celsius', async () => {
    machine.temperature = '3920*F'
    expect((await look(params)).value['temperature']).toMatchObject({ state: 'ok', celsius: 4 })
    samples = []
    machine.temperature = '3900*C'
    const doubtful = await look(params)
    expect(paths(doubtful)).toEqual(['temperature-unit'])
    samples = []
    machine.temperature = '500*C'
    await look(params)
    machine.temperature = '3900*C'
    expect((await look(params)).value['temperature'], 'it was cold before').toMatchObject({ state: 'warm' })
  })

  it('is unknown where the machine does not say', async () => {
    machine.temperature = ''
    expect(paths(await look(params))).toBe('The machine tells no "DETECTED TEMPERATURE".')
  })
})

describe('A file', () => {
  it('that is old, or of tomorrow, says nothing, and nothing of it is kept', async () => {
    await look()
    const kept = samples.length
    machine.at = new Date(now - 48 * HOUR_MS).toISOString()
    expect(paths(await look())).toMatch(/^The audit file is 4[89] h old\.$/)
    machine.at = new Date(now + 3 * HOUR_MS).toISOString()
    const ahead = await look()
    expect(paths(ahead)).toBe('The audit file is of a time that is still to come: a clock is wrong.')
    expect([ahead.value['fault'], ahead.value['severity']]).toEqual(['not-known', 'unknown'])
    expect(samples.length).toBe(kept)
  })

  it('without ID5 is as old as its reading; one that nothing dates is unknown where somebody asks how old it may be', async () => {
    machine.events = {}
    machine.id5 = false
    const undated = await look()
    expect([paths(undated), undated.value['evidence']]).toEqual([
      [],
      expect.objectContaining({ made_at: null, made_at_from: 'none' }),
    ])
    expect(paths(await look({ stale_after: '24h' }))).toMatch(/^How old the audit file is is unknown/)
    machine.segments = ['EA3*1*261129*0900']
    const old = await look({ stale_after: '20h' })
    expect([paths(old), old.value['evidence']]).toEqual([
      'The audit file is 26 h old.',
      expect.objectContaining({ made_at: '2026-11-29T09:00:00', made_at_from: 'EA3' }),
    ])
  })
})
