import { setImmediate as turn } from 'node:timers/promises'
import Database from 'libsql'
import type { ExportedRow, StateSnapshot } from '../core/state-export.ts'
import { exportedRow, tablesToRead } from './exported-rows.ts'
import { explained } from './sqlite-faults.ts'

/** Rows handed on at a time. */
const PAGE = 500
/** Until another process lets go of the file. */
const PATIENCE_MS = 30_000

/**
 * Opens what a state file holds at this moment, which its path must be of the present schema. Others go on writing meanwhile
 * (sqlite.org/isolation.html): the write-ahead log alone grows, as it is not cut while somebody reads. Throws InputError with
 * STATE_UNUSABLE, as its rows do.
 */
export function openSqliteSnapshot(file: string, since: Date | undefined): StateSnapshot {
  const { database, version } = explained(file, () => begin(file))
  return {
    kind: 'sqlite',
    where: file,
    version,
    rows: () => rowsOf(database, { file, since }),
    async close() {
      if (database.inTransaction) database.exec('ROLLBACK')
      database.close()
    },
  }
}

function begin(file: string) {
  const database = new Database(file, { timeout: PATIENCE_MS })
  database.exec('PRAGMA query_only = ON')
  database.exec('BEGIN')
  // The first read is the moment.
  const [{ version = 0 } = {}] = database.prepare('SELECT version FROM state_schema').all() as { version?: number }[]
  return { database, version }
}

async function* rowsOf(
  database: Database.Database,
  { file, since }: { readonly file: string; readonly since: Date | undefined },
): AsyncGenerator<readonly ExportedRow[]> {
  const known = explained(file, () => tablesOf(database))
  for (const table of tablesToRead(known, since)) {
    const read = explained(file, () => database.prepare(table.query).raw(true).iterate()) as Iterator<
      readonly unknown[]
    >
    for (let isOver = false; !isOver; ) {
      const page: ExportedRow[] = []
      while (page.length < PAGE) {
        const { value, done } = explained(file, () => read.next())
        isOver = done === true
        if (isOver) break
        page.push(exportedRow(table, value))
      }
      if (page.length > 0) yield page
      await turn()
    }
  }
}

function tablesOf(database: Database.Database) {
  const names = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all() as { name: string }[]
  return new Map(
    names.map(({ name }) => {
      const columns = database.prepare(`SELECT name, pk FROM pragma_table_info('${name}')`).all() as Column[]
      const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
      return [name, { columns: columns.map((column) => column.name), key: key.map((column) => column.name) }]
    }),
  )
}

interface Column {
  readonly name: string
  readonly pk: number
}
