import type { WINDOWS_ENCODINGS } from '../../core/windows-encodings.ts'

export interface LogItem {
  readonly path: string
  readonly lines?: number
  readonly since?: string
  readonly encoding?: (typeof WINDOWS_ENCODINGS)[number]
}

export interface JournalItem {
  readonly unit: string
  readonly lines?: number
  readonly since?: string
}

export interface EventLogItem {
  readonly name: string
  readonly level?: 'critical' | 'error' | 'warning' | 'information'
  readonly lines?: number
  readonly since?: string
}

export interface CollectParams {
  readonly logs?: readonly (string | LogItem)[]
  readonly journal?: readonly (string | JournalItem)[]
  readonly event_logs?: readonly (string | EventLogItem)[]
  readonly files?: readonly string[]
  readonly packages?: readonly string[]
  readonly services?: readonly string[]
  readonly processes?: readonly string[]
  readonly disks?: readonly string[]
  readonly facts?: boolean
  readonly redact?: readonly string[]
  readonly item_bytes?: number
  readonly bundle_bytes?: number
}

/** Bytes of an item and of a bundle: by default, and at the most. */
export const ITEM_BYTES = { usual: 16_384, most: 65_536 } as const
export const BUNDLE_BYTES = { usual: 65_536, most: 262_144 } as const
/** Larger ones are no files of settings. */
export const LARGEST_FILE = 1_048_576
/** All of them are asked for at once. */
export const MOST_ITEMS = 60

/** What was read of an item, before anything is masked. */
export type Raw =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unread'; readonly why: string }
  | { readonly kind: 'binary'; readonly sizeBytes: number }
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'text'
      /** Whole lines. */
      readonly text: string
      /** What it has on the device; null where that is not known. */
      readonly sizeBytes: number | null
      /** What else of it there is, in words. */
      readonly note: string | null
      readonly isCut: boolean
      /** Which end of it is kept where there is no room for all. */
      readonly keeps: 'end' | 'beginning'
    }
