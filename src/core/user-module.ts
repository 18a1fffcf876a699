import type { JsonObject, JsonValue } from './json.ts'

/** What runs on devices of one kind: texts for sh, or for Windows PowerShell. */
export interface UserSide {
  /** Never writes; prints one JSON object. */
  readonly observe: string
  /** Absent: it only checks there. */
  readonly converge?: string
}

/** A field of what `observe` prints that is to have a value. */
export interface DesiredField {
  /** Keys of nested maps, joined by dots. */
  readonly path: string
  /** Parameters that its value is made from: where one of them is not given, nothing is desired of the field. */
  readonly params: readonly string[]
  /** A parameter that is a secret stands in `params` as `{ secret: NAME }`, and comes back so. */
  render(
    params: JsonObject,
  ): { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly error: string }
}

/** A module that a user wrote in YAML: read, checked and compiled. */
export interface UserModule {
  readonly name: string
  readonly summary: string
  /** For people, in Markdown. */
  readonly documentation: string
  /** JSON Schema of a map; nothing but what it names is accepted. */
  readonly params: JsonObject
  readonly desired: readonly DesiredField[]
  /** Its `converge` runs when a step of `restart_on` changed something. */
  readonly reacts: boolean
  readonly posix?: UserSide
  readonly powershell?: UserSide
  /** sha256 of its text, in hexadecimal. */
  readonly digest: string
  readonly file: string
}
