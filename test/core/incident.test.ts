import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/duration.ts'
import type { TradingHours } from '../../src/core/fleet.ts'
import {
  foldIncident,
  type Incident,
  type IncidentEvent,
  type IncidentEventBody,
  type IncidentOpening,
  incidentState,
  mayReturn,
} from '../../src/core/incident.ts'
import { DEFAULT_LIMITS_MS, elapsed, reaches, readClocks } from '../../src/core/incident-clocks.ts'

const OPENED = Date.parse('2026-03-27T10:00:00.000Z')
const days = (spans: readonly string[], weekend = spans): TradingHours => ({
  week: { mon: spans, tue: spans, wed: spans, thu: spans, fri: spans, sat: weekend, sun: weekend },
  exceptions: {},
})
const HOURS = { always: days(['00:00-24:00']), day: days(['07:00-22:00']), business: days(['09:00-17:00'], []) }

function opening(hours: TradingHours, time_zone = 'Europe/Warsaw'): IncidentOpening {
  return {
    key: 'k',
    origin: 'hand',
    fault: 'f',
    severity: 'high',
    title: 't',
    device: null,
    store: null,
    region: null,
    vendor: '',
    team: null,
    partner: null,
    why: '',
    terms: { contract: null, trading: { hours, time_zone }, limits_ms: DEFAULT_LIMITS_MS },
    steps: ['one', 'two'],
    by: 'x',
  }
}

const saidOf = fc.oneof(
  fc
    .constantFrom<IncidentEventBody['type']>('cleared', 'taken', 'paused', 'continued', 'closed', 'joined', 'cause')
    .map((type) => ({ type })),
  fc.constantFrom('one', 'two', 'three').map((step) => ({ type: 'step' as const, step })),
)
const storyOf = fc.record({
  hours: fc.constantFrom(...Object.values(HOURS)),
  zone: fc.constantFrom('Europe/Warsaw', 'Asia/Vladivostok', 'UTC'),
  said: fc.array(fc.tuple(saidOf, fc.integer({ min: 0, max: 30 * HOUR_MS })), { maxLength: 12 }),
})
type Story = typeof storyOf extends fc.Arbitrary<infer T> ? T : never

/** Events of a story at times that only go up. */
function eventsOf({ hours, zone, said }: Story): IncidentEvent[] {
  let at = OPENED
  const opened: IncidentEvent = { type: 'opened', at: new Date(at).toISOString(), seq: 1, ...opening(hours, zone) }
  const rest = said.map(([what, after], index) => {
    at += after
    const more = { by: 'p', why: 'w', cause: 'c', despite: null, episode: 'E' }
    return { ...more, ...what, at: new Date(at).toISOString(), seq: index + 2 } as IncidentEvent
  })
  return [opened, ...rest]
}
const whole = (events: readonly IncidentEvent[]): Incident => {
  const incident = foldIncident('I', events)
  if (!incident) throw new Error('There is no incident.')
  return incident
}

