import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { JsonValue } from '../../src/core/json.ts'
import { readPlainYaml } from '../../src/lang/plain-yaml.ts'
import { LineIndex } from '../../src/lang/source-text.ts'
import { valueAt } from '../../src/lang/value-path.ts'
import { parseYaml } from '../../src/lang/yaml.ts'
import { readYamlTree } from '../../src/lang/yaml-tree.ts'

const PIECES = [
  'a',
  'b',
  'key',
  '1',
  '0x1',
  '007',
  '-',
  '- ',
  ': ',
  ':',
  '\n',
  '\n  ',
  '\n    ',
  ' ',
  '#',
  ' # c',
  '"',
  "'",
  '{',
  '}',
]
const MORE = [
  '[',
  ']',
  ', ',
  ',',
  'null',
  'true',
  '~',
  '1.5',
  '1e3',
  '-3',
  '.5',
  '10.0.0.1',
  '06:00-22:00',
  'é',
  '|',
  '>',
  '&x',
  '*x',
]
const LAST = ['!t', '~/x', '?', '%', '@', '`', '\n---\n', '...', '\r\n', '\t', '\\', '<<', '😀', '\u00a0']

const soup = fc.array(fc.constantFrom(...PIECES, ...MORE, ...LAST), { maxLength: 30 }).map((pieces) => pieces.join(''))
const nearlyMaps = fc
  .array(
    fc.tuple(
      fc.constantFrom('', '  ', '    ', '- '),
      fc.constantFrom('a', 'b', '"q"', '1', 'c: d'),
      fc.array(fc.constantFrom(...PIECES, ...MORE), { maxLength: 5 }),
    ),
    { maxLength: 8 },
  )
  .map((lines) => lines.map(([indent, key, value]) => `${indent}${key}: ${value.join('')}`).join('\n'))
/** Integers beyond 2^53 and the key `__proto__` are refused. */
const values = (fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>)
  .filter((value) => !/\d{16}|__proto__/.test(JSON.stringify(value)))
  // JSON knows one zero.
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)

describe('plain YAML', () => {
  test.each([
    ['a soup of signs', soup],
    ['lines that look like maps', nearlyMaps],
    [
      'what a writer of YAML makes of values',
      fc.tuple(values, fc.boolean()).map(([v, flow]) => stringify({ v }, { collectionStyle: flow ? 'flow' : 'any' })),
    ],
  ])('reads %s as the full parser does, or leaves it to that', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const plain = readPlainYaml(text)
        if (plain === undefined) return
        const tree = readYamlTree(text, 'f', new LineIndex(text))
        expect(tree.diagnostics).toEqual([])
        expect(plain.value).toEqual(tree.value)
        expect(new Map([...parseYaml(text, 'f').keyRanges([])])).toEqual(tree.keyRanges([]))
      }),
      { numRuns: 3000 },
    )
  })

  test('is what an inventory is written in', () => {
    const text = `region: north # here
stores:
  S-1: {name: "Łódź: a, b", address: {postcode: 00-590}, tags: [a, 'b c']}
  S2:
    hours: 06:00-22:00
    devices:

      pos1: {address: 10.0.0.1, vars: {n: 1, f: 1.5, t: true, none: null}}
    tags:
    - x
    - "y"
`
    expect(readPlainYaml(text)?.value).toEqual({
      region: 'north',
      stores: {
        'S-1': { name: 'Łódź: a, b', address: { postcode: '00-590' }, tags: ['a', 'b c'] },
        S2: {
          hours: '06:00-22:00',
          devices: { pos1: { address: '10.0.0.1', vars: { n: 1, f: 1.5, t: true, none: null } } },
          tags: ['x', 'y'],
        },
      },
    })
  })
})

describe('parseYaml', () => {
  test('never throws, and says where what it finds is', () => {
    fc.assert(
      fc.property(fc.oneof(soup, nearlyMaps, fc.string({ unit: 'binary' })), (text) => {
        const parsed = parseYaml(text, 'f.yaml')
        for (const { source } of parsed.diagnostics) {
          expect(source?.line).toBeGreaterThan(0)
          expect(source?.line).toBeLessThanOrEqual(text.split('\n').length)
          expect(source?.column).toBeGreaterThan(0)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('finds every value where it is written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), values, { minKeys: 1 }), (map) => {
        const text = stringify(map)
        const parsed = parseYaml(text, 'f')
        expect(parsed.value).toEqual(JSON.parse(JSON.stringify(map)))
        const lines = text.split('\n')
        for (const key of Object.keys(map)) {
          const range = parsed.rangeAt([key], 'key')
          expect(lines[range.line - 1]?.slice(range.column - 1, range.endColumn - 1)).toBe(key)
          const value = parsed.rangeAt([key])
          expect(value.line * 10_000 + value.column).toBeGreaterThan(range.line * 10_000 + range.column)
          expect(valueAt(parsed.value, [key])).toEqual(JSON.parse(JSON.stringify(map))[key])
        }
      }),
    )
  })

  test.each([
    ['a byte order mark', '\ufeffa: 1\n', { a: 1 }],
    ['Windows line ends', 'a: 1\r\nb:\r\n  c: 2\r\n', { a: 1, b: { c: 2 } }],
    ['an empty file', '', null],
    ['comments only', '# a\n# b\n', null],
    [
      'keys as they are written',
      '0412: a\nnull: b\ntrue: c\n1.0: d\n',
      { '0412': 'a', null: 'b', true: 'c', '1.0': 'd' },
    ],
    ['anchors and merged maps', 'a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n', { a: { x: 1, y: 2 }, b: { x: 1, y: 3 } }],
    [
      'a list of merged maps',
      'a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n',
      { a: { x: 1 }, b: { x: 2, y: 2 }, c: { x: 1, y: 2 } },
    ],
    ['a quoted << is a key', 'a: {"<<": 1}\n', { a: { '<<': 1 } }],
    ['block text', 'a: |\n  x\n  y\n', { a: 'x\ny\n' }],
  ])('reads %s', (_, text, value) => {
    const parsed = parseYaml(text, 'f')
    expect(parsed.diagnostics).toEqual([])
    expect(parsed.value).toEqual(value)
  })

  test('looks through aliases and merges for places', () => {
    const parsed = parseYaml('a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n  y: 2\n', 'f')
    expect(parsed.rangeAt(['b', 'x'])).toMatchObject({ line: 1, column: 11 })
    expect(parsed.rangeAt(['c', 'x'], 'key')).toMatchObject({ line: 1, column: 8 })
    expect(parsed.rangeAt(['c', 'y'])).toMatchObject({ line: 5, column: 6 })
  })

  test('points at the nearest part of a path that is there', () => {
    const parsed = parseYaml('a:\n  b: 1\n', 'f')
    expect(parsed.rangeAt(['a', 'z', 'q'], 'key')).toMatchObject({ line: 1, column: 1, endColumn: 2 })
    expect(parsed.rangeAt(['a', 'z'])).toMatchObject({ line: 2, column: 3 })
  })
})
