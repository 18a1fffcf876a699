import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, describe, expect, test } from 'vitest'
import { NotRun } from '../../src/core/chain.ts'
import type { ShellRequest } from '../../src/core/channel.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Module, ModuleContext, Observation, Proof } from '../../src/core/module.ts'
import { Secret } from '../../src/core/secret.ts'
import { MODULES } from '../../src/modules/index.ts'
import { dialHere } from '../peers/dial.ts'
import { shells } from '../shell/shells.ts'
import { filledIn, type ModuleCase, readCases } from './case.ts'
import { openWorld, removeFarms, type World, whyNoMounts } from './device-world.ts'
import { someContext } from './some-context.ts'

const SOURCES = join(import.meta.dirname, '../../src/modules')
const dataFiles = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'))
const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true })

afterAll(removeFarms)

test('every module of the folder is in the list, in alphabetical order, and has cases', () => {
  const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const defining = sources.filter((name) => / = defineModule\(/.test(readFileSync(join(SOURCES, name), 'utf8')))
  const names = MODULES.map((module) => module.name)
  expect(names).toEqual([...names].sort())
  expect(defining.map((name) => basename(name, '.ts').replaceAll('-', '_')).sort()).toEqual(names)
  // What is for Windows alone has its tests in the folder windows.
  const elsewhere = MODULES.filter(({ systems }) => systems.some((system) => system !== 'windows'))
  expect(dataFiles.map((name) => basename(name, '.yaml')).sort()).toEqual(elsewhere.map(({ name }) => name))
})

describe.each(dataFiles.map((file) => basename(file, '.yaml')))('%s', (name) => {
  const module = MODULES.find((one) => one.name === name) as Module
  const cases = readCases(join(import.meta.dirname, `${name}.yaml`))

  describe.each(shells)('in $name', (shell) => {
    for (const one of cases) {
      if (one.shells && !one.shells.includes(shell.name)) continue
      const reason = whySkipped(one)
      if (reason !== undefined) console.warn(`Skipped: ${name}: ${one.it}: ${reason}`)
      test.skipIf(reason !== undefined)(one.it, () => check(module, one, shell.path))
    }
  })
})

const noMounts = whyNoMounts()

function whySkipped(one: ModuleCase): string | undefined {
  if (one.needs === 'root' && process.getuid?.() !== 0) return 'it needs root'
  const places = Object.keys(one.given?.mounts ?? {})
  if (places.length === 0) return undefined
  const missing = places.find(
    (path) => !path.startsWith('$ROOT/') && (!existsSync(path) || lstatSync(path).isSymbolicLink()),
  )
  const reason = missing === undefined ? noMounts : `${missing} is not a folder here`
  if (reason !== undefined && process.env['CI']) throw new Error(`${one.it}: ${reason}`)
  return reason
}

async function check(module: Module, written: ModuleCase, shellPath: string): Promise<void> {
  const world = await openWorld(shellPath, written.given ?? {})
  try {
    const one = filledIn(written, world.names)
    const desired = one.expect ?? {}
    expect(ajv.validate(module.params, one.params), ajv.errorsText()).toBe(desired.invalid !== true)
    if (desired.invalid) return
    const problem = module.validate?.(one.params, { reacting: one.triggered ?? false })
    if (desired.problem !== undefined) return expect(problem).toEqual(matcher(desired.problem))
    expect(problem).toBeUndefined()
    await observeAndConverge(module, one, world)
  } finally {
    await world.close()
  }
}

const dialFromHere: ModuleContext['dial'] = ({ host = '127.0.0.1', port }, timeoutMs) =>
  dialHere({ host, port }, timeoutMs)

async function observeAndConverge(module: Module, one: ModuleCase, world: World): Promise<void> {
  const { changes = [], ...desired } = one.expect ?? {}
  const observe = (): ReturnType<Module['observe']> =>
    module.observe(someContext(world.shell, { dial: dialFromHere }), withSecrets(one.params, one.secrets ?? []))
  const before = world.snapshot()
  const observed = await observe()
  expect(world.snapshot(), 'looking writes nothing').toEqual(before)
  expect(world.asked(), 'one question for one look').toBeLessThanOrEqual(one.questions ?? 1)
  if (desired.failure || !observed.ok) {
    return expect(observed).toEqual({ ok: false, failure: matcher(desired.failure ?? 'no failure') })
  }
  const { value: observation } = observed
  if (desired.value !== undefined) expect(observation.value).toEqual(matcher(desired.value))
  const comparison = observation.compare({ triggered: one.triggered ?? false })
  if (desired.unknown !== undefined) return expect(comparison).toEqual({ unknown: matcher(desired.unknown) })
  expect(comparison).toEqual({ changes: changes.map(matcher) })
  for (const secret of one.secrets ?? []) expect(JSON.stringify(comparison).includes(secret)).toBe(false)
  const onlyChecks = observation.converge === undefined
  if (changes.length > 0 || desired.only_checks) expect(onlyChecks, 'only checks').toBe(desired.only_checks ?? false)
  if (changes.length > 0 && observation.converge) await converge(one, observation, { observe, world })
  await checkAfter(one, world)
}

async function converge(
  one: ModuleCase,
  observation: Observation,
  { observe, world }: { observe: () => ReturnType<Module['observe']>; world: World },
): Promise<void> {
  const comparison = observation.compare({ triggered: one.triggered ?? false })
  const changes = 'changes' in comparison ? comparison.changes : []
  const proof = observation.proof?.(changes)
  const look = world.last()?.request
  if (proof && changes.some((change) => !change.once)) {
    expect(await holds(proof, look, world), 'nothing is proof before it is changed').toBe(false)
  }
  const asked = world.asked()
  const converged = await observation.converge?.(changes)
  if (proof && world.asked() > asked) {
    expect(world.asked(), 'a change with a proof is one question').toBe(asked + 1)
    const { exits = [0] } = proof
    expect(exits.includes(world.last()?.answer.exitCode ?? -1), 'exit codes tell').toBe(converged?.ok)
  }
  if (one.after?.failure) {
    return expect(converged).toEqual({ ok: false, failure: matcher(one.after.failure) })
  }
  expect(converged).toEqual({ ok: true, value: undefined })
  const again = await observe()
  if (!again.ok) throw new Error(again.failure.message)
  const left = again.value.compare({ triggered: false })
  if ('unknown' in left) throw new Error(left.unknown)
  const undone = left.changes.filter((change) => !change.once)
  expect(undone).toEqual((one.after?.changes ?? []).map(matcher))
  const told = undone.length === 0 && !one.after?.untold
  if (proof) expect(await holds(proof, look, world), 'the device sees whether it is proof').toBe(told)
  if (one.after?.value !== undefined) expect(again.value.value).toEqual(matcher(one.after.value))
}

/** Whether the device goes on behind this look, by the word of the module's test. */
async function holds(proof: Proof, request: ShellRequest | undefined, world: World): Promise<boolean> {
  const { test, values = {} } = proof
  const gate = { kind: 'test', test, values } as const
  const [, next] = world.shell.chain([{ request: request ?? { script: 'exit 1' }, gate }, { request: { script: ':' } }])
  return (next as Promise<unknown>).then(
    () => true,
    (error: unknown) => {
      if (error instanceof NotRun) return false
      throw error
    },
  )
}

async function checkAfter(one: ModuleCase, world: World): Promise<void> {
  const { files = {}, absent = [], log } = one.after ?? {}
  const root = world.names['ROOT'] ?? ''
  for (const [path, file] of Object.entries(files)) {
    const { content, mode } = typeof file === 'string' ? { content: file } : file
    if (content !== undefined) expect(readFileSync(join(root, path), 'utf8'), path).toEqual(matcher(content))
    if (mode !== undefined) expect((lstatSync(join(root, path)).mode & 0o7777).toString(8).padStart(4, '0')).toBe(mode)
  }
  const there = Object.keys(world.snapshot())
  for (const path of absent) expect(there.filter((seen) => seen.startsWith(join(root, path)))).toEqual([])
  if (log !== undefined) expect(world.log()).toEqual(log.map(matcher))
}

/** Expected data as vitest's matchers: a text after `~ ` is a regular expression, and a map may hold more than is named. */
function matcher(expected: unknown): unknown {
  if (typeof expected === 'string') {
    return expected.startsWith('~ ') ? expect.stringMatching(new RegExp(expected.slice(2))) : expected
  }
  if (Array.isArray(expected)) return expected.map(matcher)
  if (expected === null || typeof expected !== 'object') return expected
  const entries = Object.entries(expected).map(([key, item]) => [key, matcher(item)])
  return expect.objectContaining(Object.fromEntries(entries))
}

function withSecrets(value: JsonValue, secrets: readonly string[]): JsonValue {
  if (typeof value === 'string') return secrets.includes(value) ? (new Secret(value) as unknown as JsonValue) : value
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, secrets))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, item]) => [key, withSecrets(item, secrets)]))
}
