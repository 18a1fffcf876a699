import type { JsonObject, JsonValue } from '../../core/json.ts'

/** A device as an import has understood it, before it stands in an inventory of ours. */
export interface ImportedDevice {
  readonly store: string
  readonly id: string
  readonly kind: string
  readonly family: 'linux' | 'windows' | 'none'
  readonly address?: string
  readonly transport: JsonObject
  readonly vars: JsonObject
  readonly tags: readonly string[]
  /** Where it stands in what is imported. */
  readonly place?: { readonly file: string; readonly line: number } | undefined
}

/** What is known of a store beside its devices; keys of the inventory. */
export type ImportedStore = Readonly<Record<string, JsonValue>>

/** A name that an inventory of ours takes, as near to the text as can be. */
export function nameFrom(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 64)
  return name === '' ? 'x' : name
}
