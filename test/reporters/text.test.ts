import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCount } from '../../src/core/counted.ts'
import { describeChange, describeFailure, describeValue } from '../../src/reporters/describe-change.ts'
import { formatDuration } from '../../src/reporters/format-duration.ts'
import { jsonText } from '../../src/reporters/json-text.ts'
import { Pace } from '../../src/reporters/pace.ts'
import { clip, displayWidth, pad, plainText } from '../../src/reporters/plain-text.ts'
import { formatTable } from '../../src/reporters/table.ts'

const hasActive = (text: string): boolean => /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text)

test('no text from a device keeps a character that a terminal acts on', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(hasActive(plainText(text))).toBe(false)
      expect(hasActive(describeChange({ path: text, before: text, after: [text] }).join(''))).toBe(false)
      expect(hasActive(jsonText({ [text]: text }))).toBe(false)
      expect(JSON.parse(jsonText([text]))).toEqual([text])
    }),
  )
})

test('a clipped or padded text has the width that was asked for', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'ż', '東', '👩‍💻', 'e\u0301', ' ') })
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 30 }), (text, width) => {
      expect(displayWidth(clip(text, width))).toBeLessThanOrEqual(width)
      expect(displayWidth(pad(clip(text, width), width))).toBe(width)
    }),
  )
})

test('counts columns as terminals do', () => {
  expect(['Łódź', '東京', 'e\u0301', '👍', ''].map(displayWidth)).toEqual([4, 4, 1, 2, 0])
})

