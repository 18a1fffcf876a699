import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { whenPeriods } from '../../../src/engine/admission/when-periods.ts'
import { readCalendar } from '../../../src/lang/calendar/read-calendar.ts'
import { ALWAYS_OPEN } from '../../../src/lang/inventory/trading-hours.ts'

const HEAD = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n'

function ics(...events: readonly string[]): string {
  const texts = events.map(
    (text, i) =>
      `BEGIN:VEVENT\r\n${/UID:/.test(text) ? '' : `UID:${i}\r\n`}${text.trim().replaceAll('\n', '\r\n')}\r\nEND:VEVENT\r\n`,
  )
  return `${HEAD}${texts.join('')}END:VCALENDAR\r\n`
}

const wall = (text: string): number => Date.parse(`${text}Z`)

/** Spans of a calendar as text: `2026-01-05T22:00 2026-01-06T05:00 Europe/Warsaw`. */
function spans(text: string, from = '2026-01-01T00:00', to = '2027-01-01T00:00'): readonly string[] {
  const { calendar, diagnostics } = readCalendar(text, 'x.ics')
  expect(diagnostics).toEqual([])
  const shown = (at: number): string => new Date(at).toISOString().slice(0, 16)
  return (calendar?.between(wall(from), wall(to)) ?? []).map(
    (span) => `${shown(span.from)} ${shown(span.to)}${span.zone ? ` ${span.zone}` : ''}`,
  )
}

function problems(text: string): readonly string[] {
  return readCalendar(text, 'x.ics').diagnostics.map(
    ({ code, summary, source }) => `${code} ${source?.line}:${source?.column} ${summary}`,
  )
}

