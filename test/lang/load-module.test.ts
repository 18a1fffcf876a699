// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { load, placed } from '../modules/user/written-module.ts'

const HEAD = 'name: mine\nsummary: Mine\n'
const SIDE = 'posix: {observe: "echo {}"}\n'
const wrong = (text: string, name?: string): readonly string[] => load(text, name).diagnostics.map(placed)
const params = (text: string): string => `${HEAD}${SIDE}params:\n${text.replace(/^/gm, '  ')}\n`

describe('a module with a mistake', () => {
  test.each([
    ['', ['SCHEMA_VALUE_INVALID 1:1']],
    ['- a', ['SCHEMA_VALUE_INVALID 1:1']],
    ['name: [', ['YAML_SYNTAX_INVALID 1:8']],
    [`summary: Mine\n${SIDE}`, ['SCHEMA_KEY_MISSING 1:1 The key "name" is missing']],
    [`name: theirs\nsummary: Mine\n${SIDE}`, ['SCHEMA_VALUE_INVALID 1:7 The name "theirs" is not that of the file']],
    [`${HEAD}${SIDE}sumary: x\n`, ['SCHEMA_KEY_UNKNOWN 4:1 Unknown key "sumary"']],
    [HEAD, ['SCHEMA_KEY_MISSING 1:1 The module has neither posix nor powershell']],
    [`${HEAD}posix: {converge: x}\ndesired: {a: 1}\n`, ['SCHEMA_KEY_MISSING 3:1 "posix" has no "observe"']],
    [`${HEAD}posix: {observe: ""}\n`, ['SCHEMA_VALUE_INVALID 3:18 "posix.observe" must not be empty']],
    [
      `${HEAD}posix: {observe: x, converge: y}\n`,
      ['SCHEMA_KEY_MISSING 3:21 converge would never run: the module has no "desired"'],
    ],
    [`${HEAD}${SIDE}reacts: true\n`, ['SCHEMA_VALUE_INVALID 4:9 The module reacts, but changes nothing']],
    [params('properties: {Key: {type: string}}'), ['SCHEMA_VALUE_INVALID 5:16']],
    [params('properties: {till_key: {type: string}}'), ['SCHEMA_VALUE_INVALID 5:16']],
    [params('properties: {key: {typ: string}}'), ['SCHEMA_KEY_UNKNOWN 5:22 Unknown key "typ" in "properties.key"']],
    [params('properties: {key: {type: text}}'), ['SCHEMA_VALUE_INVALID 5:28']],
    [params('properties: {key: {$ref: "#/x"}}'), ['SCHEMA_KEY_UNKNOWN 5:22']],
    [
      params('properties: {key: {type: string, pattern: "("}}'),
      ['SCHEMA_VALUE_INVALID 5:45 The pattern is not a regular expression'],
    ],
    [params('properties: {key: {minLength: 3}}'), ['SCHEMA_VALUE_INVALID 5:21 The schema cannot be used']],
    [
      params('required: [kee]\nproperties: {key: {type: string}}'),
      ['SCHEMA_VALUE_INVALID 5:14 There is no parameter "kee"'],
    ],
    [
      params('properties: {key: {type: integer, default: many}}'),
      ['SCHEMA_VALUE_INVALID 5:46 The default of "key" is not what its own schema accepts'],
    ],
    [
      params('properties: {key: {type: integer, examples: [1, many]}}'),
      ['SCHEMA_VALUE_INVALID 5:51 An example of "key" is not what its own schema accepts'],
    ],
    [
      `${params('properties: {key: {type: string}}')}desired: {a: "\${{ params.kee }}"}\n`,
      ['EXPRESSION_INVALID 6:26 params has no "kee"'],
    ],
    [`${HEAD}${SIDE}desired: {a: "\${{ store.id }}"}\n`, ['EXPRESSION_INVALID 4:19']],
    [`${HEAD}${SIDE}desired: {a: "\${{ 1 +"}\n`, ['EXPRESSION_INVALID 4:15']],
    [`${HEAD}${SIDE}desired: {"a..b": 1}\n`, ['SCHEMA_VALUE_INVALID 4:11']],
    [
      `${HEAD}${SIDE}desired: {a: {}, a.b: 1}\n`,
      ['SCHEMA_VALUE_INVALID 4:18 "a.b" is a part of "a", which is described too'],
    ],
  ])('%j', (text, expected) => {
    const found = wrong(text)
    expect(found.map((line, index) => line.slice(0, expected[index]?.length))).toEqual(expected)
  })

  test('has no name of a shipped module, or of a key of steps', () => {
    expect(wrong(`name: service\nsummary: Mine\n${SIDE}`, 'service')).toEqual([
      'MODULE_NAME_TAKEN 1:7 There is a shipped module "service"',
    ])
    expect(wrong(`name: when\nsummary: Mine\n${SIDE}`, 'when')).toEqual([
      'MODULE_NAME_TAKEN 1:7 "when" is a key of steps',
    ])
  })

  test('says what was meant', () => {
    const hints = (text: string): unknown => load(text).diagnostics.map(({ hint }) => hint)
    expect(hints(`${HEAD}${SIDE}sumary: x\n`)).toEqual(['did you mean "summary"?'])
    expect(hints(params('properties: {key: {typ: string}}'))).toEqual(['did you mean "type"?'])
    expect(hints(`${params('properties: {key: {type: string}}')}desired: {a: "\${{ params.kee }}"}\n`)).toEqual([
      'did you mean "key"?',
    ])
  })
})

test('what is loaded is what was written, closed to other keys', () => {
  const { module } = load(`${params('properties: {key: {type: string}, n: {type: integer}}')}desired:
  a.b: '\${{ params.key }}-\${{ params["n"] }}'
  c: 3
`)
  expect(module).toMatchObject({
    name: 'mine',
    summary: 'Mine',
    params: { type: 'object', additionalProperties: false },
  })
  expect(module?.desired.map(({ path, params }) => [path, params])).toEqual([
    ['a.b', ['key', 'n']],
    ['c', []],
  ])
  expect(module?.desired[0]?.render({ key: 'x', n: 2 })).toEqual({ ok: true, value: 'x-2' })
})

test('of any text at all never throws', () => {
  const line = fc.constantFrom(
    'name: mine',
    'summary: Mine',
    'params:',
    '  properties:',
    '    a: {type: string, default: 3}',
    '    a: {type: [string, array], items: {type: x}}',
    '  required: [a]',
    '  anyOf: [{required: [b]}]',
    'desired:',
    '  a: ${{ params.a }}',
    'posix:',
    '  observe: x',
    '  - {}',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const { module, diagnostics } = load(lines.join('\n'))
      expect(module === undefined).toBe(diagnostics.length > 0)
    }),
    { numRuns: 300 },
  )
})
