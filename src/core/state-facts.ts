/** What there is to know of a state store itself. */
export interface StateFacts {
  readonly kind: 'sqlite' | 'postgres'
  /** The file, or the database as people may see it. */
  readonly where: string
  /** Of the program: `SQLite 3.45.1`, `PostgreSQL 15.18`. */
  readonly program: string
  /** Of its tables; how often they were changed. */
  readonly version: number
  readonly bytes: number
  readonly runs: number
  /** Leases that a controller has, be it there or not. */
  readonly leases: number
  /** When the oldest run that is kept began. */
  readonly oldest: string | null
}