describe('the fold of an incident', () => {
  test('is the same in every order and for every cut, over JSON, and however often an event comes', () => {
    fc.assert(
      fc.property(storyOf, fc.nat(), fc.infiniteStream(fc.nat()), (story, cut, random) => {
        const events = eventsOf(story)
        const all = whole(events)
        const keyed = events.map((event) => [random.next().value ?? 0, event] as const)
        const shuffled = keyed.sort(([a], [b]) => a - b).map(([, event]) => event)
        expect(foldIncident('I', shuffled)).toEqual(all)
        const at = 1 + (cut % events.length)
        const first = JSON.parse(JSON.stringify(whole(events.slice(0, at)))) as Incident
        expect(foldIncident('I', events.slice(Math.max(0, at - 2)), first)).toEqual(all)
      }),
    )
  })

  const at = (hour: number) => new Date(OPENED + hour * HOUR_MS).toISOString()
  const of = (...bodies: readonly IncidentEventBody[]): Incident =>
    whole(
      [{ type: 'opened', at: at(0), ...opening(HOURS.always) } as const, ...bodies].map((body, n) => ({
        ...body,
        seq: n + 1,
      })),
    )

  test.each<[string, readonly IncidentEventBody[]]>([
    ['open', [{ type: 'commented', at: at(1), by: 'x', text: 'seen' }]],
    ['taken', [{ type: 'taken', at: at(1), by: 'x' }]],
    [
      'paused',
      [
        { type: 'cleared', at: at(1) },
        { type: 'paused', at: at(2), by: 'x', why: 'parts' },
        { type: 'paused', at: at(3), by: 'y', why: 'again' },
      ],
    ],
    [
      'cleared',
      [
        { type: 'taken', at: at(1), by: 'x' },
        { type: 'cleared', at: at(2) },
      ],
    ],
    [
      'closed',
      [
        { type: 'paused', at: at(1), by: 'x', why: 'parts' },
        { type: 'closed', at: at(2), by: 'x', despite: null },
      ],
    ],
  ])('is %s by the word that says most', (state, bodies) => {
    expect(incidentState(of(...bodies))).toBe(state)
    expect(of(...bodies).pauses.length).toBeLessThanOrEqual(1)
  })

  test('what fires again within an hour of its end belongs to it', () => {
    const cleared = of({ type: 'cleared', at: at(1) })
    expect([
      mayReturn(of(), OPENED),
      mayReturn(cleared, OPENED + 2 * HOUR_MS - 1),
      mayReturn(cleared, OPENED + 2 * HOUR_MS),
    ]).toEqual([true, true, false])
    expect(of({ type: 'cleared', at: at(1) }, { type: 'joined', at: at(1.5), episode: 'e2' }).cleared_at).toBeNull()
  })

  test('its corrective action outlives it, and nothing else does', () => {
    const action = {
      type: 'action',
      at: at(3),
      by: 'x',
      action: 'new drawers',
      owner: 'ann',
      due: '2026-12-24',
    } as const
    const closed = of(
      { type: 'closed', at: at(2), by: 'x', despite: 'works' },
      action,
      { type: 'taken', at: at(4), by: 'y' },
      { type: 'action.done', at: at(5), by: 'ann' },
    )
    expect(closed).toMatchObject({ owner: null, despite: 'works', action: { action: 'new drawers', done_at: at(5) } })
    expect(of({ type: 'action.done', at: at(1), by: 'x' }).action).toBeNull()
  })

  test('who was told by a step stands once, and nothing begins before it was opened', () => {
    const called = (message: string) =>
      ({ type: 'called', at: at(1), step: 's1', contact: 'ann', message, why: null }) as const
    const told = { type: 'told', at: at(1), message: 'm1', contact: 'ann', reference: 'T-1', why: null } as const
    expect(
      of(called('m1'), told, called('m2'), { type: 'acknowledged', at: at(2), message: 'm1', by: 'ann' }).calls,
    ).toEqual([{ step: 's1', at: at(1), message: 'm1' }])
    expect(foldIncident('I', [{ type: 'taken', at: at(1), by: 'x', seq: 2 }])).toBeUndefined()
  })

  test('what is closed has no pause that lasts, and what is met stays met', () => {
    fc.assert(
      fc.property(storyOf, (story) => {
        const events = eventsOf(story)
        let before: Incident | undefined
        for (let at = 1; at <= events.length; at++) {
          const now = whole(events.slice(0, at))
          if (now.closed_at !== null) expect(now.pauses.at(-1)?.to).not.toBeNull()
          if (before?.taken_at) expect(now.taken_at).toBe(before.taken_at)
          if (before?.diagnosed_at) expect(now.diagnosed_at).toBe(before.diagnosed_at)
          before = now
        }
      }),
    )
  })
})

