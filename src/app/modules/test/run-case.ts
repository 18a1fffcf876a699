import { existsSync, lstatSync, readFileSync } from 'node:fs'
import type { Change } from '../../../core/change.ts'
import type { ShellChannel } from '../../../core/channel.ts'
import { type Result, SessionLost } from '../../../core/failure.ts'
import type { Device, OsFamily } from '../../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import type { Module, ModuleContext, Observation } from '../../../core/module.ts'
import { Secret } from '../../../core/secret.ts'
import type { ModuleCase } from '../../../lang/module/load-cases.ts'
import { checkRendered } from '../../../lang/rendered-params.ts'
import { type CaseWorld, differencesOf } from './case-world.ts'
import { otherChanges, otherFailure, unlike } from './expected.ts'

/** Runs one case of a module over one channel, and says what is wrong; nothing when all is as expected. */
export async function runCase(
  module: Module,
  one: ModuleCase,
  dependencies: { readonly world: CaseWorld; readonly shell: ShellChannel; readonly family: OsFamily },
): Promise<readonly string[]> {
  const params = dependencies.world.filledIn(one.params ?? {})
  const refused = checkRendered(
    module,
    withSecrets(params, (word) => word),
  )
  if (one.expect?.invalid)
    return refused.length > 0 ? [] : ['its parameters are accepted; that they are not is expected']
  if (refused.length > 0) return refused
  try {
    return await new CaseRun(module, one, { ...dependencies, params }).run()
  } catch (error) {
    if (error instanceof SessionLost) return [`${error.failure.code}: ${error.failure.message}`]
    throw error
  }
}

class CaseRun {
  readonly #case: ModuleCase
  readonly #world: CaseWorld
  readonly #observe: () => Promise<Result<Observation>>

  constructor(
    module: Module,
    one: ModuleCase,
    dependencies: {
      readonly world: CaseWorld
      readonly shell: ShellChannel
      readonly family: OsFamily
      readonly params: JsonObject
    },
  ) {
    const { world, shell, family, params } = dependencies
    this.#case = one
    this.#world = world
    const secret = withSecrets(params, (word) => new Secret(word) as unknown as string)
    this.#observe = () => module.observe(contextOf(family, shell), secret)
  }

