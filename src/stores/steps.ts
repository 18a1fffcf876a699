import type { Compilable, CompiledQuery } from 'kysely'
import type { StateFacts } from '../core/state-facts.ts'
import type { Witness } from './witness.ts'

export type Query<Row> = Compilable<Row> | CompiledQuery<Row>

/** A query, perhaps with other parameters than those that it was compiled with. */
export interface Asked {
  readonly query: Query<unknown>
  readonly parameters?: readonly unknown[]
}

/** Something that a transaction asks of its database. */
export type Statement =
  | ({ readonly kind: 'rows' } & Asked)
  /** Nothing is done with its rows, so that it may be sent together with others. */
  | ({ readonly kind: 'put' } & Asked)
  /** The query once for each of the parameters, in one go; answered by the rows of each. */
  | { readonly kind: 'each'; readonly query: CompiledQuery; readonly each: readonly (readonly unknown[])[] }
  /** What time it is: `ms` by the clock that leases go by, `wall` by that which all who share the store have in common. */
  | { readonly kind: 'clock' }

/**
 * A part of a transaction: says what it asks, and goes on with the rows. SQLite answers at once, so that a transaction never spans a
 * turn of the event loop; PostgreSQL later. It may be run again from its beginning, so it changes nothing but the database.
 */
export type Steps<T> = Generator<Statement, T, readonly unknown[]>

/** Rows of a query, which sees what was written before it. */
export function* rowsOf<Row>(query: Query<Row>, parameters?: readonly unknown[]): Steps<Row[]> {
  return (yield { kind: 'rows', query, ...(parameters && { parameters }) }) as Row[]
}

/** Rows of a query compiled earlier, for each of the parameters. */
export function* rowsOfEach<Row>(query: CompiledQuery<Row>, each: readonly (readonly unknown[])[]): Steps<Row[][]> {
  return each.length === 0 ? [] : ((yield { kind: 'each', query, each }) as Row[][])
}

/** Writes; by a query compiled earlier with other parameters, where they are given. */
export function* put(query: Query<unknown>, parameters?: readonly unknown[]): Steps<void> {
  yield { kind: 'put', query, ...(parameters && { parameters }) }
}

/** Milliseconds by the clock that leases go by; only its differences mean something. */
export function* leaseClockMs(): Steps<number> {
  const [row] = (yield { kind: 'clock' }) as readonly { readonly ms: number }[]
  return row?.ms ?? 0
}

/** Milliseconds since 1970, by the clock of whatever all who share the store have in common: its server, or this machine. */
export function* sharedClockMs(): Steps<number> {
  const [row] = (yield { kind: 'clock' }) as readonly { readonly wall: number }[]
  return row?.wall ?? Date.now()
}

/** What a transaction must have to itself; one that reads what another one writes names it as shared. */
export interface Locks {
  readonly alone?: readonly string[]
  readonly shared?: readonly string[]
}

/** A database that stores lie in. */
export interface StoreSession {
  /** Who tells whether a controller is still there. */
  readonly witness: Witness
  /** Milliseconds since 1970 by the clock that all who share the store have in common, as far as this process has heard of it. */
  nowMs(): number
  /** Rows of a query, waiting where it cannot be asked now. */
  read<Row>(query: Query<Row>): Promise<Row[]>
  /** Goes through steps that only read, all at one instant; of what has no snapshot, `shared` is not written meanwhile. */
  look<T>(work: () => Steps<T>, options: Pick<Required<Locks>, 'shared'>): Promise<T>
  /**
   * Runs `work` in a transaction, perhaps together with others. Resolves when it is committed, which outlives the process; with
   * `sync` it outlives a power cut, too. `work` may run twice. With `isUrgent` it does not wait behind others for which there is no room.
   */
  write<T>(
    work: () => Steps<T>,
    options: { readonly locks: Locks; readonly sync?: boolean; readonly isUrgent?: boolean },
  ): Promise<T>
  /** What it is, and what it takes on disk. */
  whereabouts(): Promise<Pick<StateFacts, 'kind' | 'where' | 'program' | 'bytes'>>
  /** What tables and indexes take on disk, without room that is free to be used again. */
  usedBytes(): Promise<number>
  close(): Promise<void>
}
