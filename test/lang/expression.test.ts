import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Scope } from '../../src/core/runbook.ts'
import {
  compileExpression,
  compileSelector,
  type ExpressionProblem,
  runbookVariables,
  selectorScope,
} from '../../src/lang/expression.ts'
import { sampleFleet } from './sample-fleet.ts'

const variables = runbookVariables(
  { count: 'int', ratio: 'double', name: 'string', names: 'list', more: 'map', unset: 'string' },
  ['read', 'my-step', 'later'],
)
const fleet = sampleFleet()
const pos1 = [...fleet.devices.values()].find(({ id }) => id === 'pos1')!

function scope(vars: JsonObject = {}): Scope {
  return {
    ...selectorScope(fleet, pos1),
    vars: { ...pos1.vars, ...vars },
    params: { count: 5, ratio: 2, name: 'x', names: ['a', 'b'], more: { n: 1 } },
    steps: {
      read: { state: 'ok', changed: false, value: { free: 10, list: [1, 2.5] } },
      'my-step': { state: 'changed', changed: true, value: null },
    },
  }
}

function evaluate(text: string, vars?: JsonObject): JsonValue | { readonly error: string } {
  const compiled = compileExpression(text, { variables })
  if (!compiled.ok) throw new Error(compiled.problem.summary)
  const answer = compiled.expression.evaluate(scope(vars))
  return answer.ok ? answer.value : { error: answer.error }
}

function problem(text: string, stepIds?: readonly string[]): ExpressionProblem {
  const compiled = compileExpression(text, { variables, expect: 'bool', ...(stepIds && { stepIds }) })
  if (compiled.ok) throw new Error(`"${text}" compiles`)
  return compiled.problem
}

