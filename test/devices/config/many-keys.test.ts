import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../../src/core/json.ts'
import { type Parsed, parsed } from '../../../src/devices/config/codec.ts'
import { type ConfigFormat, codecOf } from '../../../src/devices/config/formats.ts'
import type { IniDialect } from '../../../src/devices/config/ini-dialect.ts'

interface Large {
  readonly format: ConfigFormat
  readonly dialect?: IniDialect
  readonly head?: string
  readonly line: string
  readonly tail?: string
  readonly bytes?: number
  readonly key: string
}

/** What costs time by the square of their number takes minutes and hours here, and seconds otherwise. */
const LARGE: readonly Large[] = [
  { format: 'plain', line: 'address=/N.example/0.0.0.0\n', key: 'port' },
  { format: 'ini', head: '[s]\n', line: 'list=N\n', key: 's.port' },
  { format: 'ini', dialect: 'systemd', head: '[s]\nlist=\\\n', line: ' N \\\n', tail: ' x\n', key: 's.port' },
  { format: 'ini', dialect: 'configparser', head: '[s]\nlist=\n', line: ' N\n', key: 's.port' },
  { format: 'properties', line: 'list=N\n', key: 'port' },
  { format: 'json', head: '{"list":[', line: '{"a":"N"},\n', tail: '0]}', key: 'port' },
  { format: 'xml', head: '<r>', line: '<i a="N"/>\n', tail: '</r>', key: 'r/port' },
  { format: 'yaml', line: 'keyN: v\n', bytes: 150_000, key: 'port' },
]

test.each(LARGE)('a large file of $format $dialect is edited in time', { timeout: 60_000 }, (large) => {
  const { format, dialect, head = '', line, tail = '', bytes = 400_000, key } = large
  const lines = Array.from({ length: bytes / (line.length + 4) }, (_, n) => line.replace('N', `${n}`))
  const text = head + lines.join('') + tail
  const codec = codecOf(format, dialect)
  const made = codec.edit(text, { set: new Map([1, 2, 3].map((n) => [`${key}${n}`, 'x'])), remove: [`${key}4`] })
  const read: Parsed<unknown> = made.ok ? codec.read(made.value) : made
  expect(read.ok && [1, 2, 3].map((n) => codec.read(made.ok ? made.value : '').ok && n)).toEqual([1, 2, 3])
  expect(made.ok && made.value.length).toBeGreaterThan(text.length)
})

test('a file of YAML that takes long to read is refused', () => {
  const text = 'key: value\n'.repeat(30_000)
  expect(codecOf('yaml', undefined).read(text)).toEqual({
    ok: false,
    problem: { message: 'it has more than 262144 characters, the most for YAML' },
  })
})

const SMALL: readonly {
  readonly format: ConfigFormat
  readonly dialect?: IniDialect
  readonly texts: readonly string[]
  readonly keys: readonly string[]
}[] = [
  {
    format: 'plain',
    texts: ['A=1\nB=2\nB=3\n# C=\nD = 4', '', 'B=1\nA=2\n'],
    keys: ['A', 'B', 'C', 'D', 'E', 'F'],
  },
  {
    format: 'ini',
    texts: ['[s]\na=1\nb=2\nb=3\n[t]\na=1', '', '[s]\nA=1\n\n[S]\na=2\n'],
    keys: ['s.a', 's.A', 's.b', 's.c', 't.a', 't.b', 'S.a', 'n.x', 'n.y', '.g', '.h'],
  },
  {
    format: 'ini',
    dialect: 'windows',
    texts: ['[s]\na=1\nb=2\n[t]\na=1', ''],
    keys: ['s.a', 's.A', 's.b', 's.c', 's.C', 't.a', 'n.x', 'N.y'],
  },
  { format: 'properties', texts: ['a=1\nb 2\na=3\\', '', 'c=1\n'], keys: ['a', 'b', 'c', 'd', 'e'] },
  {
    format: 'json',
    texts: ['{"a":1,"b":{"c":1,"d":[1]},"a":2}', '{}', '{\n  "e": {},\n  "b": {\n    "c": 1 // x\n  }\n}\n', ''],
    keys: ['a', 'b', 'b.c', 'b.d.0', 'b.d.1', 'b.x', 'e.f', 'e.g', 'n.x', 'n.y', 'n'],
  },
  {
    format: 'yaml',
    texts: ['a: &x 1\nb:\n  c: *x\n  d: [1]\n', 'b: {}\n', '', 'e:\nb: {c: 1, d: 2}\n'],
    keys: ['a', 'b', 'b.c', 'b.d', 'b.x', 'b.y', 'e.f', 'e.g', 'n.x', 'n.y'],
  },
  {
    format: 'xml',
    texts: ['<r>\n  <a x="1">t</a>\n  <i k="1"/>\n  <i k="2"/>\n</r>\n', '<r/>', '<r></r>'],
    keys: [
      'r/a',
      'r/a/@x',
      'r/a/@y',
      'r/n/a',
      'r/n/b',
      "r/i[@k='2']/@v",
      "r/i[@k='2']/@k",
      "r/i[@k='3']/@v",
      'r/i[2]/@k',
    ],
  },
]

test('a key that is set and, as the dialect takes names, removed is refused, whatever else is removed with it', () => {
  const codec = codecOf('ini', 'windows')
  const edit = { set: new Map([['s.c', '2']]), remove: ['s.C', 's.A', 's.a'] }
  expect(codec.edit('[s]\na=1\nb=2\n', edit)).toMatchObject({ ok: false })
})

/** Whatever each would make of the text that the one before leaves, all together make of it, too. */
describe.each(SMALL)('several keys of $format $dialect', ({ format, dialect, texts, keys }) => {
  const codec = codecOf(format, dialect)

  function oneByOne(text: string, set: readonly [string, JsonValue][], remove: readonly string[]): Parsed<string> {
    let made: Parsed<string> = parsed(text)
    for (const one of set) made = made.ok ? codec.edit(made.value, { set: new Map([one]), remove: [] }) : made
    for (const one of remove) made = made.ok ? codec.edit(made.value, { set: new Map(), remove: [one] }) : made
    return made
  }

  test('come to the same as one after the other', () => {
    const value = fc.oneof(fc.constantFrom('v', 'w', '1', '2'), fc.constant(['x', 'y', 'z']))
    const some = fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1, maxLength: 5 })
    let held = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        some,
        fc.array(value, { minLength: 5, maxLength: 5 }),
        fc.nat(5),
        (text, names, values, cut) => {
          const set = names.slice(0, cut).map((name, at): [string, JsonValue] => [name, values[at] ?? 'v'])
          const remove = names.slice(cut)
          const one = oneByOne(text, set, remove)
          const all = codec.edit(text, { set: new Map(set), remove })
          if (format === 'ini' && !one.ok) expect(all.ok).toBe(false)
          if (!all.ok || !one.ok) return
          const [left, right] = [codec.read(one.value), codec.read(all.value)]
          if (!left.ok || !right.ok) throw new Error('what was made cannot be read')
          held++
          expect([...right.value.keys].sort()).toEqual([...left.value.keys].sort())
        },
      ),
      { numRuns: 600 },
    )
    expect(held).toBeGreaterThan(100)
  })
})
