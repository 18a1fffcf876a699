import type { Alert } from '../core/alert.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'

/** What a source makes of a payload: its alerts and how many it says that it has left out, or why it is none of this source. */
export type ReadPayload =
  | { readonly ok: true; readonly alerts: readonly Alert[]; readonly leftOut?: number }
  | { readonly ok: false; readonly problem: string }

/** A system that tells alerts. */
export interface HookSource {
  readonly name: string
  /** An alert that it took for resolved may fire again under the same id. */
  readonly idsReturn?: true
  /** Reads one payload, which is JSON by now. */
  read(payload: JsonValue): ReadPayload
}

/** Longer texts say nothing more; they would only fill the store. */
const MOST_TEXT = 4_000
export const MOST_LABELS = 200

/** Objects of a list; none where it is no list. */
export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isMap) : []
}

/** A text of a payload; numbers and truth values as they are written, all else as none. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value.slice(0, MOST_TEXT)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

export function labelsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (!isMap(value)) return {}
  const entries = Object.entries(value).slice(0, MOST_LABELS)
  return Object.fromEntries(entries.map(([name, each]) => [name, textOf(each)]))
}

/** Names of a host as monitoring writes them: as they are, and without a port. */
export function hostNames(...texts: readonly (string | undefined)[]): readonly string[] {
  const names = texts.flatMap((text) => (text === undefined || text === '' ? [] : [text, withoutPort(text)]))
  return [...new Set(names)]
}

function withoutPort(host: string): string {
  const bracketed = /^\[([^\]]+)\](:\d+)?$/.exec(host)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  return /^[^:]+:\d+$/.test(host) ? host.slice(0, host.lastIndexOf(':')) : host
}
