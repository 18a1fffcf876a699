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

/**
 * Whether a text is what a sender puts where it has nothing to put: Zabbix `*UNKNOWN*`, or the macro as it is written ("Macros" of its
 * manual), Grafana `[no value]` (pkg/services/ngalert/state/template/template.go), templates of Go `<no value>`.
 */
export function hasNoValue(text: string): boolean {
  return /^(|\*UNKNOWN\*|\[no value\]|<no value>|\{[$#]?[A-Z0-9._]+\})$/.test(text.trim())
}

/** The device and the store that a sender names; what it has no value for names none. */
export function placeNamed(named: {
  readonly device?: string | undefined
  readonly store?: string | undefined
}): Pick<Alert, 'device' | 'store'> {
  const { device = '', store = '' } = named
  return { ...(!hasNoValue(device) && { device }), ...(!hasNoValue(store) && { store }) }
}

/** Names of a host as monitoring writes them: as they are, without a port, and that of an address of the web that is looked at. */
export function hostNames(...texts: readonly (string | undefined)[]): readonly string[] {
  const names = texts.flatMap((text = '') => (hasNoValue(text) ? [] : [text, hostOf(text)]))
  return [...new Set(names)]
}

function hostOf(text: string): string {
  const { hostname = '' } = text.includes('://') && URL.canParse(text) ? new URL(text) : {}
  return withoutPort(hostname === '' ? text : hostname)
}

function withoutPort(host: string): string {
  const bracketed = /^\[([^\]]+)\](:\d+)?$/.exec(host)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  return /^[^:]+:\d+$/.test(host) ? host.slice(0, host.lastIndexOf(':')) : host
}