describe('an iCal file', () => {
  test('has times of the store, of a zone without a VTIMEZONE, and of UTC', () => {
    const text = ics(
      'DTSTART:20260105T220000\nDTEND:20260106T050000',
      'DTSTART;TZID=Europe/Warsaw:20260201T010000\nDURATION:PT2H',
      'DTSTART:20260301T010000Z\nDTEND:20260301T020000Z',
      'DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227',
      'DTSTART;VALUE=DATE:20261231',
    )
    expect(spans(text)).toEqual([
      '2026-01-05T22:00 2026-01-06T05:00',
      '2026-02-01T01:00 2026-02-01T03:00 Europe/Warsaw',
      '2026-03-01T01:00 2026-03-01T02:00 UTC',
      '2026-12-24T00:00 2026-12-27T00:00',
      '2026-12-31T00:00 2027-01-01T00:00',
    ])
  })

  // RFC 5545, 3.3.6: days are by the clocks, hours are hours.
  test('lasts hours by no clock, days and up to DTEND by those of the store', () => {
    const periods = (what: string, reading: 'narrow' | 'wide'): readonly string[] => {
      const { calendar } = readCalendar(ics(what), 'x.ics')
      const at = { trading: { hours: ALWAYS_OPEN, time_zone: 'Europe/Warsaw' }, calendar: () => calendar }
      const within = { from: Date.UTC(2026, 9, 20), to: Date.UTC(2027, 3, 10) }
      const found = whenPeriods({ type: 'calendar', calendar: 'x.ics' }, at, { within, reading })
      return found.map(({ from, to }) => [from, to].map((at) => new Date(at).toISOString().slice(5, 16)).join(' '))
    }
    for (const reading of ['narrow', 'wide'] as const) {
      expect(periods('DTSTART:20261024T220000\nDURATION:PT6H', reading)).toEqual(['10-24T20:00 10-25T02:00'])
      expect(periods('DTSTART:20261024T220000\nDTEND:20261025T040000', reading)).toEqual(['10-24T20:00 10-25T03:00'])
      expect(periods('DTSTART:20261024T220000\nDURATION:P1DT1H', reading)).toEqual(['10-24T20:00 10-25T22:00'])
      expect(periods('DTSTART:20270327T220000\nDURATION:PT6H', reading)).toEqual(['03-27T21:00 03-28T03:00'])
      expect(periods('DTSTART:20270327T220000\nDURATION:P1D', reading)).toEqual(['03-27T21:00 03-28T20:00'])
    }
    // The hour that does not come: 02:30 is 03:30 then; no leave before it, and a freeze from the jump on.
    expect(periods('DTSTART:20270328T023000\nDURATION:PT1H', 'narrow')).toEqual(['03-28T01:30 03-28T02:30'])
    expect(periods('DTSTART:20270328T023000\nDURATION:PT1H', 'wide')).toEqual(['03-28T01:00 03-28T02:30'])
    // The hour that comes twice: leave is given for the first one, a freeze holds for both.
    expect(periods('DTSTART:20261025T023000\nDURATION:PT1H', 'narrow')).toEqual(['10-25T00:30 10-25T01:30'])
    expect(periods('DTSTART:20261025T023000\nDURATION:PT1H', 'wide')).toEqual(['10-25T00:30 10-25T02:30'])
  })

  test('repeats by the clocks, less EXDATE, up to UNTIL in UTC', () => {
    const text = ics(
      'DTSTART;TZID=Europe/Warsaw:20260105T223000\nDTEND;TZID=Europe/Warsaw:20260106T050000\n' +
        'RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260126T213000Z\nEXDATE;TZID=Europe/Warsaw:20260112T223000',
    )
    expect(spans(text).map((span) => span.slice(0, 16))).toEqual([
      '2026-01-05T22:30',
      '2026-01-19T22:30',
      '2026-01-26T22:30',
    ])
    const before = text.replace('UNTIL=20260126T213000Z', 'UNTIL=20260126T212959Z')
    expect(spans(before)).toHaveLength(2)
    expect(spans(text.replace('EXDATE;TZID=Europe/Warsaw:20260112T223000', 'EXDATE:20260112T213000Z'))).toHaveLength(3)
    expect(spans(text.replace('EXDATE;TZID=Europe/Warsaw:20260112T223000', 'EXDATE;VALUE=DATE:20260112'))).toHaveLength(
      3,
    )
  })

  test('has single events moved, called off and added', () => {
    const text = ics(
      'UID:a\nDTSTART:20260105T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nRDATE:20260201T100000',
      'UID:a\nRECURRENCE-ID:20260106T220000\nDTSTART:20260106T230000\nDURATION:PT2H',
      'UID:a\nRECURRENCE-ID:20260107T220000\nSTATUS:CANCELLED\nDTSTART:20260107T220000\nDURATION:PT1H',
      'STATUS:CANCELLED\nDTSTART:20260301T220000\nDURATION:PT1H',
    )
    expect(spans(text)).toEqual([
      '2026-01-05T22:00 2026-01-05T23:00',
      '2026-01-06T23:00 2026-01-07T01:00',
      '2026-01-08T22:00 2026-01-08T23:00',
      '2026-01-09T22:00 2026-01-09T23:00',
      '2026-02-01T10:00 2026-02-01T11:00',
    ])
  })

  // RFC 5545, 3.8.5.2.
  test('has added periods of their own length, also by a duration', () => {
    const text = ics(
      'DTSTART;TZID=Europe/Warsaw:20261201T220000\nDTEND;TZID=Europe/Warsaw:20261202T020000\n' +
        'RDATE;VALUE=PERIOD:20261205T220000Z/PT1H,20261206T220000Z/20261207T230000Z\n' +
        'RDATE;TZID=Europe/Warsaw:20261210T220000',
    )
    expect(spans(text)).toEqual([
      '2026-12-01T22:00 2026-12-02T02:00 Europe/Warsaw',
      '2026-12-05T23:00 2026-12-06T00:00 Europe/Warsaw',
      '2026-12-06T23:00 2026-12-08T00:00 Europe/Warsaw',
      '2026-12-10T22:00 2026-12-11T02:00 Europe/Warsaw',
    ])
    expect(spans(text, '2026-12-07T20:00', '2026-12-08T12:00')).toEqual([
      '2026-12-06T23:00 2026-12-08T00:00 Europe/Warsaw',
    ])
  })

  test('moves what a change names by its day alone, and begins with a byte order mark', () => {
    const weekly = 'UID:w\nDTSTART;TZID=Europe/Warsaw:20261201T220000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2'
    const moved = 'UID:w\nDTSTART;TZID=Europe/Warsaw:20261209T220000\nDURATION:PT1H\nRECURRENCE-ID;VALUE=DATE:20261208'
    expect(spans(`\uFEFF${ics(weekly, moved)}`)).toEqual([
      '2026-12-01T22:00 2026-12-01T23:00 Europe/Warsaw',
      '2026-12-09T22:00 2026-12-09T23:00 Europe/Warsaw',
    ])
  })

  test('tells what began before the span that is asked about', () => {
    const text = ics('DTSTART:20260105T220000\nDURATION:P2D\nRRULE:FREQ=MONTHLY')
    expect(spans(text, '2026-03-06T00:00', '2026-03-07T00:00')).toEqual(['2026-03-05T22:00 2026-03-07T22:00'])
    expect(spans(text, '2026-03-07T22:00', '2026-03-08T00:00')).toEqual([])
  })

  test.each([
    ['W. Europe Standard Time', 'Europe/Berlin'],
    // Of Kazakhstan until March 2024, when that went to the time of Oral; what Windows means by it is still UTC+6 (CLDR 46).
    ['Central Asia Standard Time', 'Asia/Bishkek'],
    ['Qyzylorda Standard Time', 'Asia/Qyzylorda'],
    ['Canada Central Standard Time', 'America/Regina'],
    ['"(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb"', 'Europe/Warsaw'],
    ['"(UTC+01:00) Sarajewo, Skopie, Warszawa, Zagrzeb"', 'Europe/Warsaw'],
    ['"(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', 'Europe/Berlin'],
    ['"(UTC-05:00) Eastern Time (US & Canada)"', 'America/New_York'],
    ['"tzone://Microsoft/Utc"', 'UTC'],
    ['/freeassociation.sourceforge.net/Europe/Warsaw', 'Europe/Warsaw'],
  ])('knows the zone "%s"', (tzid, zone) => {
    expect(spans(ics(`DTSTART;TZID=${tzid}:20260105T220000\nDURATION:PT1H`))[0]).toContain(zone)
  })

  test.each([
    '"(UTC+02:00) Athens, Bucharest, Istanbul"',
    '"(UTC+01:00) Nowhere, Elsewhere"',
    '"tzone://Microsoft/Custom"',
    '"(UTC+01:00) "',
  ])('refuses the zone %s, which may be several or none', (tzid) => {
    const [problem, ...more] = problems(ics(`DTSTART;TZID=${tzid}:20260105T220000\nDURATION:PT1H`))
    expect([problem, more]).toEqual([expect.stringContaining('There is no time zone'), []])
  })

  test('takes the place that a VTIMEZONE names', () => {
    const zone = 'BEGIN:VTIMEZONE\r\nTZID:Our zone\r\nX-LIC-LOCATION:Europe/Warsaw\r\nEND:VTIMEZONE\r\n'
    const text = ics('DTSTART;TZID=Our zone:20260105T220000\nDURATION:PT1H').replace(HEAD, HEAD + zone)
    expect(spans(text)[0]).toContain('Europe/Warsaw')
  })

  test.each([
    ['', 'CALENDAR_INVALID 1:1 The file is not an iCal file'],
    ['hello', 'CALENDAR_INVALID 1:1 The file is not an iCal file'],
    [ics('DTSTART:20260105T220000').slice(0, 60), 'CALENDAR_INVALID 1:1 The file is not an iCal file'],
    [
      ics('DTSTART;TZID=Mars/Base:20260105T220000\nDURATION:PT1H'),
      'CALENDAR_INVALID 6:14 There is no time zone "Mars/Base"',
    ],
    [ics('SUMMARY:night\nDURATION:PT1H'), 'CALENDAR_INVALID 6:9 The event "night" does not say when it begins'],
    [ics('SUMMARY:night\nDTSTART:20260105T220000'), 'CALENDAR_INVALID 6:9 The event "night" has no length'],
    [
      ics('SUMMARY:night\nDTSTART:20260105T220000\nDTEND:20260105T210000'),
      'CALENDAR_INVALID 6:9 The event "night" has no length',
    ],
    [
      ics('DTSTART:20260105T220000\nDURATION:PT1H\nRRULE:FREQ=SECONDLY'),
      'CALENDAR_INVALID 8:7 An event cannot be repeated "SECONDLY"',
    ],
    [
      ics('DTSTART:20260105T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'),
      'CALENDAR_INVALID 8:28 A rule of repetition names days that never come',
    ],
    [
      ics('DTSTART:20260105T220000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYWEEKNO=20'),
      'CALENDAR_INVALID 8:19 "BYWEEKNO" of a rule of repetition is not understood',
    ],
    [
      ics(
        'UID:a\nDTSTART:20260105T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY',
        'UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260106T220000\nDTSTART:20260106T230000\nDURATION:PT1H',
      ),
      'CALENDAR_INVALID 12:15 A change of "0" is for all that follow, which is not understood',
    ],
  ])('%# that is wrong is told with its place', (text, problem) => {
    expect(problems(text)).toEqual([problem.replace('"0"', '"a"')])
  })
})

