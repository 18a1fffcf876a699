import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/core/duration.ts'
import {
  type ChainStep,
  type Contact,
  type Escalated,
  escalate,
  followUps,
  type Message,
  NO_LONGER_NEEDED,
} from '../../src/core/escalation.ts'
import { foldIncident, type Incident, type IncidentEvent, type IncidentEventBody } from '../../src/core/incident.ts'
import { DEFAULT_LIMITS_MS } from '../../src/core/incident-clocks.ts'

const OPENED = Date.parse('2026-11-30T10:00:00.000Z')
const ALWAYS = ['00:00-24:00']
const NEVER: readonly string[] = []
const week = (day: readonly string[]) => ({
  week: { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day },
  exceptions: {},
})

/** An incident with its outbox, as a store keeps it. */
class Case {
  events: IncidentEvent[] = []
  messages: Message[] = []
  readonly sent: { readonly key: string; readonly at: number }[] = []
  readonly chain: readonly ChainStep[]
  readonly contacts: ReadonlyMap<string, Contact>

  constructor(chain: readonly ChainStep[], absent: readonly string[] = []) {
    this.chain = chain
    this.contacts = new Map(
      chain.map(({ contact: name }) => {
        const duty = { hours: week(absent.includes(name) ? NEVER : ALWAYS), timeZone: 'UTC' }
        return [name, { name, channel: 'c', to: '', duty }]
      }),
    )
    this.say({
      type: 'opened',
      at: new Date(OPENED).toISOString(),
      ...{ key: 'k', origin: 'hand', fault: 'f', severity: '', title: '', device: null, store: null, region: null },
      ...{ vendor: '', team: 't', partner: null, why: '', steps: [], by: '' },
      terms: { contract: null, trading: { hours: week(ALWAYS), time_zone: 'UTC' }, limits_ms: DEFAULT_LIMITS_MS },
    })
  }

  get incident(): Incident {
    return foldIncident('I', this.events) as Incident
  }

  say(...bodies: readonly IncidentEventBody[]): void {
    for (const body of bodies) this.events.push({ ...body, seq: this.events.length + 1 })
  }

  look(now: number): Escalated {
    const { chain, contacts, messages } = this
    const answer = escalate({ incident: this.incident, chain, contacts, messages, now })
    this.say(...answer.bodies)
    const at = new Date(now).toISOString()
    for (const message of answer.messages) {
      const rest = {
        state: 'sent',
        attempts: 1,
        created_at: at,
        next_at: null,
        sent_at: at,
        reference: null,
        why: null,
        batch: null,
      } as const
      this.messages.push({ ...message, ...rest, message: message.key, incident: 'I' })
      this.say({ type: 'called', at, step: message.key, contact: message.contact, message: message.key, why: null })
      this.sent.push({ key: message.key, at: now - OPENED })
    }
    return answer
  }

  giveUp(key: string): void {
    this.messages = this.messages.map((each) => (each.key === key ? { ...each, state: 'given-up' } : each))
  }
}

const step = (contact: string, minutes = 0, until: ChainStep['until'] = 'taken'): ChainStep => ({
  key: contact,
  contact,
  afterMs: minutes * MINUTE_MS,
  until,
})
const CHAIN = [step('desk'), step('ann', 15), step('boss', 60, 'fixed')]
const keys = ({ sent }: Case): readonly string[] => sent.map(({ key, at }) => `${key} ${at / MINUTE_MS}`)

test('each is told at the time of its step, and once', () => {
  const of = new Case(CHAIN)
  expect(of.look(OPENED).due).toBe(OPENED + 15 * MINUTE_MS)
  of.look(OPENED)
  of.look(OPENED + 15 * MINUTE_MS - 1)
  expect(of.look(OPENED + 15 * MINUTE_MS).due).toBe(OPENED + HOUR_MS)
  expect(of.look(OPENED + 2 * HOUR_MS).due).toBeNull()
  expect(keys(of)).toEqual(['desk 0', 'ann 15', 'boss 120'])
})

test('what somebody has taken goes on only to those who want to know until it is over', () => {
  const of = new Case(CHAIN)
  of.look(OPENED)
  of.say({ type: 'taken', at: new Date(OPENED).toISOString(), by: 'x' })
  of.look(OPENED + 2 * HOUR_MS)
  expect(keys(of)).toEqual(['desk 0', 'boss 120'])
  const over = new Case(CHAIN)
  over.look(OPENED)
  over.say({ type: 'cleared', at: new Date(OPENED).toISOString() })
  expect(over.look(OPENED + 2 * HOUR_MS)).toMatchObject({ messages: [], due: null })
})

test('whoever is not there is passed over, also several; the last one is told all the same', () => {
  const of = new Case(CHAIN, ['desk', 'ann'])
  of.look(OPENED)
  expect(keys(of)).toEqual(['boss 0'])
  expect(of.incident.calls.map(({ step, message }) => [step, message])).toEqual([
    ['desk', null],
    ['ann', null],
    ['boss', 'boss'],
  ])
  const nobody = new Case(CHAIN, ['desk', 'ann', 'boss'])
  nobody.look(OPENED)
  expect(keys(nobody)).toEqual(['boss 0'])
})

