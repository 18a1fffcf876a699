// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hasCardNumber } from '../../src/core/card-number.ts'
import { JsonObjects } from '../../src/streams/intake/json-objects.ts'
import { EventMapper } from '../../src/streams/intake/map-event.ts'
import { settingsOf } from './some-source.ts'

const RUNS = Number(process.env['TILL_HOSTILE'] ?? 300)
const NOW = Date.parse('2026-11-30T12:00:00Z')
const settings = settingsOf(`
    push: true
    device: event.till
    at: event.time
    kind: event.type
    id: event.id
    rules:
      - {kinds: [CLOSED], count: [receipts], marks: {note: event.note, last: about.at}, samples: {sum: event.sum}}
      - {when: "event.sum > 3", count: [large]}
`)
const mapper = new EventMapper(settings, (name) =>
  name === 'PL-0001/pos1' ? { name, timeZone: 'Europe/Warsaw' } : undefined,
)

const NASTY = [
  ...['--help', '-rf', '=cmd|/c calc', '@SUM(A1)', '+1', '${{ 1 + 1 }}', '$(id)', '`id`', '__proto__', 'constructor'],
  ...[
    '\u0000',
    '\u001b[2J',
    '\u202e',
    '\ud800',
    "' OR 1=1 --",
    'event.till',
    '1e999',
    '4111111111111111',
    '5500 0000 0000 0004',
  ],
]
const value = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.jsonValue(),
  fc.bigInt().map(Number),
)
const hostile = fc.record(
  {
    till: fc.oneof({ weight: 3, arbitrary: fc.constant('PL-0001/pos1') }, value),
    time: fc.oneof(fc.constant('2026-11-30T11:59:00Z'), value),
    type: fc.oneof(fc.constant('CLOSED'), value),
    id: value,
    note: value,
    sum: value,
  },
  { requiredKeys: [] },
)

it(`makes of hostile events nothing but counted names, numbers and short plain texts (${RUNS} runs)`, () => {
  fc.assert(
    fc.property(
      fc.oneof({ weight: 5, arbitrary: hostile.map((one) => JSON.stringify(one)) }, fc.string({ unit: 'binary' })),
      (text) => {
        const given = mapper.map({ text, topic: '' }, NOW)
        expect(given.tallies.length).toBeGreaterThan(0)
        const names = [given.unknown?.name ?? '', ...(given.gives?.marks.map(({ value }) => value) ?? [])]
        for (const name of names) {
          expect(name.length).toBeLessThanOrEqual(200)
          expect(name).not.toMatch(/[\p{Cc}\p{Cf}]/u)
          expect(hasCardNumber(name)).toBe(false)
        }
        if (!given.gives) return
        // Names come from the project file alone, values as they are.
        expect(given.gives.device).toBe('PL-0001/pos1')
        expect(given.gives.at).toBeLessThanOrEqual(NOW)
        for (const name of given.gives.counts) expect(['receipts', 'large']).toContain(name)
        for (const { name } of given.gives.marks) expect(['note', 'last']).toContain(name)
        for (const { series, value } of given.gives.samples) {
          expect(series).toBe('sum')
          expect(Number.isFinite(value)).toBe(true)
        }
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      },
    ),
    { numRuns: RUNS },
  )
})

it('finds numbers of cards however they are written, and leaves other numbers alone', () => {
  const check = (digits: string): string => {
    for (let last = 0; last < 10; last += 1) if (hasCardNumber(`${digits}${last}`)) return `${digits}${last}`
    throw new Error(`no check digit for ${digits}`)
  }
  const digits = fc
    .integer({ min: 12, max: 18 })
    .chain((length) =>
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((all) => all.join('')),
    )
  fc.assert(
    fc.property(digits, fc.constantFrom('', ' ', '-'), (begin, between) => {
      const card = check(begin)
      expect(hasCardNumber(`paid by ${card.replaceAll(/(\d{4})(?=\d)/g, `$1${between}`)}.`)).toBe(true)
      const wrong = `${begin}${(Number(card.at(-1)) + 1) % 10}`
      expect(hasCardNumber(wrong)).toBe(false)
    }),
    { numRuns: RUNS },
  )
  for (const text of ['2026-11-30T10:00:00.000Z', 'PL-0412/pos1', '19.04.2016 10:00:00.000', '123456789012'])
    expect(hasCardNumber(text), text).toBe(false)
})

it('finds objects that come one behind the other, cut anywhere', () => {
  const objects = ['{"a":"}{\\"","b":{"c":[1,{}]}}', '{}', `{"long":"${'x'.repeat(400)}"}`, '{"ü":"\\\\"}']
  const bytes = Buffer.from(`${objects.join('\n')}\n`)
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
      const reader = new JsonObjects(200)
      const places = [0, ...cuts.sort((one, other) => one - other), bytes.length]
      const found = places.slice(1).flatMap((to, index) => reader.push(bytes.subarray(places[index], to)))
      expect(found.map(({ text, isTooLong }) => (isTooLong ? 'too long' : text))).toEqual(objects.with(2, 'too long'))
      expect(reader.isWhole).toBe(true)
    }),
    { numRuns: RUNS },
  )
})
