import type { Change } from '../../core/change.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { MASK } from '../../core/secret.ts'
import { type FileReading, fileNotes } from '../../devices/file/file-reading.ts'
import type { DesiredContent, FileParams } from './desired-content.ts'

/** Content up to this size is shown in a change. */
const SHOWN_BYTES = 4 * 1024

export interface FileState {
  readonly reading: FileReading
  readonly desired?: DesiredContent
  /** Of the content on the device, in hexadecimal. */
  readonly sha256?: string
}

/** What differs, field by field. */
export function changesOf(params: FileParams, state: FileState): readonly Change[] {
  const { reading } = state
  const desired = params.state ?? 'present'
  if (desired === 'absent') {
    return reading.kind === 'absent'
      ? []
      : [{ path: 'state', before: reading.kind === 'link' ? 'link' : 'present', after: 'absent' }]
  }
  if (desired === 'link') return linkChanges(params, reading)
  const changes: Change[] = []
  if (reading.kind === 'absent') changes.push({ path: 'state', before: 'absent', after: 'present' })
  changes.push(...contentChanges(state, isHidden(params, state)))
  for (const [path, before, after] of attributesOf(params, reading)) {
    if (after !== undefined && before !== after) changes.push({ path, before: before ?? null, after })
  }
  return changes
}

function linkChanges(params: FileParams, reading: FileReading): readonly Change[] {
  const changes: Change[] = []
  if (reading.kind !== 'link')
    changes.push({ path: 'state', before: reading.kind === 'file' ? 'present' : 'absent', after: 'link' })
  const before = reading.linkTarget ?? null
  if (before !== params.target) changes.push({ path: 'target', before, after: params.target ?? null })
  return changes
}

function attributesOf(params: FileParams, reading: FileReading): [string, string | undefined, string | undefined][] {
  if (reading.system === 'windows') return [['owner', reading.owner, params.owner]]
  const numeric = (name: string | undefined) => name !== undefined && /^\d+$/.test(name)
  return [
    ['owner', numeric(params.owner) ? reading.uid : reading.owner, params.owner],
    ['group', numeric(params.group) ? reading.gid : reading.group, params.group],
    ['mode', reading.mode, params.mode?.padStart(4, '0')],
  ]
}

function contentChanges({ reading, desired, sha256 }: FileState, isHidden: boolean): readonly Change[] {
  if (!desired || sha256 === desired.sha256) return []
  const isNew = reading.kind === 'absent'
  const [old, next] = [textOf(reading.content), textOf(desired.bytes)]
  if (isHidden || [old, next].some((text) => text !== undefined && PRIVATE_KEY.test(text)))
    return [{ path: 'content', before: isNew ? null : MASK, after: MASK, sensitive: true }]
  const before = isNew ? null : described(sha256, reading.sizeBytes, reading.content)
  const after = described(desired.sha256, desired.sizeBytes, desired.bytes)
  const isText = (isNew || old !== undefined) && next !== undefined
  return [{ path: 'content', before, after, ...(isText && { texts: { before: old ?? null, after: next } }) }]
}

/** Hidden wherever it stands, whether or not it was said to be secret. */
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/

/** A content in a change: its checksum and size, and the text itself when it is short. */
function described(
  sha256: string | undefined,
  sizeBytes: number | undefined,
  bytes: Uint8Array | undefined,
): JsonObject {
  const text = textOf(bytes)
  return {
    ...(sha256 !== undefined && { sha256 }),
    ...(sizeBytes !== undefined && { size_bytes: sizeBytes }),
    ...(bytes && text === undefined && { binary: true }),
    ...(bytes && text !== undefined && bytes.length <= SHOWN_BYTES && { text }),
  }
}

/** Undefined where the bytes are not known, or are no text. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes || bytes.includes(0)) return undefined
  const text = Buffer.from(bytes).toString('utf8')
  return text.includes('\ufffd') ? undefined : text
}

/** What does not hold, without repeating whole texts. */
export function explainFile(params: FileParams, state: FileState, changes: readonly Change[]): string | undefined {
  if (!changes.some(({ path }) => path === 'content')) return undefined
  if (state.reading.kind === 'absent') return `"${params.path}" is not there.`
  return changes.map((change) => explained(change, params, state)).join(' ')
}

function explained({ path, before, after }: Change, params: FileParams, state: FileState): string {
  if (path !== 'content') return `${path} is ${JSON.stringify(before)}; required: ${JSON.stringify(after)}.`
  if (isHidden(params, state)) return `"${params.path}" has another content than the desired one.`
  const is = state.sha256 === undefined ? `has ${state.reading.sizeBytes} bytes` : `has the checksum ${state.sha256}`
  return `"${params.path}" ${is}; required: ${state.desired?.sha256}.`
}

function isHidden({ sensitive }: FileParams, { desired }: FileState): boolean {
  return sensitive === true || desired?.isSecret === true
}

/** What later steps and people see. */
export function shownState(state: FileState, params: FileParams): JsonValue {
  const { reading, sha256 } = state
  const shown = reading.kind === 'file' ? 'present' : reading.kind
  const notes = fileNotes(reading)
  return {
    state: shown,
    ...(reading.linkTarget !== undefined && { target: reading.linkTarget }),
    ...(reading.sizeBytes !== undefined && { size_bytes: reading.sizeBytes }),
    ...(sha256 !== undefined && !isHidden(params, state) && { sha256 }),
    ...(reading.mode !== undefined && reading.kind === 'file' && { mode: reading.mode }),
    ...(reading.owner !== undefined && { owner: reading.owner, group: reading.group ?? '' }),
    ...(reading.hasAcl && { acl: true }),
    ...(notes.length > 0 && { notes: [...notes] }),
  }
}
