import { setImmediate as turn } from 'node:timers/promises'
import Database from 'libsql'
import type { ExportedRow, StateSnapshot } from '../core/state-export.ts'
import { exportedRow, tablesToRead } from './exported-rows.ts'

/** Rows handed on at a time. */
const PAGE = 500
/** Until another process lets go of the file. */
const PATIENCE_MS = 30_000

/**
 * Opens what a state file holds at this moment, which its path must be of the present schema. Others go on writing meanwhile
 * (sqlite.org/isolation.html): the write-ahead log alone grows, as it is not cut while somebody reads.
 */
export function openSqliteSnapshot(file: string, since: Date | undefined): StateSnapshot {
  const database = new Database(file, { timeout: PATIENCE_MS })
  database.exec('PRAGMA query_only = ON')
  database.exec('BEGIN')
  // The first read is the moment.
  const [{ version = 0 } = {}] = database.prepare('SELECT version FROM state_schema').all() as { version?: number }[]
  return {
    kind: 'sqlite',
    where: file,
    version,
    rows: () => rowsOf(database, since),
    async close() {
      if (database.inTransaction) database.exec('ROLLBACK')
      database.close()
    },
  }
}

async function* rowsOf(database: Database.Database, since: Date | undefined): AsyncGenerator<readonly ExportedRow[]> {
  for (const table of tablesToRead(tablesOf(database), since)) {
    let page: ExportedRow[] = []
    for (const values of database.prepare(table.query).raw(true).iterate() as Iterable<readonly unknown[]>) {
      page.push(exportedRow(table, values))
      if (page.length < PAGE) continue
      yield page
      page = []
      await turn()
    }
    if (page.length > 0) yield page
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
