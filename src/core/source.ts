/** Where something was written. Lines and columns count from 1, columns in UTF-16 units; offsets are into the file's text. */
export interface SourceRange {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** A value and the place that it came from: one level of the cascade. */
export interface Sourced<T> {
  readonly value: T
  /** `fleet`, `region mazowieckie`, `store PL-0412`, `profile till-linux`, `device PL-0412/pos1`. */
  readonly level: string
  readonly source?: SourceRange
}