  async run(): Promise<readonly string[]> {
    const { expect = {} } = this.#case
    const before = this.#world.snapshot(true)
    const seen = await this.#observe()
    const written = differencesOf(before, this.#world.snapshot(true)).map((what) => `observe wrote: ${what}`)
    const failed = otherFailure(expect.failure, seen.ok ? undefined : seen.failure)
    if (!seen.ok || failed.length > 0) return [...written, ...failed, ...(seen.ok ? [] : this.#files())]
    const changes = changesOf(seen.value, this.#case.triggered ?? false)
    const wrong = [
      ...written,
      ...(expect.value ? unlike(this.#world.filledIn(expect.value), seen.value.value, 'value') : []),
      ...(expect.changes ? otherChanges(this.#world.filledIn(expect.changes), changes) : []),
    ]
    if (wrong.length > 0) return wrong
    return changes.length > 0 && seen.value.converge
      ? this.#converge(seen.value, changes)
      : this.#differencesLeft(seen.value)
  }

  async #converge(seen: Observation, changes: readonly Change[]): Promise<readonly string[]> {
    const { after = {} } = this.#case
    const converged = await seen.converge?.(changes)
    const failure = converged?.ok === false ? converged.failure : undefined
    const failed = otherFailure(after.failure, failure)
    if (failure || failed.length > 0) return [...failed, ...this.#files()]
    const again = await this.#observe()
    if (!again.ok) return otherFailure(undefined, again.failure).map((what) => `after converge ${what}`)
    const left = changesOf(again.value, false).map(shown)
    if (left.length > 0) return [`after converge there still differs ${left.join(', ')}`]
    const reached = changes.filter(({ once }) => !once)
    const twice = reached.length > 0 ? await this.#twice(seen, reached) : []
    return [...twice, ...(await this.#differencesLeft(again.value))]
  }

  /** A change may be asked for again, by a run that was cut off: it must do no harm. */
  async #twice(seen: Observation, changes: readonly Change[]): Promise<readonly string[]> {
    const before = this.#world.snapshot(false)
    const converged = await seen.converge?.(changes)
    if (converged?.ok === false)
      return otherFailure(undefined, converged.failure).map((what) => `the second time ${what}`)
    const written = differencesOf(before, this.#world.snapshot(false))
    const again = await this.#observe()
    const left = again.ok ? changesOf(again.value, false).map(shown) : [again.failure.message]
    return [...written, ...left].map((what) => `converging a second time is no longer the same: ${what}`)
  }

  #differencesLeft(seen: Observation): readonly string[] {
    const { value } = this.#case.after ?? {}
    return [...(value ? unlike(this.#world.filledIn(value), seen.value, 'value afterwards') : []), ...this.#files()]
  }

  #files(): readonly string[] {
    const { files = {}, absent = [] } = this.#case.after ?? {}
    return [
      ...Object.entries(files).flatMap(([path, file]) =>
        this.#file(path, typeof file === 'string' ? { content: file } : file),
      ),
      ...absent.filter((path) => existsSync(this.#world.at(path))).map((path) => `${path} is there`),
    ]
  }

  #file(path: string, desired: { readonly content?: string; readonly mode?: string }): readonly string[] {
    const at = this.#world.at(path)
    if (!existsSync(at)) return [`${path} is not there`]
    const { content, mode } = desired
    const is = (lstatSync(at).mode & 0o7777).toString(8)
    return [
      ...(content === undefined ? [] : unlike(this.#world.filledIn(content), readFileSync(at, 'utf8'), path)),
      ...(mode === undefined || Number.parseInt(mode, 8) === Number.parseInt(is, 8) ? [] : [`${path} has mode ${is}`]),
    ]
  }
}

function changesOf(seen: Observation, triggered: boolean): readonly Change[] {
  const comparison = seen.compare({ triggered })
  // Modules of the user always can tell.
  return 'changes' in comparison ? comparison.changes : []
}

function shown({ path, before, after, sensitive }: Change): string {
  return sensitive ? path : `${path}: ${JSON.stringify(before)} in place of ${JSON.stringify(after)}`
}

/** `{ secret: "test:WORD" }` by what stands for WORD. */
function withSecrets(value: JsonObject, make: (word: string) => string): JsonObject
function withSecrets(value: JsonValue, make: (word: string) => string): JsonValue
function withSecrets(value: JsonValue, make: (word: string) => string): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => withSecrets(item, make))
  if (value === null || typeof value !== 'object') return value
  const { secret, ...others } = value as JsonObject
  if (typeof secret === 'string' && Object.keys(others).length === 0) return make(secret.replace(/^[a-z]+:/, ''))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item, make)]))
}

/** Modules of the user ask nothing but the shell. */
function contextOf(family: OsFamily, shell: ShellChannel): ModuleContext {
  return {
    device: deviceOn(family),
    shell,
    get store(): never {
      throw new Error('a case has no store')
    },
    dial: () => Promise.reject(new Error('a case has no other ways')),
    now: () => new Date(),
    history: { samples: async () => [], fact: async () => null },
    signal: new AbortController().signal,
  }
}

function deviceOn(family: OsFamily): Device {
  return {
    id: 'till',
    name: 'TEST/till',
    store: 'TEST',
    region: 'test',
    profile: 'test',
    kind: 'till',
    os: { family },
    address: '127.0.0.1',
    tags: [],
    transport: { type: 'local' },
    vars: {},
    source: { file: '', line: 1, column: 1, endLine: 1, endColumn: 1 },
  }
}
