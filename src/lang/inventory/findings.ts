import type { Diagnostic } from '../../core/diagnostic.ts'
import type { ErrorCode } from '../../core/error-catalog.ts'
import type { ValuePath } from '../value-path.ts'
import type { SourceFile } from './inventory-file.ts'

/** Where something stands in an inventory. */
export interface Place {
  readonly file: SourceFile
  readonly path: ValuePath
}

/** What is said of a place: all but the place. */
export type Words = Pick<Diagnostic, 'summary' | 'detail' | 'hint'>

/** Gathers what is wrong across files. */
export class Findings {
  readonly diagnostics: Diagnostic[] = []
  /** False when the files are known to be without fault together: what takes long to check needs no check. */
  readonly wanted: boolean

  constructor(options: { readonly wanted: boolean } = { wanted: true }) {
    this.wanted = options.wanted
  }

  error(code: ErrorCode, place: Place, words: Words & { readonly part?: 'key' | 'value' }): void {
    const { part, ...rest } = words
    this.diagnostics.push({ code, severity: 'error', ...rest, source: place.file.rangeAt(place.path, part) })
  }
}

export function devicePlace(file: SourceFile, store: string, device: string): Place {
  return { file, path: ['stores', store, 'devices', device] }
}

/** A place inside another one. */
export function inside(place: Place, ...steps: ValuePath): Place {
  return { file: place.file, path: [...place.path, ...steps] }
}

/** `mazowieckie.yaml:12`, for messages about a second place. */
export function shortPlace({ file, path }: Place): string {
  return `${file.name}:${file.rangeAt(path, 'key').line}`
}

/** `(one of a, b, c)`, cut where there are many. */
export function listed(names: Iterable<string>): string {
  const all = [...names]
  const rest = all.length > 8 ? ` and ${all.length - 8} more` : ''
  return `${all.slice(0, 8).join(', ')}${rest}`
}