describe('clocks', () => {
  test('never run backwards or faster than time, and what happens later changes nothing about a moment', () => {
    fc.assert(
      fc.property(
        storyOf,
        fc.array(fc.integer({ min: 0, max: 20 * DAY_MS }), { minLength: 2, maxLength: 5 }),
        (story, moments) => {
          const events = eventsOf(story)
          const all = whole(events)
          let last = { at: OPENED, elapsed: 0 }
          for (const now of moments.map((after) => OPENED + after).sort((a, b) => a - b)) {
            const known = whole(events.filter(({ at, seq }) => seq === 1 || Date.parse(at) <= now))
            const own = elapsed(known, now)
            expect(elapsed(all, now)).toBe(own)
            expect(own).toBeGreaterThanOrEqual(last.elapsed)
            expect(own - last.elapsed).toBeLessThanOrEqual(now - last.at)
            last = { at: now, elapsed: own }
            if (all.closed_at !== null && Date.parse(all.closed_at) <= now) continue
            if (all.cleared_at !== known.cleared_at) continue
            const shown = (incident: Incident) => readClocks(incident, now).map(({ due_at: _, ...clock }) => clock)
            expect(shown(all)).toEqual(shown(known))
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  test('run out exactly when what has run is what is promised', () => {
    fc.assert(
      fc.property(storyOf, fc.integer({ min: 1, max: 60 * HOUR_MS }), (story, ms) => {
        const incident = whole(eventsOf(story))
        const at = reaches(incident, ms)
        if (at === undefined) {
          expect(elapsed(incident, OPENED + 390 * DAY_MS)).toBeLessThan(ms)
          return
        }
        expect(elapsed(incident, at)).toBe(ms)
        expect(elapsed(incident, at - 1)).toBeLessThan(ms)
      }),
      { numRuns: 40 },
    )
  })

  const read = (hours: TradingHours, after: number, ...more: readonly IncidentEventBody[]) => {
    const opened = { type: 'opened' as const, at: new Date(OPENED).toISOString(), ...opening(hours) }
    const events = [opened, ...more].map((body, index) => ({ ...body, seq: index + 1 }))
    return readClocks(whole(events), OPENED + after)
  }
  const at = (after: number): string => new Date(OPENED + after).toISOString()

  test('around the clock', () => {
    expect(read(HOURS.always, 15 * MINUTE_MS - 1)).toMatchObject([
      { clock: 'reaction', state: 'running', late: false, elapsed_ms: 899_999, due_at: at(15 * MINUTE_MS) },
      { clock: 'diagnosis', due_at: at(HOUR_MS) },
      { clock: 'fix', due_at: at(4 * HOUR_MS) },
    ])
    expect(read(HOURS.always, 15 * MINUTE_MS)[0]).toMatchObject({ late: true })
    const taken = { type: 'taken', at: at(15 * MINUTE_MS), by: 'ann' } as const
    expect(read(HOURS.always, DAY_MS, taken)[0]).toMatchObject({ state: 'met', late: false, elapsed_ms: 900_000 })
  })

  test('in business hours over a weekend on which clocks are put forward', () => {
    // Friday 11:00 in Warsaw; 6 h of Friday are left, the next hours are those of Monday, in summer time.
    expect(read(HOURS.business, 7 * HOUR_MS)[2]).toMatchObject({
      state: 'resting',
      late: true,
      due_at: at(4 * HOUR_MS),
    })
    const paused = { type: 'paused', at: at(HOUR_MS), by: 'ann', why: 'a part' } as const
    expect(read(HOURS.business, 5 * HOUR_MS, paused)[2]).toMatchObject({
      state: 'paused',
      elapsed_ms: HOUR_MS,
      due_at: null,
    })
    const continued = { type: 'continued', at: at(5 * HOUR_MS), by: 'ann' } as const
    expect(read(HOURS.business, DAY_MS, paused, continued)[2]).toMatchObject({
      state: 'resting',
      late: false,
      elapsed_ms: 2 * HOUR_MS,
      due_at: '2026-03-30T09:00:00.000Z',
    })
  })
})
