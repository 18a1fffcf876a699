import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { readPlainYaml } from '../../src/lang/plain-yaml.ts'
import { LineIndex } from '../../src/lang/source-text.ts'
import type { ValuePath } from '../../src/lang/value-path.ts'
import { parseYaml } from '../../src/lang/yaml.ts'
import { readYamlTree } from '../../src/lang/yaml-tree.ts'

/** How people and programs write inventories. */
const WRITTEN = {
  'by hand, with anchors and notes': `---
# ours
region: north # here
stores:
  S-1: {name: "Łódź: a, b", address: {postcode: 00-590}, tags: [a, 'b c']}
  S2: &s2
    hours: 06:00-22:00
    owner: &o {team: x, "q": 'it''s'}
    devices:

      pos1: {address: 10.0.0.1, vars: {n: 1, f: 1.5, t: true, none: null, e: "a\\nb\\u0041"}}
    tags:
    - x
    - "y"
  S3:
    <<: *s2
    note: |
      line one
        line two

      line three
    owner: *o
    list:
      - name: a
        v: 1
      - name: b
        deep:
          - k: &k
              z: 1
            l: *k
      - ~
    last: ~
`,
  'as JSON': `{
 "region": "x",
 "stores": {
  "a": {"b":1, "c": [1, 2,
   3], # c
   "d": {}}
 }
}
`,
  'with all that aliases can do': `a: &a {x: 1, y: 2}
b: &b [1, &q 2, *q]
c:
  <<: [*a, {z: 3}]
  x: 9
d: {<<: *a, k: *b,
  m: 1,
  }
e: |-
  text
  more
f:
  - &i one
  - *i
  - {a: *i, b: &w {k: v}}
  - [*w, *w]
`,
}

const PIECES = [
  ...['&a ', '*a', '<<: ', '|\n', '|-\n', '- ', '- k: v\n', "''", "'", '"', '\\n', '\\u0041', '\\', '---\n', '~', '{'],
  ...['}', '[', ']', ',', ', ', '\n', '\n  ', '\n    ', ' ', ' #c', ':', ': ', 'a', '1', '\t', '\r\n', '#', '...', '%'],
  ...['-', '?', '!', '>', 'null', 'é', '=', '&', '*', '|', '"":'],
]

/** Something put in, taken out or repeated, at a part of the text. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 20 }),
  piece: fc.constantFrom(...PIECES),
  kind: fc.constantFrom('in', 'out', 'again'),
})

function edited(
  text: string,
  { at, from, length, piece, kind }: typeof edit extends fc.Arbitrary<infer E> ? E : never,
) {
  const [place, other] = [Math.floor(at * text.length), Math.floor(from * text.length)]
  const [before, after] = [text.slice(0, place), text.slice(place)]
  if (kind === 'in') return before + piece + after
  return kind === 'out' ? before + after.slice(1 + (length % 3)) : before + text.slice(other, other + length) + after
}

/** Some lines of a text, with the outermost of them where a document begins. */
function window(text: string, first: number, count: number): string {
  const lines = text.split('\n').slice(first, first + count)
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  return `${lines.map((line) => line.slice(Math.min(...indents))).join('\n')}\n`
}

const documents = fc
  .tuple(
    fc.constantFrom(...Object.values(WRITTEN)),
    fc.option(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 9 }))),
    fc.array(edit, { maxLength: 3 }),
  )
  .map(([text, lines, edits]) => edits.reduce(edited, lines ? window(text, ...lines) : text))

function pathsOf(value: JsonValue, path: ValuePath = []): readonly ValuePath[] {
  if (Array.isArray(value)) return value.flatMap((item: JsonValue, index) => pathsOf(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return [path, ...Object.entries(value).flatMap(([key, entry]) => pathsOf(entry, [...path, key]))]
}

/** The same value with keys in the same order, and all keys at the same places. */
function expectSame(text: string, plain: JsonValue): void {
  const tree = readYamlTree(text, 'f', new LineIndex(text))
  expect(tree.diagnostics).toEqual([])
  expect(JSON.stringify(plain)).toBe(JSON.stringify(tree.value))
  const parsed = parseYaml(text, 'f')
  for (const path of pathsOf(plain)) expect(parsed.keyRanges(path)).toEqual(tree.keyRanges(path))
}

describe('plain YAML', () => {
  test.each(Object.entries(WRITTEN))('is read as the full parser does: %s', (_, text) => {
    for (const written of [
      text,
      text.replaceAll('\n', '\r\n'),
      `\n\n# first\n${text.replace('---\n', '')}\n\n# last`,
    ]) {
      const plain = readPlainYaml(written)
      if (plain === undefined) throw new Error('It is not accepted.')
      expectSame(written, plain.value)
    }
  })

  test('is read as the full parser does, or left to that, whatever is done to it', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const plain = readPlainYaml(text)
        if (plain !== undefined) expectSame(text, plain.value)
      }),
      { numRuns: 6000 },
    )
  })

  test.each([
    ['an alias of nothing', 'a: *b\n'],
    ['a key that appears twice', 'a: 1\na: 2\n'],
    ['a merge of what is no map', 'a: &a 1\nb: {<<: *a}\n'],
    ['a second document', 'a: 1\n---\nb: 1\n'],
    ['a directive', '%YAML 1.1\n---\na: 1\n'],
    ['a tag', 'a: !x 1\n'],
    ['folded text', 'a: >\n  x\n'],
    ['a complex key', '? a\n: b\n'],
    ['text over several lines', 'a: b\n  c\n'],
    ['aliases that repeat too much', bomb()],
    ['nesting without end', `${'{a: '.repeat(5000)}1${'}'.repeat(5000)}`],
  ])('is not %s', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined()
  })
})

/** Some hundred bytes that stand for billions of values. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 10; i++)
    lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
  return `${lines.join('\n')}\n`
}