describe('an expression', () => {
  test.each<readonly [string, JsonValue]>([
    ['device.kind == "till" && "canary" in device.tags', true],
    ['device.os.version.startsWith("12")', true],
    ['store.address.country', ''],
    ['store.link.rtt_ms < 100', true],
    ['has(store.link.rtt_ms)', true],
    ['device.transport.port == 22', true],
    ['vars.agent.port + 1', 8081],
    ['vars.agent.port / 100', 80],
    ['vars.agent.port * 1.5', 12120],
    ['vars.ratio + 1', 2.5],
    ['params.count / 2', 2],
    ['params.ratio / 4', 0.5],
    ['params.ratio == 2', true],
    ['params.count in [1, 5]', true],
    ['params.names.map(n, n + "!")', ['a!', 'b!']],
    ['params.more.n + 1', 2],
    ['has(params.unset)', false],
    ['vars.?missing.orValue("none")', 'none'],
    ['"port " + string(vars.agent.port)', 'port 8080'],
    [
      '{"list": [1, 2.5, null, true], "map": vars.agent}',
      { list: [1, 2.5, null, true], map: { version: '7.0.1', port: 8080 } },
    ],
    ['steps.read.value.free >= 10 && !steps.read.changed', true],
    ['steps["my-step"].changed', true],
    ['steps["my-step"].value == null', true],
    ['steps.read.value.list[1]', 2.5],
    ['vars.password', { secret: 'env:PIN' }],
    ['timestamp("2026-11-22T10:00:00Z") < timestamp("2026-11-23T00:00:00Z")', true],
    ['duration("90s")', '90s'],
  ])('%s is %j', (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  test.each([
    ['vars.missing', '"vars.missing": there is no "missing" in vars.'],
    ['vars.agent.missing.more', '"vars.agent.missing.more": there is no "missing" in vars.agent.'],
    ['params.unset', '"params.unset": there is no "unset" in params.'],
    ['steps.later.changed', '"steps.later.changed": there is no "later" in steps.'],
    ['"port " + vars.agent.port', '""port " + vars.agent.port": These types do not go together: string + int.'],
    ['1 / (params.count - 5)', '"1 / (params.count - 5)": division by zero.'],
    ['vars.?missing', '"vars.?missing" has no usable result: the result is optional; write .orValue(...) behind it.'],
    ['b"x"', '"b"x"" has no usable result: the result is bytes; write .base64() or .hex() behind it.'],
    ['1.0 / 0.0', '"1.0 / 0.0" has no usable result: the number is Infinity.'],
    ['type(1)', '"type(1)" has no usable result: the result is a type, not a value.'],
  ])('that cannot be evaluated says why: %s', (text, error) => {
    expect(evaluate(text)).toEqual({ error })
  })

  test('that must be a condition refuses another value when it is evaluated', () => {
    const compiled = compileExpression('vars.agent.port', { variables, expect: 'bool' })
    expect(compiled.ok && compiled.expression.evaluate(scope())).toEqual({
      ok: false,
      error: '"vars.agent.port" is 8080, but must be true or false.',
    })
  })

  test.each<readonly [string, string, string, string | undefined]>([
    ['device.knd == "till"', 'device has no "knd"', 'knd', 'did you mean "kind"?'],
    ['device["knd"] == "till"', 'device has no "knd"', '"knd"', 'did you mean "kind"?'],
    ['true && store.adress.city == ""', 'store has no "adress"', 'adress', 'did you mean "address"?'],
    ['kind == "till"', 'There is nothing called "kind" here', 'kind', 'did you mean device.kind?'],
    ['count > 1', 'There is nothing called "count" here', 'count', 'did you mean params.count?'],
    ['params.cuont > 1', 'params has no "cuont"', 'cuont', 'did you mean "count"?'],
    ['device.kind == 3', 'These types do not go together: string == int', 'device.kind == 3', undefined],
    ['device.kind == "tll"', 'device.kind is never "tll"', '"tll"', 'did you mean "till"?'],
    ['device.kind in ["till", "ruter"]', 'device.kind is never "ruter"', '"ruter"', 'did you mean "router"?'],
    ['steps.read.state == "chnaged"', 'steps.read.state is never "chnaged"', '"chnaged"', 'did you mean "changed"?'],
    [
      '"a" in device.id',
      'These types do not go together: string in string',
      '"a" in device.id',
      'of two texts it is device.id.contains("a")',
    ],
    [
      'matches(device.id, "a")',
      "This is not how it is called: 'matches(string, string)'",
      'matches(device.id, "a")',
      'did you mean device.id.matches("a")?',
    ],
    ['size(params.names)', 'The expression is not a condition', 'size(params.names)', undefined],
    ['device.kind == "till" or true', '"or" is not expected here', 'or', 'did you mean ||?'],
    ['device.id.foo()', 'There is no function "foo"', 'foo', undefined],
    ['size(1) == 1', "This is not how it is called: 'size(int)'", 'size(1)', undefined],
    ['device.', 'The expression ends too early', '', undefined],
    ['vars. == 1', 'A name is expected here', '==', undefined],
  ])('with a mistake is a problem at load: %s', (text, summary, marked, hint) => {
    const { offset, length, ...found } = problem(text)
    expect(found.summary).toBe(summary)
    expect(text.slice(offset, offset + length)).toBe(marked)
    expect(found.hint).toBe(hint)
  })

  test('names the steps that it looks at', () => {
    const steps = (text: string): readonly string[] => {
      const compiled = compileExpression(text, { variables, stepIds: ['read', 'my-step'] })
      return compiled.ok ? compiled.expression.steps : []
    }
    expect(steps('steps.read.changed || steps["my-step"].changed')).toEqual(['read', 'my-step'])
    expect(steps('device.tags.exists(t, t == steps.read.state)')).toEqual(['read'])
    expect(steps('has(steps.read.value.free)')).toEqual(['read'])
    expect(steps('vars.?steps.orValue(1)')).toEqual([])
    expect(steps('steps[params.name].changed')).toEqual(['read', 'my-step'])
  })

  test('sees only steps before it', () => {
    expect(problem('steps.later.changed', ['read']).summary).toBe('The step "later" is not before this')
    expect(problem('steps.nowhere.changed', ['read']).code).toBe('RUNBOOK_STEP_UNKNOWN')
    expect(problem('steps.my-step.changed').hint).toBe('an id with a dash is written steps["my-step"]')
  })

  test('of any text at all never throws', () => {
    const piece = fc.constantFrom(
      'device',
      '.',
      'kind',
      '==',
      '"',
      "'",
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '$',
      '\\',
      '1',
      ' ',
      '&&',
      '?',
      ':',
      'steps',
      'has',
      '\n',
      'é',
      ',',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (source) => {
        const compiled = compileExpression(source, { variables, expect: 'bool' })
        if (compiled.ok) {
          compiled.expression.evaluate(scope())
          return
        }
        const { offset, length } = compiled.problem
        expect(offset).toBeGreaterThanOrEqual(0)
        expect(offset).toBeLessThanOrEqual(source.length)
        expect(length).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 500 },
    )
  })

  test('hands JSON through unharmed', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const clean = JSON.parse(JSON.stringify(value)) as JsonValue
        fc.pre(!JSON.stringify(value).includes('"__proto__"') && everyNumberIsKept(clean))
        expect(evaluate('vars.it', { it: clean })).toEqual(clean)
      }),
    )
  })
})