const FREQUENCY = fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY')
const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

/** Rules as calendar programs write them. */
const rule = fc
  .record({
    freq: FREQUENCY,
    interval: fc.integer({ min: 1, max: 4 }),
    end: fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 40 }).map((n) => `;COUNT=${n}`),
      fc.constant(';UNTIL=20280301T120000'),
    ),
    by: fc.constantFrom('day', 'monthday', 'none', 'none'),
    days: fc.subarray(DAYS, { minLength: 1 }),
    position: fc.constantFrom('', '1', '2', '-1'),
    monthdays: fc.uniqueArray(fc.constantFrom(1, 5, 15, 28, 29, 30, 31, -1, -3), { minLength: 1, maxLength: 3 }),
    months: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 })),
  })
  .map(({ freq, interval, end, by, days, position, monthdays, months }) => {
    const isLong = freq === 'MONTHLY' || freq === 'YEARLY'
    const byDay =
      by === 'day' && freq !== 'DAILY'
        ? `;BYDAY=${days.map((day) => (freq === 'MONTHLY' ? position + day : day)).join()}`
        : ''
    const byMonthDay = by === 'monthday' && isLong ? `;BYMONTHDAY=${monthdays.join()}` : ''
    const byMonth = isLong && months !== null && (byDay || byMonthDay) ? `;BYMONTH=${months.join()}` : ''
    return `FREQ=${freq};INTERVAL=${interval}${end}${byMonth}${byDay}${byMonthDay}`
  })

