import { randomBytes } from 'node:crypto'

/** How much of a list is asked for, and behind which entry. */
export interface Page {
  readonly limit: number
  /** What the answer before called `next`. */
  readonly after?: string | undefined
  /** The list that the answer before was a part of, as it was then. */
  readonly begun?: unknown
  /** Keeps a list of which there is more, and gives it a name. */
  readonly keep?: ((list: unknown) => string) | undefined
}

/** A part of a list; `next` leads to what comes behind it. */
export interface Paged<T> {
  readonly total: number
  readonly next: string | null
  readonly rows: readonly T[]
}

/** `NAME.PLACE`, or the place alone. */
const AFTER = /^(?:([0-9a-f]{32})\.)?(\d{1,9})$/

/** The page of a list in its order: of the list as it was begun, so that what changes meanwhile moves nothing past a reader. */
export function paged<T>(rows: readonly T[], page: Page): Paged<T> {
  const list = (page.begun as readonly T[] | undefined) ?? rows
  return pagedOf(list, list, page)
}

/** As `paged`, of rows that a whole was made into: it is the whole that is kept. */
export function pagedOf<T>(rows: readonly T[], whole: unknown, { limit, after, keep }: Page): Paged<T> {
  const begin = Number(AFTER.exec(after ?? '')?.[2] ?? 0)
  const end = begin + limit
  const next = end < rows.length ? [keep?.(whole) ?? [], end].flat().join('.') : null
  return { total: rows.length, next, rows: rows.slice(begin, end) }
}

interface Begun {
  readonly of: string
  readonly list: unknown
  readonly at: number
}

/** Lists that are kept; of another one the next page is cut out of the list as it is by then. */
const MOST_LISTS = 32
const KEPT_MS = 10 * 60_000

/** Lists that somebody reads page by page, as they were at the first page. */
export class BegunLists {
  readonly #lists = new Map<string, Begun>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A page of what is asked for by `of`: another question, or another eye, is never given that list. */
  page({ limit, after }: Pick<Page, 'limit' | 'after'>, of: string): Page {
    const name = AFTER.exec(after ?? '')?.[1]
    const known = name === undefined ? undefined : this.#lists.get(name)
    const begun = known?.of === of && this.#now() - known.at < KEPT_MS ? known.list : undefined
    return {
      limit,
      after,
      begun,
      keep: (list) => (begun !== undefined && name !== undefined ? name : this.#keep(list, of)),
    }
  }

  #keep(list: unknown, of: string): string {
    const name = randomBytes(16).toString('hex')
    this.#lists.set(name, { of, list, at: this.#now() })
    const [oldest] = this.#lists.keys()
    if (this.#lists.size > MOST_LISTS && oldest !== undefined) this.#lists.delete(oldest)
    return name
  }
}