function everyNumberIsKept(value: JsonValue): boolean {
  if (typeof value === 'number') return !Object.is(value, -0)
  if (value === null || typeof value !== 'object') return true
  return Object.values(value).every(everyNumberIsKept)
}

describe('a selector', () => {
  test('sees store, device and region', () => {
    const compiled = compileSelector(
      'device.kind == "till" && region == "region-1" && store.tags.exists(t, t == "city")',
    )
    expect(compiled.ok && compiled.expression.evaluate(selectorScope(fleet, pos1))).toEqual({ ok: true, value: true })
  })

  test('sees the store of the fleet that is asked, whatever fleet was asked before', () => {
    const compiled = compileSelector('"theirs" in store.tags')
    const store = fleet.stores.get(pos1.store)
    if (!compiled.ok || !store) throw new Error('there is no such store')
    const next = { ...fleet, stores: new Map(fleet.stores).set(store.id, { ...store, tags: ['theirs'] }) }
    const answers = [fleet, next, fleet].map((one) => compiled.expression.evaluate(selectorScope(one, pos1)))
    expect(answers).toMatchObject([{ value: false }, { value: true }, { value: false }])
  })

  test('with a mistake comes with its place in the text', () => {
    const compiled = compileSelector('device.kind == "till" && vars.beta')
    expect(!compiled.ok && compiled.diagnostic).toEqual({
      code: 'EXPRESSION_INVALID',
      severity: 'error',
      summary:
        'There is nothing called "vars" here, at character 26 of the selector "device.kind == "till" && vars.beta"',
      detail: 'Expressions see store, device, region. Text must be in quotes.',
      hint: 'did you mean device.vars?',
    })
  })

  test('is asked 17,500 times in well under a second', () => {
    const large = sampleFleet(3_500)
    const compiled = compileSelector(
      'device.vars.agent.port == 8080 && store.region == "region-3" && store.link.rtt_ms < 100',
    )
    if (!compiled.ok) throw new Error(compiled.problem.summary)
    const devices = [...large.devices.values()]
    const began = process.cpuUsage()
    const hits = devices.filter((device) => {
      const answer = compiled.expression.evaluate(selectorScope(large, device))
      return answer.ok && answer.value === true
    })
    const { user, system } = process.cpuUsage(began)
    expect(hits).toHaveLength(devices.filter(({ region }) => region === 'region-3').length)
    expect((user + system) / 1_000).toBeLessThan(1_500)
  })
})
