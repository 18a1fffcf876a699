import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { hasSecret, jsonInClear } from '../../core/secret.ts'
import { type ConfigProblem, type ConfigReading, sameValue } from '../../devices/config/codec.ts'
import { canHold, decodeText, encodeText, hiddenByMark, unknowable } from '../../devices/config/encoding.ts'
import { type ConfigFormat, codecOf } from '../../devices/config/formats.ts'
import type { IniDialect } from '../../devices/config/ini-dialect.ts'
import type { FileReading } from '../../devices/file/file-reading.ts'
import { readFile, unreadFile } from '../../devices/file/read-file.ts'

/** Configuration files are small; what is larger is something else. */
const MAX_BYTES = 1024 * 1024

export interface ConfigParams {
  readonly path: string
  readonly format: ConfigFormat
  readonly dialect?: IniDialect
  readonly set?: JsonObject
  readonly remove?: readonly string[]
  readonly validate?: string
  readonly backup?: boolean
  readonly create?: boolean
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  readonly sensitive?: readonly string[]
}

/** A key that the step looks after. */
interface ConfigKey {
  readonly name: string
  readonly isSensitive: boolean
  /** undefined: it is not there, or shall not be. */
  readonly before: JsonValue | undefined
  readonly after: JsonValue | undefined
  readonly differs: boolean
}

export interface ConfigState {
  readonly reading: FileReading
  readonly keys: readonly ConfigKey[]
  /** What people have to know of where the keys stand. */
  readonly notes: readonly string[]
  /** The whole file as it should be. */
  readonly next: Uint8Array
}

/** Reads the file, and works out here what it should be: what a format cannot hold is known before anything is changed. */
export async function observeConfig(context: ModuleContext, params: ConfigParams): Promise<Result<ConfigState>> {
  const { answer, reading } = await readFile(context.shell, {
    path: params.path,
    follow: true,
    wants: 'content',
    sendBytes: MAX_BYTES,
    ...(params.owner !== undefined && { owner: params.owner }),
  })
  if (!reading) return fail(unreadFile(params.path, answer))
  const trouble = troubleOf(params.path, reading)
  if (trouble) return fail(trouble)
  return understood(params, reading)
}

function understood(params: ConfigParams, reading: FileReading): Result<ConfigState> {
  const codec = codecOf(params.format, params.dialect)
  const decoded = decodeText(reading.content ?? new Uint8Array(), params.format)
  if (!decoded.ok) return fail(unparsed(params, decoded.problem))
  const { text, encoding } = decoded.value
  const seen = hiddenByMark(encoding, params.dialect)
  if (!seen.ok) return fail(unparsed(params, seen.problem))
  const desiredValues = desiredValuesOf(params)
  const isNew = reading.kind === 'absent'
  const read = codec.read(isNew ? newText(params) : text)
  if (!read.ok) return fail(unparsed(params, read.problem))
  const set = new Map(
    desiredValues.map((desiredValue) => [desiredValue.name, desiredValue.value] as const).filter(isGiven),
  )
  const held = unknowable(encoding, params.format, set.values())
  if (!held.ok) return fail(impossible(params, held.problem))
  const edited = codec.edit(isNew ? newText(params) : text, { set, remove: params.remove ?? [] }, canHold(encoding))
  if (!edited.ok) return fail(impossible(params, edited.problem))
  const next = encodeText(edited.value, encoding, text)
  if (!next.ok) return fail(impossible(params, next.problem))
  const keys = desiredValues.map((desiredValue) => keyOf(desiredValue, isNew ? undefined : read.value, codec.normal))
  const notes = isNew ? [] : (read.value.notes?.(desiredValues.map((desiredValue) => desiredValue.name)) ?? [])
  return success({ reading, keys, notes, next: next.value })
}

/** Whether nothing would be left to do once the file is as it should be. */
export function holdsAll(params: ConfigParams, { reading, next }: ConfigState): boolean {
  const after = understood(params, { ...reading, kind: 'file', content: next })
  return after.ok && after.value.keys.every((key) => !key.differs)
}