const PYTHON = `
import sys, json
from datetime import datetime
from dateutil.rrule import rrulestr
for line in sys.stdin:
    start, rule, until = json.loads(line)
    found = rrulestr(rule, dtstart=datetime.fromisoformat(start)).between(datetime(2026,1,1), datetime.fromisoformat(until), inc=True)
    print(json.dumps([d.isoformat() for d in found]))
`

const hasDateutil = (() => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import dateutil'], { stdio: 'ignore' })
    return true
  } catch {
    if (process.env['CI']) throw new Error('python3-dateutil is missing (apt-get install python3-dateutil)')
    console.warn('Skipped: rules of repetition beside those of python3-dateutil, which is not installed')
    return false
  }
})()

describe.skipIf(!hasDateutil)('rules of repetition', () => {
  test('are those of another library over five years', () => {
    const seed = Number(process.env['SEED'] ?? 20261129)
    const cases = fc.sample(fc.tuple(rule, fc.integer({ min: 0, max: 364 })), { numRuns: 400, seed })
    const starts = cases.map(([, day]) => `${new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10)}T22:00:00`)
    const input = cases.map(([text], i) => JSON.stringify([starts[i], text, '2031-01-01T00:00:00'])).join('\n')
    const answers = execFileSync('/usr/bin/python3', ['-c', PYTHON], {
      input: `${input}\n`,
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
      .trim()
      .split('\n')
    const wrong = cases.flatMap(([text], i) => {
      const begin = (starts[i] ?? '').replaceAll(/[-:]/g, '')
      const source = ics(`DTSTART:${begin}\nDURATION:PT1H\nRRULE:${text}`)
      const { calendar, diagnostics } = readCalendar(source, 'x.ics')
      if (diagnostics[0]?.summary === 'A rule of repetition names days that never come') return []
      const ours = calendar
        ?.between(wall('2026-01-01T00:00'), wall('2031-01-01T00:00'))
        .map(({ from }) => new Date(from).toISOString().slice(0, 19))
      const theirs = JSON.parse(answers[i] ?? '[]') as readonly string[]
      return JSON.stringify(ours) === JSON.stringify(theirs)
        ? []
        : [
            {
              start: starts[i],
              text,
              ours: ours?.slice(0, 5),
              theirs: theirs.slice(0, 5),
              n: [ours?.length, theirs.length],
            },
          ]
    })
    expect(wrong.slice(0, 6), `seed ${seed}`).toEqual([])
  })
})
