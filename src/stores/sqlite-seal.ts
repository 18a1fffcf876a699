import Database from 'libsql'

/** Higher than any version: no Tillwright, however old, writes the file any more. */
const SEALED = 1_000_000

/** Seals a state file in whose place another store is: it stays where it is, nobody writes it any more, and whoever opens it is told. */
export function sealSqlite(file: string, to: string): void {
  const source = new Database(file, { timeout: 1_000 })
  try {
    source.exec('BEGIN IMMEDIATE')
    const names = source
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
    seal(source, names as { readonly name: string }[], to)
    source.exec('COMMIT')
  } finally {
    if (source.inTransaction) source.exec('ROLLBACK')
    source.close()
  }
}

/** For processes that have it open, too; in a transaction. `to`: where the history is now, or what counts in its place. */
export function seal(source: Database.Database, tables: readonly { readonly name: string }[], to: string): void {
  const fact = source.prepare('INSERT OR REPLACE INTO state_facts (name, value) VALUES (?, ?)')
  fact.run('moved_to', to)
  fact.run('usable_from', String(SEALED))
  source.prepare('UPDATE state_schema SET version = ?').run(SEALED)
  for (const { name } of tables) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      const trigger = `CREATE TRIGGER IF NOT EXISTS sealed_${name}_${event} BEFORE ${event} ON ${name}`
      source.exec(`${trigger} BEGIN SELECT RAISE(ABORT, 'the state was moved elsewhere'); END`)
    }
  }
}
