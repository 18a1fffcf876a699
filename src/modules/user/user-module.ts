import type { JSONSchema } from 'json-schema-to-ts'
import type { Change } from '../../core/change.ts'
import type { ShellRequest, ShellValue } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { OsFamily } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Module, ModuleContext, Triggers } from '../../core/module.ts'
import type { UserModule, UserSide } from '../../core/user-module.ts'
import { JSON_WORDS } from '../../shell/json-words.ts'
import { failureOf } from '../../shell/tool-answer.ts'
import { defineModule, type Side } from '../define.ts'
import { type DesiredValue, desiredValuesOf, differences, shownState } from './desired-values.ts'
import { USER_SCRIPT } from './powershell-text.ts'
import { hiding, readState, STATE_BYTES } from './read-state.ts'
import { type Given, givenParams, hiddenTexts, notGiven, posixValues, powershellValues } from './values.ts'

/** What a module of the user saw, and what the step wants of it. */
interface Seen {
  readonly state: JsonObject
  readonly desiredValues: readonly DesiredValue[]
}

/** The change that stands for an earlier step's. */
const REACTION = 'reaction'

/** A module of the user, on the same terms as those that are shipped. */
export function userModule(module: UserModule): Module {
  const { posix, powershell } = module
  const sides: Partial<Record<OsFamily, Side<JsonObject, Seen>>> = {
    ...(posix && { linux: sideOf(module, posix, posixRequest) }),
    ...(powershell && { windows: sideOf(module, powershell, powershellRequest) }),
  }
  const made = defineModule<JSONSchema, Seen, JsonObject>({
    name: module.name,
    summary: module.summary,
    params: module.params as JSONSchema,
    reacts: module.reacts,
    sides,
    diff: (_params, { desiredValues, state }, triggers) => [
      ...differences(desiredValues, state),
      ...reaction(module, triggers),
    ],
    value: ({ state, desiredValues }) => shownState(state, desiredValues),
  })
  return { ...made, digest: module.digest }
}

function reaction({ name, reacts }: UserModule, { triggered }: Triggers): readonly Change[] {
  return reacts && triggered ? [{ path: REACTION, before: null, after: name, once: true }] : []
}

type RequestOf = (
  module: UserModule,
  script: string,
  about: { readonly given: Given; readonly more: Readonly<Record<string, ShellValue>> },
) => Result<ShellRequest>

function sideOf(module: UserModule, side: UserSide, requestOf: RequestOf): Side<JsonObject, Seen> {
  const { observe, converge } = side
  return {
    observe: (context, params) => look(context, module, { params, observe, requestOf }),
    ...(converge !== undefined && {
      converge: (context, params, changes) => change(context, module, { params, converge, changes, requestOf }),
    }),
  }
}

async function look(
  { shell }: ModuleContext,
  module: UserModule,
  how: { readonly params: JsonObject; readonly observe: string; readonly requestOf: RequestOf },
): Promise<Result<Seen>> {
  const given = givenParams(module, how.params)
  const desiredValues = desiredValuesOf(module, given)
  if (!desiredValues.ok) return desiredValues
  const request = how.requestOf(module, how.observe, { given, more: {} })
  if (!request.ok) return request
  const answer = await shell.ask({ ...request.value, maxOutputBytes: STATE_BYTES })
  const state = readState(module.name, answer, {
    desiredValues: desiredValues.value,
    hidden: hiddenTexts(module, given),
  })
  return state.ok ? success({ state: state.value, desiredValues: desiredValues.value }) : state
}

async function change(
  { shell }: ModuleContext,
  module: UserModule,
  how: {
    readonly params: JsonObject
    readonly converge: string
    readonly changes: readonly Change[]
    readonly requestOf: RequestOf
  },
): Promise<Result<void>> {
  const given = givenParams(module, how.params)
  const more = { till_changes: how.changes.map(({ path }) => path).join(' ') }
  const request = how.requestOf(module, how.converge, { given, more })
  if (!request.ok) return request
  const answer = hiding(await shell.ask(request.value), hiddenTexts(module, given))
  const failure = failureOf(answer, 'converge', `converge of the module "${module.name}"`)
  return failure ? fail(failure) : success(undefined)
}

function posixRequest(module: UserModule, text: string, about: Parameters<RequestOf>[2]): Result<ShellRequest> {
  const values = posixValues(about.given)
  if (!values.ok) return values
  const absent = notGiven(module, about.given)
  const head = absent.length > 0 ? `${JSON_WORDS}unset -v ${absent.join(' ')}\n` : JSON_WORDS
  return success({ script: `${head}${text}`, values: { ...values.value, ...about.more }, foreign: true })
}

function powershellRequest(_module: UserModule, text: string, about: Parameters<RequestOf>[2]): Result<ShellRequest> {
  const values = { ...powershellValues(about.given), till_changes: '', ...about.more, till_text: text }
  return success({ ...USER_SCRIPT, values })
}