test('shows changes field by field', () => {
  const long = 'x'.repeat(20_000)
  expect(
    [
      { path: 'state', before: 'stopped', after: 'running' },
      { path: 'version', before: null, after: '7.0.5' },
      { path: 'keys.Old', before: { a: [1, true] }, after: null },
      { path: 'password', before: 'old', after: 'new', sensitive: true },
      { path: 'password', before: null, after: 'new', sensitive: true },
      { path: 'run', before: null, after: true, once: true },
      { path: 'restart', before: null, after: 'nginx', once: true },
      { path: 'blob', before: 'short', after: long },
      { path: 'bell', before: '\u0007\u001b[31m', after: 'tab\tand "quotes"' },
      { path: 'content', before: 'a\nb\n', after: Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n') },
    ]
      .flatMap((change) => describeChange(change))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "state: "stopped" → "running"
    version: (absent) → "7.0.5"
    keys.Old: {"a":[1,true]} → (absent)
    password: "***" → "***"
    password: (absent) → "***"
    run
    restart: "nginx"
    blob: "short" → "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (20 KiB)
    bell: "\\u0007\\u001b[31m" → "tab\\tand \\"quotes\\""
    content:
      @@ -1,2 +1,30 @@
      - a
      - b
      + line 0
      + line 1
      + line 2
      + line 3
      + line 4
      + line 5
      + line 6
      + line 7
      + line 8
      + line 9
      + line 10
      + line 11
      + line 12
      + line 13
      + line 14
      + line 15
      + line 16
      + line 17
      + line 18
      + line 19
      + line 20
      + line 21
      + line 22
      + line 23
      + line 24
      + line 25
      + line 26
      + line 27
      + line 28
      + line 29
      \\ No newline at end of file"
  `)
})

test('shows of long texts the lines that differ', () => {
  const before = Array.from({ length: 60 }, (_, i) => `line ${i}`)
  const after = before.map((line, i) => (i === 20 || i === 50 ? `${line} but other` : line))
  expect(
    describeChange({ path: 'content', before: before.join('\n'), after: after.join('\n') }).join('\n'),
  ).toMatchInlineSnapshot(`
    "content:
      @@ -19,5 +19,5 @@
      | line 18
      | line 19
      - line 20
      + line 20 but other
      | line 21
      | line 22
      @@ -49,5 +49,5 @@
      | line 48
      | line 49
      - line 50
      + line 50 but other
      | line 51
      | line 52"
  `)
})

test('shows what failed and what to do, the hint before the catalogue', () => {
  const failure = { code: 'CONVERGE_FAILED', phase: 'converge', message: 'It said:\r\nno space\r\n\r\nleft' } as const
  expect([
    ...describeFailure(failure),
    ...describeFailure({ ...failure, message: 'No.', hint: 'Make room.' }),
  ]).toMatchInlineSnapshot(`
      [
        "CONVERGE_FAILED (converge): It said:",
        "  | no space",
        "  | left",
        "→ See the message of the device.",
        "CONVERGE_FAILED (converge): No.",
        "→ Make room.",
      ]
    `)
  expect(describeFailure({ ...failure, code: 'FROM_THE_FUTURE' as never })).toMatchInlineSnapshot(`
    [
      "FROM_THE_FUTURE (converge): It said:",
      "  | no space",
      "  | left",
      "→ See the documentation of the version that made this run.",
    ]
  `)
})

test('a value that is cut says how large it was, and never ends in half a character', () => {
  expect(describeValue('👍'.repeat(100))).not.toMatch(/\p{Cs}/u)
  expect(describeValue({ a: 'x'.repeat(200) })).toMatchInlineSnapshot(
    `"{"a":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (208 bytes)"`,
  )
})

test('durations and counts read well', () => {
  expect(
    [0, 400, 12_400, 59_600, 200_000, 3_600_000, 7_500_000, 90_000_000, 1e9].map(formatDuration),
  ).toMatchInlineSnapshot(`
    [
      "0.0 s",
      "0.4 s",
      "12 s",
      "1 min",
      "3 min 20 s",
      "1 h",
      "2 h 5 min",
      "1 d 1 h",
      "11 d 14 h",
    ]
  `)
  expect([0, 999, 1000, 17_500, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '17,500', '1,234,567'])
})

test('the pace is that of the last seconds', () => {
  const pace = new Pace()
  expect([pace.perSecond, pace.left(100)]).toEqual([0, undefined])
  for (let second = 0; second <= 60; second += 1)
    pace.sample(second * 1000, second < 30 ? second * 100 : 3000 + second - 30)
  expect(pace.perSecond).toBeCloseTo(1)
  expect(pace.left(3040)).toBeCloseTo(10_000)
})

test('a table leaves out what can be spared before it cuts, and no more than that', () => {
  const wide = [
    { title: 'RUN', value: () => '20261201T120000Z-abcdef', whole: true },
    { title: 'STARTED', value: () => '2026-12-01 12:00:00Z', whole: true, spare: 1 },
    { title: 'WHAT', value: () => 'Apply agent-update', flexible: true },
    { title: 'BY', value: () => 'anna', spare: 2 },
  ]
  expect(formatTable([1], wide, {})[0]).toMatch(/^RUN +STARTED +WHAT +BY$/)
  expect(formatTable([1], wide, { width: 60 })).toEqual([
    'RUN                      WHAT                BY',
    '20261201T120000Z-abcdef  Apply agent-update  anna',
  ])
  expect(formatTable([1], wide, { width: 40 })).toEqual(['RUN', '20261201T120000Z-abcdef\n  Apply agent-update'])
})

const rows = [
  { name: 'PL-0412/pos1', city: 'Łódź', message: 'Everything is as it should be, and then some more words' },
  { name: 'JP-0001/pos1', city: '東京', message: 'short' },
]
const columns = [
  { title: 'DEVICE', value: (row: (typeof rows)[0]) => row.name },
  { title: 'CITY', value: (row: (typeof rows)[0]) => row.city, align: 'right' as const },
  { title: 'MESSAGE', value: (row: (typeof rows)[0]) => row.message, flexible: true },
]

test('a table fits the terminal, flexible columns give way first', () => {
  for (const width of [120, 50, 20]) {
    const lines = formatTable(rows, columns, { width }).flatMap((row) => row.split('\n'))
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(Math.max(width, 20))
  }
  expect(formatTable(rows, columns, { width: 50 }).join('\n')).toMatchInlineSnapshot(`
    "DEVICE        CITY  MESSAGE
    PL-0412/pos1  Łódź  Everything is as it should be…
    JP-0001/pos1  東京  short"
  `)
  expect(formatTable(rows, columns, { width: 25 }).join('\n')).toMatchInlineSnapshot(`
    "DEVICE        CITY
    PL-0412/pos1  Łódź
      Everything is as it
      should be, and then
      some more words
    JP-0001/pos1  東京
      short"
  `)
})

test('a column that wraps goes on below itself, and what has nothing to say takes no line', () => {
  const wrapping = columns.map((column) => ({ ...column, wraps: column.flexible === true }))
  const long = { name: 'PL-0001/pos1', city: 'Łódź', message: `it is ${'x'.repeat(40)} and so on` }
  const none = { name: 'PL-0002/pos1', city: 'Łódź', message: '-' }
  expect(formatTable([long, none], wrapping, { width: 44 }).join('\n')).toMatchInlineSnapshot(`
    "DEVICE        CITY  MESSAGE
    PL-0001/pos1  Łódź  it is
                        xxxxxxxxxxxxxxxxxxxxxxxx
                        xxxxxxxxxxxxxxxx
                        and so on
    PL-0002/pos1  Łódź  -"
  `)
  expect(formatTable([none], wrapping, { width: 18 })).toEqual(['DEVICE        CITY', 'PL-0002/pos1  Łódź'])
})

test('a table of nothing is its titles, and colours do not count as columns', () => {
  expect(formatTable([], columns, { width: 80 })).toEqual(['DEVICE  CITY  MESSAGE'])
  const red = [
    { title: 'A', value: () => 'x', style: (text: string) => `<${text}>` },
    { title: 'B', value: () => 'y' },
  ]
  expect(formatTable([1], red, { width: 80, color: true })).toEqual(['A  B', '<x>  y'])
})

test('what is of use in full stands below its line before a letter of it is cut', () => {
  const columns = [
    { title: 'NAME', value: () => 'protocol' },
    { title: 'TYPE', value: () => 'atol, auto, cpcl, cups, daisy', inFull: true },
  ]
  expect(formatTable([1], columns, { width: 40 })[1]).toBe('protocol  atol, auto, cpcl, cups, daisy')
  expect(formatTable([1], columns, { width: 33 })[1]).toBe('protocol\n  atol, auto, cpcl, cups, daisy')
})
