/** How room was given back: pages of a file one after the other, all of it written anew, or as PostgreSQL's VACUUM does. */
export type VacuumWay = 'pages' | 'whole' | 'vacuum'

/** What giving room back came to. */
export interface Vacuumed {
  readonly kind: 'sqlite' | 'postgres'
  readonly where: string
  readonly way: VacuumWay
  /** On disk, with the write-ahead log of a file. */
  readonly before_bytes: number
  readonly after_bytes: number
  /** How long others who wanted to write had to wait at most, as it was measured; null: the database says nothing of it. */
  readonly longest_ms: number | null
  /** Somebody reads: the file becomes smaller once they are done. */
  readonly pending: boolean
}

export interface VacuumOptions {
  /** Writes all of it anew. */
  readonly full: boolean
  /** Who is at work on it, in words for people; nobody: undefined. */
  readonly atWork: string | undefined
}
