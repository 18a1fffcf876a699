import { sql } from 'kysely'

/** Databases take so many parameters in one statement; a list of names is one of them. In words of SQLite, see `postgresQuery`. */
export const inList = (names: readonly string[]) => sql<string>`(SELECT value FROM json_each(${JSON.stringify(names)}))`
