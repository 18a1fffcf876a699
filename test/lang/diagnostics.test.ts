import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeFrame } from '../../src/lang/code-frame.ts'
import { formatDiagnostics } from '../../src/lang/format-diagnostics.ts'
import { editDistance, suggest } from '../../src/lang/suggest.ts'
import { schemaProblems, validate } from '../../src/lang/validate.ts'
import { parseYaml } from '../../src/lang/yaml.ts'

const word = fc.stringMatching(/^[a-d]{0,6}$/)
const at = (line: number, column: number, endColumn = column + 1) => ({
  file: 'f.yaml',
  line,
  column,
  endLine: line,
  endColumn,
})

describe('editDistance', () => {
  test('is nothing for the same word, symmetric, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, a)).toBe(0)
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
  })

  test.each([
    ['swap', 'swpa', 1],
    ['insert', 'inseert', 1],
    ['delete', 'delte', 1],
    ['substitute', 'sabstitute', 1],
    ['kitten', 'sitting', 3],
  ])('%s, %s: %d', (a, b, distance) => expect(editDistance(a, b)).toBe(distance))
})

describe('suggest', () => {
  test.each([
    ['till-linx', ['till-linux', 'till-windows'], 'till-linux'],
    ['Name', ['name', 'note'], 'name'],
    ['time-zone', ['time_zone'], 'time_zone'],
    ['xyz', ['abc', 'def'], undefined],
    ['ab', ['xy'], undefined],
    ['', ['a'], undefined],
  ])('%s among %j: %s', (name, names, near) => expect(suggest(name, names)).toBe(near))

  test('a slip in a word of five letters leads back to it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{5,12}$/), fc.nat(), fc.stringMatching(/^[0-9]$/), (name, place, digit) => {
        const i = place % name.length
        expect(suggest(name.slice(0, i) + digit + name.slice(i + 1), ['0123456789012345', name])).toBe(name)
      }),
    )
  })
})

describe('codeFrame', () => {
  const text = 'one: 1\ntwo: 2\nthree: 3\nfour: 4\nfive: 5\n'

  test('shows four lines and carets', () => {
    expect(codeFrame(text, at(3, 8, 9))).toMatchInlineSnapshot(`
      "  1 | one: 1
        2 | two: 2
      > 3 | three: 3
          |        ^
        4 | four: 4"
    `)
  })

  test('keeps carets in line behind tabs and byte order marks', () => {
    expect(codeFrame('\ufeffa:\t\tb\n', at(1, 5, 6))).toMatchInlineSnapshot(`
      "> 1 | a:    b
          |       ^
        2 |"
    `)
  })

  test('clips a long line around the place', () => {
    const frame = codeFrame(`key: ${'x'.repeat(500)}HERE${'y'.repeat(500)}\n`, at(1, 506, 510), { width: 60 })
    const [line = '', carets = ''] = frame.split('\n')
    expect(line.length).toBeLessThanOrEqual(60)
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE')
  })

  test('lets nothing through that steers a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), fc.nat(20), (wild, line, column) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not appear
        expect(codeFrame(wild, at(line + 1, column + 1))).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/)
      }),
    )
  })

  test('does not show what stands behind a password', () => {
    expect(codeFrame('password: hunter2\n', at(1, 11, 18))).not.toContain('hunter2')
    expect(codeFrame('  d: {password: {secret: "env:NAME"}}\n', at(1, 3))).toContain('env:NAME')
  })

  test('is empty for a place that is not in the text', () => expect(codeFrame('a\n', at(9, 1))).toBe(''))
})

describe('formatDiagnostics', () => {
  const diagnostic = {
    code: 'SCHEMA_KEY_UNKNOWN',
    severity: 'error',
    summary: 'Unknown key "nme"',
    detail: 'Known here: name.',
    hint: 'did you mean "name"?',
    source: at(1, 1, 4),
  } as const

  test('says where, what, and what would be right', () => {
    expect(formatDiagnostics([diagnostic], { color: false, textOf: () => 'nme: 1\n' })).toMatchInlineSnapshot(`
      "f.yaml:1:1
      error Unknown key "nme" SCHEMA_KEY_UNKNOWN
      > 1 | nme: 1
          | ^^^
        2 |
        Known here: name.
        did you mean "name"?

      1 error."
    `)
  })

  test('counts what it does not show', () => {
    const shown = formatDiagnostics(Array(7).fill(diagnostic), { color: false, textOf: () => undefined, limit: 2 })
    expect(shown.match(/Unknown key/g)).toHaveLength(2)
    expect(shown).toMatch(/7 errors; the first 2 are shown\.$/)
  })

  test('colours only when asked', () => {
    expect(formatDiagnostics([diagnostic], { color: false, textOf: () => 'x' })).not.toContain('\u001b')
    expect(formatDiagnostics([diagnostic], { color: true, textOf: () => 'x' })).toContain('\u001b[31m')
  })
})

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', description: 'What people call it.', examples: ['Shop'] },
    when: {
      anyOf: [
        { type: 'string', description: 'a date' },
        { $ref: '#/$defs/span' },
        { type: 'array', description: 'dates', items: { type: 'string' } },
      ],
    },
    step: {
      oneOf: [
        {
          type: 'object',
          additionalProperties: false,
          required: ['kind', 'run'],
          properties: { kind: { const: 'command' }, run: { type: 'string' } },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['kind', 'path'],
          properties: { kind: { const: 'file' }, path: { type: 'string' } },
        },
      ],
    },
  },
  $defs: {
    span: {
      type: 'object',
      description: 'a span',
      additionalProperties: false,
      required: ['from', 'to'],
      properties: { from: { type: 'string' }, to: { type: 'string' } },
    },
  },
} as const

describe('validate', () => {
  test.each([
    ['name: x', []],
    ['{}', ['1:1 The key "name" is missing']],
    ['name: 1', ['1:7 "name" must be text, not 1']],
    ['name: x\nwhen: {from: a}', ['2:1 "when" has no "to"']],
    ['name: x\nwhen: {from: a, to: b, till: c}', ['2:24 Unknown key "till" in "when"']],
    ['name: x\nwhen: [a, 3]', ['2:11 "when[1]" must be text, not 3']],
    ['name: x\nwhen: true', ['2:7 "when" has none of the forms it may have: true']],
    ['name: x\nstep: {kind: file, pth: a}', ['2:20 Unknown key "pth" in "step"']],
    ['name: x\nstep: {kind: comand, run: a}', ['2:14 "step.kind" must be one of command, file; it is "comand"']],
  ])('%s', (text, expected) => {
    const found = validate(SCHEMA, parseYaml(text, 'f'))
    expect(found.map(({ source, summary }) => `${source?.line}:${source?.column} ${summary}`).sort()).toEqual(expected)
  })

  test('says nothing of values that are accepted', () => {
    const accept = (value: unknown): boolean => value === 5
    expect(schemaProblems(SCHEMA, { name: 5 }, { accept })).toEqual([])
    expect(schemaProblems(SCHEMA, { name: 6 }, { accept })).toHaveLength(1)
  })

  test('checks a part of a file at its place', () => {
    const [found] = validate(SCHEMA, parseYaml('a:\n  - nam: x\n', 'f'), { at: ['a', 0] })
    expect(found).toMatchObject({ code: 'SCHEMA_KEY_UNKNOWN', source: { line: 2, column: 5 } })
  })
})
