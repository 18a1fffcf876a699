// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Result } from '../../../src/core/failure.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import type { Module, Observation } from '../../../src/core/module.ts'
import { Secret } from '../../../src/core/secret.ts'
import { shells } from '../../shell/shells.ts'
import { openWorld, removeFarms, type World } from '../device-world.ts'
import { someContext } from '../some-context.ts'
import { written } from './written-module.ts'

const ECHO = written(`name: mine
summary: Says what it was given
params:
  properties:
    text: {type: string}
    number: {type: number}
    flag: {type: boolean}
    list: {type: array, items: {}}
    map: {type: object}
    path: {type: string}
desired: {text: "\${{ params.text }}"}
posix:
  observe: |
    set -eu
    json_object text "\${text-none}" number: "\${number-}" flag: "\${flag-}" list: "\${list-}" map: "\${map-}" path "$path"
  converge: printf '%s' "$text" >"$path"
`)

/** Any text that a shell can hold, and that is text. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(...`'"\`$\\!*?[]{}()|&;#~= \t\n\r\u0001\u001f\u007f-%nab./ąż€😀\u2028`),
      maxLength: 40,
    }),
    fc.constantFrom('', '-n', '-e', '\\', '\\\\"', "'", '"', '\n', '\n\n', '%s', '$(id)', '\ufeff', '\u0085'),
  )
  .map((one) => one.replaceAll('\0', ''))
  .filter((one) => Buffer.from(one).toString() === one)

async function observe(module: Module, world: World, params: object): Promise<Result<Observation>> {
  return module.observe(someContext(world.shell), params as JsonValue)
}

async function seen(module: Module, world: World, params: object): Promise<Observation> {
  const observed = await observe(module, world, params)
  if (!observed.ok) throw new Error(JSON.stringify(observed.failure))
  return observed.value
}

function changesOf(observation: Observation, triggered = false) {
  const comparison = observation.compare({ triggered })
  if ('unknown' in comparison) throw new Error(comparison.unknown)
  return comparison.changes
}

function module(observe: string, more = ''): Module {
  const indented = observe.replace(/^/gm, '    ')
  return written(`name: mine\nsummary: Mine\n${more}posix:\n  observe: |\n${indented}\n`)
}

/** More, when somebody asks for it. */
const runs = (usual: number): number => Number(process.env['TILL_RUNS'] ?? usual)

afterAll(removeFarms)