test('where a message is given up the next one is told at once', () => {
  const of = new Case(CHAIN)
  of.look(OPENED)
  of.giveUp('desk')
  of.look(OPENED + MINUTE_MS)
  expect(keys(of)).toEqual(['desk 0', 'ann 1'])
})

test('a pause holds the chain, and nobody waits for a time that nobody knows', () => {
  const of = new Case(CHAIN)
  of.look(OPENED)
  of.say({ type: 'paused', at: new Date(OPENED + MINUTE_MS).toISOString(), by: '', why: '' })
  expect(of.look(OPENED + HOUR_MS)).toEqual({ bodies: [], messages: [], due: null })
  of.say({ type: 'continued', at: new Date(OPENED + HOUR_MS).toISOString(), by: '' })
  expect(of.look(OPENED + HOUR_MS).due).toBe(OPENED + HOUR_MS + 14 * MINUTE_MS)
})

test('however often and whenever it is looked at: each step once, in order, none before its time', () => {
  const looks = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 12 })
  const absent = fc.subarray(['desk', 'ann', 'boss'])
  const until = fc.constantFrom<ChainStep['until']>('taken', 'diagnosed', 'fixed')
  fc.assert(
    fc.property(looks, absent, until, fc.boolean(), (minutes, away, ends, isTaken) => {
      const chain = [step('desk'), step('ann', 15, ends), step('boss', 60, 'fixed')]
      const of = new Case(chain, away)
      for (const [index, after] of [...minutes].sort((a, b) => a - b).entries()) {
        if (isTaken && index === 1) of.say({ type: 'taken', at: new Date(OPENED).toISOString(), by: '' })
        const now = OPENED + after * MINUTE_MS
        of.look(now)
        // Nothing is left for this moment.
        expect(of.look(now)).toMatchObject({ bodies: [], messages: [] })
      }
      const calls = of.incident.calls.map(({ step }) => step)
      expect(new Set(calls).size).toBe(calls.length)
      if (away.length > 0) return
      for (const { key, at } of of.sent)
        expect(at).toBeGreaterThanOrEqual(chain.find((each) => each.key === key)?.afterMs ?? 0)
    }),
    { numRuns: 50 },
  )
})

describe('what follows a message', () => {
  const at = (minute: number) => new Date(OPENED + minute * MINUTE_MS).toISOString()
  const message = (key: string, channel: string, more: Partial<Message> = {}): Message => ({
    ...{
      key,
      message: key,
      incident: 'I',
      kind: 'call',
      contact: 'ann',
      channel,
      state: 'sent',
      attempts: 1,
      created_at: at(0),
    },
    ...{ next_at: null, sent_at: at(1), reference: null, why: null, batch: null },
    ...more,
  })
  const news = (messages: readonly Message[], ...bodies: readonly IncidentEventBody[]): readonly string[] => {
    const events = bodies.map((body, n) => ({ ...body, seq: n + 1 }))
    const is = { hasTickets: (channel: string) => channel !== 'sms', closes: (channel: string) => channel === 'jira' }
    return followUps(messages, { events, ...is }).map(({ key, kind }) => `${kind}: ${key}`)
  }
  const cleared = { type: 'cleared', at: at(5) } as const
  const joined = { type: 'joined', at: at(9), episode: 'e2' } as const
  const closed = { type: 'closed', at: at(20), by: 'x', despite: null } as const

  test('a ticket hears of each end and return, and is closed where the channel says so', () => {
    const all = [cleared, joined, closed, { type: 'taken', at: at(2), by: 'x' }] as const
    expect(news([message('s1', 'jira')], ...all)).toEqual([
      'cleared: s1 cleared 1',
      'returned: s1 returned 2',
      'closed: s1 closed 3',
      'transition: s1 transition 3',
    ])
    expect(news([message('s1', 'http')], closed)).toEqual(['closed: s1 closed 1'])
    expect(news([message('s1 cleared 1', 'jira', { kind: 'cleared' })], cleared)).toEqual([])
    expect(news([message('s1', 'jira', { state: 'given-up', why: 'gone' })], cleared)).toEqual([])
  })

  test('whoever got a text hears only that it fires again, if it does and was told before', () => {
    expect(news([message('s1', 'sms')], cleared)).toEqual([])
    expect(news([message('s1', 'sms')], cleared, joined)).toEqual(['returned: s1 returned 2'])
    expect(news([message('s1', 'sms')], joined)).toEqual([])
    expect(news([message('s1', 'sms')], cleared, joined, { ...cleared, at: at(12) })).toEqual([])
    expect(news([message('s1', 'sms')], cleared, joined, closed)).toEqual([])
    expect(news([message('s1', 'sms', { sent_at: at(10) })], cleared, joined)).toEqual([])
    expect(news([message('s1', 'sms', { state: 'waiting', sent_at: null })], cleared, joined)).toEqual([])
    const needless = { state: 'given-up', sent_at: null, why: NO_LONGER_NEEDED } as const
    expect(news([message('s1', 'sms', needless)], cleared, joined)).toEqual(['returned: s1 returned 2'])
  })
})
