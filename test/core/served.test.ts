import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEVICE_KINDS } from '../../src/core/fleet.ts'
import { canBeRead, narrowed, SERVES_ALL, serves, serveText } from '../../src/core/served.ts'

const VALUES = { kind: ['till', 'router'], profile: ['a', 'b'], region: ['north', 'łódzkie'], store: ['PL-1', 'PL-2'] }
type Term = keyof typeof VALUES

const term = fc
  .constantFrom(...(Object.keys(VALUES) as Term[]))
  .chain((name) => fc.constantFrom(...VALUES[name]).map((value) => `${name}:${value}`))
const serve = fc.oneof(
  fc.constant(SERVES_ALL),
  fc.array(term, { minLength: 1, maxLength: 5 }).map((terms) => serveText(terms.join(', '))),
)
const device = fc.record({
  kind: fc.constantFrom(...VALUES.kind),
  profile: fc.constantFrom(...VALUES.profile),
  region: fc.constantFrom(...VALUES.region),
  store: fc.constantFrom(...VALUES.store),
}) as fc.Arbitrary<Parameters<typeof serves>[1]>

test('is written in one way, which reads as itself', () => {
  expect(serveText('store:PL-1, kind:till,store:PL-1')).toBe('kind:till,store:PL-1')
  expect(serveText(undefined)).toBe(SERVES_ALL)
  fc.assert(fc.property(serve, (text) => canBeRead(text) && serveText(text) === text))
  expect(['kind:till,kind:router', 'later:x', 'kind:till '].map(canBeRead)).toEqual([false, false, false])
})

test.each([
  ...['', 'till', 'floor:1', 'store:', 'store:a:b', 'store:a b', 'kind:tills', 'kind:till,,store:a', 'all,kind:till'],
])('"%s" is refused', (text) => {
  expect(() => serveText(text)).toThrow('is nothing that a worker can serve')
})

test('a device is served whose every term is among the values', () => {
  const till = { kind: 'till', profile: 'a', region: 'north', store: 'PL-1' } as const
  expect(DEVICE_KINDS).toContain(till.kind)
  expect(serves('kind:till,region:north', till)).toBe(true)
  expect(serves('region:north,region:łódzkie', till)).toBe(true)
  expect(serves('kind:router,region:north', till)).toBe(false)
  // Of a later version: what is not known here does not hold.
  expect(serves('floor:1,kind:till', till)).toBe(false)
})

test('a worker that asks for no more than it may serve gets what it asked for of that, and nothing besides', () => {
  const law = fc.property(serve, serve, device, (right, asked, one) => {
    const { serve: got, outside } = narrowed(right, asked)
    fc.pre(outside.length === 0)
    expect(serves(got, one)).toBe(serves(right, one) && serves(asked, one))
  })
  fc.assert(law, { numRuns: 2000 })
})

test('what lies outside of what it may serve is told', () => {
  expect(narrowed('kind:till,region:north', 'kind:router,store:PL-1').outside).toEqual(['kind:router'])
  expect(narrowed('kind:till', SERVES_ALL)).toEqual({ serve: 'kind:till', outside: [] })
})