interface DesiredValue {
  readonly name: string
  readonly isSensitive: boolean
  readonly value: JsonValue | undefined
}

function isGiven(entry: readonly [string, JsonValue | undefined]): entry is readonly [string, JsonValue] {
  return entry[1] !== undefined
}

function desiredValuesOf(params: ConfigParams): DesiredValue[] {
  const listed = new Set(params.sensitive)
  const set = Object.entries(params.set ?? {}).map(([name, value]) => {
    const isSensitive = listed.has(name) || hasSecret(value)
    return { name, isSensitive, value: jsonInClear(value) }
  })
  const removed = (params.remove ?? []).map((name) => ({ name, isSensitive: listed.has(name), value: undefined }))
  return [...set, ...removed]
}

function keyOf(
  desiredValue: DesiredValue,
  read: ConfigReading | undefined,
  normal: (value: JsonValue) => JsonValue,
): ConfigKey {
  const after =
    desiredValue.value === undefined || isEmptyLines(desiredValue.value, normal)
      ? undefined
      : normal(desiredValue.value)
  const before = read?.get(desiredValue.name, after)
  const isSame = before === undefined || after === undefined ? before === after : sameValue(before, after)
  return { name: desiredValue.name, isSensitive: desiredValue.isSensitive, before, after, differs: !isSame }
}

/** In a format of lines, no lines at all are no key. */
function isEmptyLines(value: JsonValue, normal: (value: JsonValue) => JsonValue): boolean {
  return Array.isArray(value) && value.length === 0 && normal(1) === '1'
}

/** What a file that is not there yet is taken for: XML needs its root element. */
function newText(params: ConfigParams): string {
  const root = /^[^/[@]+/.exec(Object.keys(params.set ?? {})[0] ?? params.remove?.[0] ?? '')?.[0]
  return params.format === 'xml' && root !== undefined
    ? `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>\n</${root}>\n`
    : ''
}

function troubleOf(path: string, reading: FileReading): Failure | undefined {
  const at = { code: 'OBSERVE_FAILED', phase: 'observe' } as const
  if (reading.trouble !== undefined) return { ...at, message: `"${path}" cannot be read: ${reading.trouble}` }
  if (reading.kind !== 'file' && reading.kind !== 'absent') {
    return {
      ...at,
      message: `"${path}" is not a file (${reading.kind === 'other' ? 'a device, socket or pipe' : `a ${reading.kind}`}).`,
    }
  }
  // Nobody could tell whether it is still the file that was read when it is replaced.
  if (reading.kind === 'file' && reading.fingerprint === undefined) {
    const message = 'None of the programs sha256sum, openssl, shasum and cksum is on the device; one of them is needed.'
    return { code: 'TOOL_MISSING', phase: 'observe', message }
  }
  if (reading.kind === 'absent' || reading.content?.length === reading.sizeBytes) return undefined
  const size = reading.sizeBytes ?? 0
  const why =
    size > MAX_BYTES
      ? `it has ${size} bytes, and ${MAX_BYTES} is the most for a configuration file`
      : 'it changed meanwhile'
  return { ...at, message: `"${path}" was not read: ${why}.` }
}

function unparsed(params: ConfigParams, { message, line }: ConfigProblem): Failure {
  const place = line === undefined ? '' : ` at line ${line}`
  const evidence = line === undefined ? {} : { evidence: { line } }
  return {
    code: 'OBSERVE_FAILED',
    phase: 'observe',
    message: `"${params.path}" cannot be read as ${params.format}${place}: ${message}.`,
    ...evidence,
  }
}

function impossible(params: ConfigParams, { message }: ConfigProblem): Failure {
  return { code: 'PARAMS_INVALID', phase: 'observe', message: `"${params.path}" (${params.format}): ${message}.` }
}
