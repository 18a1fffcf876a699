import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { hasSecret, jsonInClear } from '../../core/secret.ts'
import {
  type AgentConfig,
  type DesiredAgent,
  edited,
  editedFile,
  isIncluded,
  occurrencesOf,
  valueSeen,
} from '../../devices/agent/agent-config.ts'
import { sameValue } from '../../devices/config/codec.ts'
import { plainCodec } from '../../devices/config/plain.ts'
import type { AgentKey, AgentParams, DesiredFile } from './agent-state.ts'

interface Desired {
  readonly keys: readonly AgentKey[]
  readonly next: AgentConfig
}

/** Works out here what the configuration should be: what cannot be is known before anything is changed. */
export function desired(params: AgentParams, config: AgentConfig): Result<Desired> {
  const { set, secret } = revealed(params)
  const hidden = new Set([...(params.sensitive ?? []), ...secret])
  const keysOf = (
    desiredValues: DesiredAgent,
    prefix: string,
    see: (key: string, desiredValue?: JsonValue) => JsonValue | undefined,
  ) =>
    [...desiredValues.remove.map((key) => [key, undefined] as const), ...desiredValues.set].map(
      ([key, desiredValue]) => ({
        name: `${prefix}.${key}`,
        isSensitive: hidden.has(key),
        before: see(key, desiredValue),
        after: normal(desiredValue, Array.isArray(desiredValue)),
      }),
    )
  const desiredValues = { set: new Map(Object.entries(set)), remove: params.remove ?? [] }
  const keys: AgentKey[] = keysOf(desiredValues, 'keys', (key, desiredValue) => valueSeen(config, key, desiredValue))
  const whole = edited(config, desiredValues)
  if (!whole.ok) return fail(impossible(whole.problem.message, whole.problem.line))
  let next = whole.value
  for (const file of params.includes ?? []) {
    const own = { set: new Map(Object.entries(jsonInClear(file.set ?? {}) as JsonObject)), remove: file.remove ?? [] }
    for (const key of secretsOf(file.set)) hidden.add(key)
    const trouble = unreadable(config, file)
    if (trouble) return fail(trouble)
    keys.push(
      ...keysOf(own, `includes.${file.path}`, (key, desiredValue) =>
        seenIn(config, file.path, key, Array.isArray(desiredValue)),
      ),
    )
    const changed = editedFile(next, file.path, own)
    if (!changed.ok) return fail(impossible(changed.problem.message, changed.problem.line))
    next = changed.value
  }
  return success({ keys, next })
}

export function differs({ before, after }: AgentKey): boolean {
  return before === undefined || after === undefined ? before !== after : !sameValue(before, after)
}

/** As reading it back gives it; several lines are a list, also when it is only one. */
function normal(desiredValue: JsonValue | undefined, isList: boolean): JsonValue | undefined {
  if (desiredValue === undefined) return undefined
  const read = plainCodec.normal(desiredValue)
  if (!isList) return read
  const list = Array.isArray(read) ? read : [read]
  return (desiredValue as readonly JsonValue[]).length === 0 ? undefined : list
}

function seenIn(config: AgentConfig, path: string, key: string, isList: boolean): JsonValue | undefined {
  const only = { main: path, files: config.files, includes: new Map<string, readonly string[]>() }
  const values = occurrencesOf(only).flatMap((one) => (one.key === key ? [one.value] : []))
  return isList && values.length > 0 ? values : values.at(-1)
}

function unreadable(config: AgentConfig, { path }: DesiredFile): Failure | undefined {
  if (path === config.main) return invalid(`"${path}" is the main file; its keys stand in \`set\` and \`remove\`.`)
  if (config.files.has(path) || isIncluded(config, path)) return undefined
  const patterns = [...config.includes.keys()].map((pattern) => `"${pattern}"`).join(', ')
  return invalid(`The agent would not read "${path}": it includes ${patterns === '' ? 'nothing' : patterns}.`)
}

/** `set` with what `psk` brings, secrets in clear, and the keys that hold one. */
function revealed({ set = {}, psk }: AgentParams): { readonly set: JsonObject; readonly secret: readonly string[] } {
  const all = { ...set, ...(psk && { TLSPSKIdentity: psk.identity, TLSPSKFile: psk.path }) } as JsonObject
  return { set: jsonInClear(all) as JsonObject, secret: secretsOf(all) }
}

function secretsOf(set: JsonObject = {}): readonly string[] {
  return Object.entries(set).flatMap(([key, value]) => (hasSecret(value) ? [key] : []))
}

function impossible(message: string, line?: number): Failure {
  return invalid(`${message}${line === undefined ? '' : ` (line ${line})`}.`)
}

function invalid(message: string): Failure {
  return { code: 'PARAMS_INVALID', phase: 'observe', message }
}
