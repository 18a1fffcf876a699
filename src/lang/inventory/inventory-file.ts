import type { Diagnostic } from '../../core/diagnostic.ts'
import type { DeviceKind, OsFamily, Store } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { SourceRange } from '../../core/source.ts'
import type { ValuePath } from '../value-path.ts'
import type { WrittenHours } from './trading-hours.ts'

/**
 * What a file of an inventory holds, as its schema describes it. A key that is there but undefined held something that
 * was not as described and has been reported; nothing more is to be said about it.
 */
export interface WrittenFile {
  readonly region?: string
  readonly fleet?: WrittenFleet
  readonly profiles?: Readonly<Record<string, WrittenProfile | undefined>>
  readonly regions?: Readonly<Record<string, WrittenRegion | undefined>>
  readonly stores?: Readonly<Record<string, WrittenStore | undefined>>
}

/** Values that cascade. */
export interface WrittenLevel {
  readonly vars?: JsonObject
  readonly transport?: JsonObject
}

export interface WrittenFleet extends WrittenLevel {
  readonly name?: string
  readonly time_zone?: string
  readonly calendars?: Readonly<Record<string, WrittenHours | undefined>>
}

export interface WrittenOs {
  readonly family?: OsFamily
  readonly distribution?: string
  readonly version?: string
}

export interface WrittenProfile extends WrittenLevel {
  readonly kind?: DeviceKind
  readonly os?: WrittenOs
  readonly tags?: readonly string[]
}

export interface WrittenRegion extends WrittenLevel {
  readonly name?: string
}

export interface WrittenDevice extends WrittenLevel {
  readonly profile?: string
  readonly address?: string
  readonly attached_to?: string
  readonly os?: WrittenOs
  readonly tags?: readonly string[]
  readonly note?: string
}

export interface WrittenStore extends WrittenLevel {
  readonly name?: string
  readonly region?: string
  readonly address?: {
    readonly street?: string
    readonly postcode?: string
    readonly city?: string
    readonly country?: string
  }
  readonly location?: { readonly lat?: number; readonly lon?: number }
  readonly time_zone?: string
  readonly hours?: string | (WrittenHours & { readonly calendar?: string })
  readonly link?: Partial<Store['link']>
  readonly gateway?: string
  readonly owner?: JsonObject
  readonly tags?: readonly string[]
  readonly devices?: Readonly<Record<string, WrittenDevice | undefined>>
}

/** A file of an inventory, and where in it things stand. */
export interface SourceFile {
  /** Path below the inventory's folder, with `/`. */
  readonly name: string
  /** Path as it is shown. */
  readonly file: string
  /** Found when asked: the file is then read once more. */
  rangeAt(path: ValuePath, part?: 'key' | 'value'): SourceRange
}

/** What is kept of a file without faults. */
export interface CompiledFile {
  readonly content: WrittenFile
  /** Line, column and end column of the ids of stores and devices, in the order of `content`. */
  readonly places: readonly number[]
}

/** What devices of a file have to do with those of others. */
export interface Ties {
  /** What tells their ends apart: address, port and the device on the way; no two devices have the same. */
  readonly addresses: readonly string[]
  /** Ids of other stores through whose devices some of them are reached. */
  readonly through: readonly string[]
}

/** One file of an inventory, read and checked by itself. */
export interface InventoryFile extends SourceFile, CompiledFile {
  /** sha256 of its bytes. */
  readonly digest: string
  /** What is wrong with the file by itself. */
  readonly diagnostics: readonly Diagnostic[]
  /** False when there are errors of syntax: what it would have held is not known. */
  readonly readable: boolean
}

/** A store as a file describes it. */
export interface StoreEntry {
  readonly id: string
  readonly region: string
  readonly file: SourceFile
  readonly written: WrittenStore
  /** Line, column and end column of its id, then of the ids of its devices. */
  readonly places: readonly number[]
}

/** The stores of a file, each with its part of `places`. */
export function* storesOf(
  file: CompiledFile,
): Generator<readonly [id: string, written: WrittenStore | undefined, places: readonly number[]]> {
  let at = 0
  for (const [id, written] of Object.entries(file.content.stores ?? {})) {
    const end = at + 3 * (1 + Object.keys(written?.devices ?? {}).length)
    yield [id, written, file.places.slice(at, end)]
    at = end
  }
}

/** Ids in the order in which `places` lists them: each store, then its devices. */
export function* idsOf(content: WrittenFile): Generator<readonly [store: string, device?: string]> {
  for (const [storeId, store] of Object.entries(content.stores ?? {})) {
    yield [storeId]
    for (const deviceId of Object.keys(store?.devices ?? {})) yield [storeId, deviceId]
  }
}
