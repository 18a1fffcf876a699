import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Change } from '../../src/core/change.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'

/** A file of the device before a case: its content, or content, mode and age, a symbolic link, or a folder. */
export type GivenFile =
  | string
  | {
      readonly content: string
      readonly mode?: string
      readonly age_minutes?: number
      /** So many NULs in front of it, which take no room. */
      readonly hole_bytes?: number
      /** How often the content stands in it. */
      readonly repeat?: number
    }
  | { readonly link: string }
  | { readonly folder: true; readonly mode?: string }

/**
 * One data case. `$ROOT` is the private root of the device, `$PORT` a port that listens on loopback, `$URL` its HTTP
 * server. In expectations a text after `~ ` is a regular expression, and maps may hold more than is named.
 */
export interface ModuleCase {
  readonly it: string
  /** Interpreters. Default: all. */
  readonly shells?: readonly string[]
  /** Skipped for other users. */
  readonly needs?: 'root'
  readonly given?: {
    readonly files?: Readonly<Record<string, GivenFile>>
    /** Stand-ins for programs: name to sh text. They log with `log WORDS`, and may keep state in $STATE. */
    readonly bin?: Readonly<Record<string, string>>
    /** Names of files in test/modules/stand-ins to put beside them. */
    readonly stand_ins?: readonly string[]
    /** Files of the stand-ins' state. */
    readonly state?: Readonly<Record<string, string>>
    /** Programs of the machine that this device does not have. */
    readonly missing?: readonly string[]
    /** Processes that run on it: the name of the program, and its arguments. */
    readonly processes?: readonly (readonly string[])[]
    /** Listen on a port of loopback. */
    readonly listen?: boolean
    /** Serve HTTP: path to answer. */
    readonly http?: Readonly<Record<string, { status?: number; body?: string; headers?: Record<string, string> }>>
    /** Folders of the machine that this device sees as its own: `/etc/init.d: $ROOT/etc/init.d`. */
    readonly mounts?: Readonly<Record<string, string>>
  }
  readonly params: JsonObject
  /** How many questions a look may ask. Default: one. */
  readonly questions?: number
  readonly triggered?: boolean
  /** Texts of the parameters that stand in secrets, as `Secret`. */
  readonly secrets?: readonly string[]
  readonly expect?: {
    readonly changes?: readonly Change[]
    readonly unknown?: string
    readonly failure?: JsonObject
    readonly value?: JsonValue
    /** What the module says of the parameters when a runbook is loaded. */
    readonly problem?: string
    /** The schema refuses the parameters. */
    readonly invalid?: true
    readonly only_checks?: true
  }
  readonly after?: {
    readonly failure?: JsonObject
    /** What differs still. Default: nothing. */
    readonly changes?: readonly Change[]
    readonly value?: JsonValue
    readonly files?: Readonly<Record<string, string | { readonly content?: string; readonly mode?: string }>>
    readonly absent?: readonly string[]
    /** What the stand-ins logged. */
    readonly log?: readonly string[]
    /** The device cannot tell by itself that the change came about. */
    readonly untold?: true
  }
}

/** The cases of a data file. */
export function readCases(path: string): readonly ModuleCase[] {
  return parse(readFileSync(path, 'utf8'), { merge: true }) as ModuleCase[]
}

/** The same data with every `$NAME` in its texts and keys replaced. */
export function filledIn<T>(data: T, names: Readonly<Record<string, string>>): T {
  if (data === '$PORT') return Number(names['PORT']) as T
  if (typeof data === 'string') {
    const text = data.replace(/\$(ROOT|PORT|URL)\b/g, (whole, name: string) => names[name] ?? whole)
    return text.replace(/\$SHA256\(([^)]*)\)/g, (_, content: string) => sha256(content)) as T
  }
  if (Array.isArray(data)) return data.map((item) => filledIn(item, names)) as T
  if (data === null || typeof data !== 'object') return data
  return Object.fromEntries(
    Object.entries(data).map(([key, item]) => [filledIn(key, names), filledIn(item, names)]),
  ) as T
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
