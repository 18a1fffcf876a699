import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Change } from '../../src/core/change.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Observation } from '../../src/core/module.ts'
import { MODULES } from '../../src/modules/index.ts'
import { shells } from '../shell/shells.ts'
import { openWorld, removeFarms, type World } from './device-world.ts'
import { someContext } from './some-context.ts'

/** Text that breaks quoting somewhere. */
const awkward = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...`'"\`$\\!*?[]{}()<>|&;#~= \t\n-%nab./ąż€😀`), maxLength: 30 }),
    fc.constantFrom('-n', '--', '-', '~', '*', '$(touch x)', '`id`', "'", '"', '\\', '\n', ' ', '!!', '%s', '&&', ';;'),
  )
  .map((text) => text.replaceAll('\0', ''))
  .filter((text) => text !== '')
/** As a file's name; `x` keeps `.` and `..` out. */
const fileName = awkward.map((text) => `${text.replaceAll('/', '_')}x`.slice(0, 60)).filter(fitsFileName)

function fitsFileName(name: string): boolean {
  return Buffer.byteLength(name) <= 200 && Buffer.from(name).toString() === name
}

async function observe(world: World, module: string, params: JsonObject): Promise<Observation> {
  const context = someContext(world.shell)
  const observed = await MODULES.find((one) => one.name === module)?.observe(context, params)
  if (!observed?.ok) throw new Error(observed?.failure.message ?? `no module ${module}`)
  return observed.value
}

function changesOf(observation: Observation): readonly Change[] {
  const comparison = observation.compare({ triggered: false })
  if ('unknown' in comparison) throw new Error(comparison.unknown)
  return comparison.changes
}

async function converge(observation: Observation): Promise<void> {
  const converged = await observation.converge?.(changesOf(observation))
  if (converged && !converged.ok) throw new Error(converged.failure.message)
}

function stdoutOf(observation: Observation): JsonValue | undefined {
  return (observation.value as JsonObject)['stdout']
}

describe.each(shells)('awkward text over $name', ({ path }) => {
  let world: World
  let root: string
  beforeAll(async () => {
    world = await openWorld(path, {})
    root = world.names['ROOT'] ?? ''
  })
  afterAll(async () => {
    await world.close()
    removeFarms()
  })

  function holds(text: fc.Arbitrary<string>, law: (text: string) => Promise<void>, runs = 25): Promise<void> {
    return fc.assert(fc.asyncProperty(text, law), { numRuns: Number(process.env['TILL_RUNS'] ?? runs) })
  }

  test('reaches a command as an argument, a variable and a text', () =>
    holds(awkward, async (text) => {
      const looks = await Promise.all([
        observe(world, 'command', { run: ['printf', '%s|', text], read_only: true }),
        observe(world, 'command', { run: 'printf "%s|" "$T"', environment: { T: text }, read_only: true }),
        observe(world, 'command', { run: `printf '%s|' '${text.replaceAll("'", `'\\''`)}'`, read_only: true }),
      ])
      const plain = Buffer.from(text).toString()
      expect(looks.map(stdoutOf)).toEqual([`${plain}|`, `${plain}|`, `${plain}|`])
    }))

  test('reaches a script as its body and a variable', () =>
    holds(awkward, async (text) => {
      const quoted = `'${text.replaceAll("'", `'\\''`)}'`
      const look = await observe(world, 'script', {
        body: `printf '%s|' ${quoted} "$T"`,
        environment: { T: text },
        read_only: true,
      })
      const plain = Buffer.from(text).toString()
      expect(stdoutOf(look)).toBe(`${plain}|${plain}|`)
    }))

  test('names what a command creates and removes, and where it runs', () =>
    holds(
      fileName,
      async (name) => {
        const file = join(root, name)
        const make = { run: ['touch', '--', file], creates: file }
        await converge(await observe(world, 'command', make))
        expect(existsSync(file)).toBe(true)
        expect(changesOf(await observe(world, 'command', make))).toEqual([])
        expect(changesOf(await observe(world, 'wait', { for: { path: file } }))).toEqual([])
        await converge(await observe(world, 'command', { run: ['rm', '--', file], removes: file }))
        expect(existsSync(file)).toBe(false)
        mkdirSync(join(root, 'folders', name), { recursive: true })
        writeFileSync(join(root, 'folders', name, 'here'), 'yes')
        const look = await observe(world, 'command', {
          run: 'cat here',
          cwd: join(root, 'folders', name),
          read_only: true,
        })
        expect(stdoutOf(look)).toBe('yes')
      },
      12,
    ))

  test('is a check', () =>
    holds(awkward, async (text) => {
      const check = `[ '${text.replaceAll("'", `'\\''`)}' = "$T" ]`
      const params = { run: 'exit 1', environment: { T: text } }
      expect(changesOf(await observe(world, 'command', { ...params, unless: check }))).toEqual([])
      expect(
        changesOf(await observe(world, 'script', { body: 'exit 1', environment: { T: text }, unless: check })),
      ).toEqual([])
    }))

  test('is a process that does not run', () =>
    holds(
      awkward,
      async (text) => {
        const plain = text.replaceAll('\n', ' ')
        const pattern = `till-no-such-${plain
          .replace(/[\\^$.*+?()[\]{}|]/g, '[$&]')
          .replaceAll('[^]', '\\^')
          .replaceAll('[\\]', '\\\\')}`
        const look = await observe(world, 'process', { pattern, running: false })
        expect(changesOf(look)).toEqual([])
        expect(changesOf(await observe(world, 'process', { name: `till-no-such-${text}`, running: false }))).toEqual([])
      },
      12,
    ))

  test('did nothing else', () => {
    expect(existsSync(join(root, 'x'))).toBe(false)
  })
})
