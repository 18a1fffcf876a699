/** How much of a list is asked for, and behind which entry. */
export interface Page {
  readonly limit: number
  /** What the answer before called `next`. */
  readonly after?: string | undefined
}

/** A part of a list; `next` leads to what comes behind it. */
export interface Paged<T> {
  readonly total: number
  readonly next: string | null
  readonly rows: readonly T[]
}

/** The page of a list in its order; places are numbers. */
export function paged<T>(rows: readonly T[], { limit, after }: Page): Paged<T> {
  const begin = after !== undefined && /^\d{1,9}$/.test(after) ? Number(after) : 0
  const end = begin + limit
  return { total: rows.length, next: end < rows.length ? String(end) : null, rows: rows.slice(begin, end) }
}