describe.each(shells)('a module of the user in $name', ({ path }) => {
  let world: World
  let file: string
  beforeAll(async () => {
    world = await openWorld(path, {})
    file = join(world.names['ROOT'] ?? '', 'it')
  })
  afterAll(() => world.close())

  test('gets any text as it is, and gives it back', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const { value: state } = await seen(ECHO, world, { text: value, path: file })
        expect(state).toMatchObject({ text: value })
      }),
      { numRuns: runs(40) },
    )
  })

  test('gets numbers, flags, lists and maps', async () => {
    const json = fc.jsonValue({ stringUnit: 'grapheme', noUnicodeString: false } as fc.JsonSharedConstraints)
    const values = fc.record({ list: fc.array(json), map: fc.dictionary(text, json), flag: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(values, fc.integer(), async (given, number) => {
        const plain = JSON.parse(JSON.stringify(given)) as JsonObject
        fc.pre(!JSON.stringify(plain).includes('\\u0000'))
        const { value: state } = await seen(ECHO, world, { ...plain, number, path: file })
        expect(state).toEqual({ text: 'none', number, ...plain, path: file })
      }),
      { numRuns: runs(20) },
    )
  })

  test('mends any text', async () => {
    const KEEP = written(`name: mine
summary: Keeps a text in a file
params: {properties: {text: {type: string}, path: {type: string}}}
desired: {text: "\${{ params.text }}"}
posix:
  observe: |
    if [ -e "$path" ]; then kept=$(cat "$path"; echo x); json_object text "\${kept%x}"; else json_object text: null; fi
  converge: printf '%s' "$text" >"$path"
`)
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const observation = await seen(KEEP, world, { text: value, path: file })
        const converged = await observation.converge?.(changesOf(observation))
        expect(converged).toEqual({ ok: true, value: undefined })
        expect(readFileSync(file, 'utf8')).toBe(value)
        expect(changesOf(await seen(KEEP, world, { text: value, path: file }))).toEqual([])
      }),
      { numRuns: runs(15) },
    )
  })

  test.each([
    [':', 'it printed nothing'],
    ["echo 'all is well'", 'it printed something else'],
    ["echo '[1]'", 'it printed a list'],
    ['echo 3', 'it printed a number'],
    ['echo \'"x"\'', 'it printed a text'],
    ['echo null', 'it printed null'],
    ['echo \'{"a":1}\'; echo \'{"b":2}\'', 'it printed two'],
    ['echo \'{"a":1}\'; echo done', 'it printed more behind one'],
    ['echo \'{"a":1\'', 'what it printed is not closed by }'],
    ['echo \'{"a":nope}\'', 'what it printed is no JSON'],
    [
      `printf '{"a":'; printf '%0500d' 0 | sed 's/0/[/g'; printf '%0500d' 0 | sed 's/0/]/g'; echo '}'`,
      'more than 100 deep',
    ],
    ['i=0; while [ $i -lt 3000 ]; do echo 1234567890123456789012345; i=$((i+1)); done', 'more than 65536 bytes'],
  ])('that prints no single object fails with what it printed: %s', async (script, why) => {
    const observed = await observe(module(script), world, {})
    expect(observed).toMatchObject({ ok: false, failure: { code: 'MODULE_OUTPUT_INVALID', phase: 'observe' } })
    if (!observed.ok) {
      expect(observed.failure.message).toContain(why)
      expect(String(observed.failure.evidence?.['stdout']).length).toBeLessThanOrEqual(300)
    }
  })

  test('that fails, lacks a program or does not parse says so, and the session goes on', async () => {
    const failed = await observe(module('echo "no such till" >&2; exit 3'), world, {})
    expect(failed).toMatchObject({
      failure: { code: 'OBSERVE_FAILED', message: expect.stringContaining('exit code 3: no such till') },
    })
    const lacking = await observe(module('need_tool no-such-program; echo {}'), world, {})
    expect(lacking).toMatchObject({
      failure: { code: 'TOOL_MISSING', message: 'The program "no-such-program" is not on the device.' },
    })
    const broken = await observe(module('if true; then echo {}'), world, {})
    expect(broken).toMatchObject({ failure: { code: 'OBSERVE_FAILED' } })
    expect((await seen(module('echo "{}"'), world, {})).value).toEqual({})
  })

  test('sees no variable of the environment in place of a parameter that was not given', async () => {
    const bare = module('json_object lang "${lang-unset}"', 'params: {properties: {lang: {type: string}}}\n')
    expect((await seen(bare, world, {})).value).toEqual({ lang: 'unset' })
  })

  test('takes defaults, and desiredValues only what was given', async () => {
    const two = module(
      'json_object a 1 b: 2 state running',
      'params: {properties: {a: {type: string}, b: {type: integer, default: 3}}}\n' +
        'desired: {a: "${{ params.a }}", b: "${{ params.b }}", state: running}\n',
    )
    expect(changesOf(await seen(two, world, {}))).toEqual([{ path: 'b', before: 2, after: 3 }])
    expect(changesOf(await seen(two, world, { a: '2', b: 2 }))).toEqual([{ path: 'a', before: '1', after: '2' }])
  })

  test('that prints a number as text is told so, since it would never be content', async () => {
    const port = module(
      'json_object port 8080',
      'params: {properties: {port: {type: integer}}}\ndesired: {port: "${{ params.port }}"}\n',
    )
    expect(await observe(port, world, { port: 8080 })).toMatchObject({
      failure: { message: expect.stringContaining('"port" is a text, but should be a number: "8080" in place') },
    })
  })

  test('compares maps key by key and lists as a whole', async () => {
    const deep = module(
      `echo '{"keys":{"a":1,"b":[1,2],"old":true},"list":[1,2]}'`,
      'params: {properties: {keys: {type: object}, list: {type: array}}}\n' +
        'desired: {keys: "${{ params.keys }}", list: "${{ params.list }}"}\n',
    )
    expect(changesOf(await seen(deep, world, { keys: { a: 2, b: [1, 2] }, list: [2, 1] }))).toEqual([
      { path: 'keys.a', before: 1, after: 2 },
      { path: 'keys.old', before: true, after: null },
      { path: 'list', before: [1, 2], after: [2, 1] },
    ])
  })

  test('hides secrets, and what a device has in their place', async () => {
    const secret = new Secret('s3cret "word"')
    const keeps = module(
      'json_object key old-key nested: "$(json_object key "$key")"',
      'params: {properties: {key: {type: string}, pin: {type: string, writeOnly: true}}}\n' +
        'desired: {key: "${{ params.key }}", nested.key: "${{ params.pin }}"}\n',
    )
    const observation = await seen(keeps, world, { key: secret, pin: '1234' })
    expect(observation.value).toEqual({ key: '***', nested: { key: '***' } })
    expect(changesOf(observation)).toEqual([
      { path: 'key', before: 'old-key', after: secret, sensitive: true },
      { path: 'nested.key', before: 's3cret "word"', after: '1234', sensitive: true },
    ])
    const params = 'params: {properties: {key: {type: string}, pin: {type: string, writeOnly: true}}}\n'
    for (const script of [
      'printf "%0290d%s" 0 "$key"',
      'echo device-key; exit 3',
      'echo "$key $pin" >&2; exit 3',
      'printf "%0990d%s" 0 "$key" >&2; exit 3',
    ]) {
      const failed = JSON.stringify(await observe(module(script, params), world, { key: secret, pin: '98765' }))
      expect(failed).toContain('"ok":false')
      expect(failed).not.toMatch(/s3c|device-key|9876/)
    }
  })

  test('refuses a text that no shell can hold', async () => {
    const observed = await observe(ECHO, world, { text: 'a\0b', path: file })
    expect(observed).toMatchObject({
      failure: { code: 'PARAMS_INVALID', message: expect.stringContaining('"text" holds a NUL') },
    })
  })

  test('reacts to earlier steps, and is told what differs', async () => {
    const log = `${file}.log`
    const reacting = written(`name: mine
summary: Reacts
reacts: true
params: {properties: {log: {type: string}}}
desired: {a: 2, b: 2}
posix:
  observe: |
    json_object a: 1 b: 2
  converge: printf '%s\\n' "$till_changes" >"$log"
`)
    const observation = await seen(reacting, world, { log })
    const changes = changesOf(observation, true)
    expect(changes).toEqual([
      { path: 'a', before: 1, after: 2 },
      { path: 'reaction', before: null, after: 'mine', once: true },
    ])
    writeFileSync(log, '')
    expect(await observation.converge?.(changes)).toEqual({ ok: true, value: undefined })
    expect(readFileSync(log, 'utf8')).toBe('a reaction\n')
  })

  test('only checks without converge', async () => {
    const observation = await seen(module('echo {}', 'desired: {a: 1}\n'), world, {})
    expect(observation.converge).toBeUndefined()
    expect(changesOf(observation)).toEqual([{ path: 'a', before: null, after: 1 }])
    expect(existsSync(`${file}.never`)).toBe(false)
  })
})
