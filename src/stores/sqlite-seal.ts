import Database from 'libsql'
import type { InputError } from '../core/diagnostic.ts'
import { explained, unusable } from './sqlite-faults.ts'
import { BUSY_BLOCK_MS, patiently } from './sqlite-patience.ts'
import { stateUnusable } from './state-unusable.ts'

/** Higher than any version: no Tillwright, however old, writes the file any more. */
const SEALED = 1_000_000
/** A look may write itself, once, what it found. */
const MOST_TRIES = 5

/** In whose place a file was sealed. */
export interface Successor {
  /** Of the store. */
  readonly id: string
  /** The file, or the database as people may see it. */
  readonly where: string
}

/**
 * Seals a state file in whose place another store is: it stays where it is, nobody writes it any more, and whoever opens it is told.
 * `check` may look at it by a connection of its own, and is asked again where somebody wrote into the file before it could be sealed;
 * where it throws, nothing is. Throws InputError with STATE_UNUSABLE.
 */
export async function sealSqlite(file: string, to: Successor, check: () => Promise<void>): Promise<void> {
  const source = opened(file)
  try {
    for (let tries = 1; ; tries += 1) {
      const seen = dataVersion(source)
      await check()
      // From here on others wait who want to write the file.
      await patiently(file, () => source.exec('BEGIN IMMEDIATE'))
      if (dataVersion(source) === seen) break
      source.exec('ROLLBACK')
      if (tries === MOST_TRIES) throw busy(file)
    }
    const names = source
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
    seal(source, names as { readonly name: string }[], to.where, to.id)
    source.exec('COMMIT')
  } catch (error) {
    throw unusable(file, error)
  } finally {
    if (source.inTransaction) source.exec('ROLLBACK')
    source.close()
  }
}

/** The id of a store in a file that is sealed, and of the one in its place; undefined where the file is not sealed, or not for a store. */
export function sealedFor(file: string): { readonly id: string; readonly successor: string } | undefined {
  const source = opened(file)
  try {
    return explained(file, () => {
      const has = source.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'state_facts'").get()
      if (has === undefined) return undefined
      const fact = source.prepare('SELECT value FROM state_facts WHERE name = ?')
      const [id, successor] = ['id', SUCCESSOR].map((name) => (fact.get(name) as { value: string } | undefined)?.value)
      return id === undefined || successor === undefined ? undefined : { id, successor }
    })
  } finally {
    source.close()
  }
}

/** Another number when somebody else has written since (sqlite.org/pragma.html#pragma_data_version). */
function dataVersion(source: Database.Database): number {
  return (source.prepare('PRAGMA data_version').get() as { data_version: number }).data_version
}

function busy(file: string): InputError {
  return stateUnusable(`"${file}" is written all the time`, 'End what runs there, and `till serve`; then say it again.')
}

const SUCCESSOR = 'moved_to_id'

/** For processes that have it open, too; in a transaction. `to`: where the history is now, or what counts in its place. */
export function seal(
  source: Database.Database,
  tables: readonly { readonly name: string }[],
  to: string,
  successor?: string,
): void {
  const fact = source.prepare('INSERT OR REPLACE INTO state_facts (name, value) VALUES (?, ?)')
  fact.run('moved_to', to)
  if (successor !== undefined) fact.run(SUCCESSOR, successor)
  fact.run('usable_from', String(SEALED))
  source.prepare('UPDATE state_schema SET version = ?').run(SEALED)
  for (const { name } of tables) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      const trigger = `CREATE TRIGGER IF NOT EXISTS sealed_${name}_${event} BEFORE ${event} ON ${name}`
      source.exec(`${trigger} BEGIN SELECT RAISE(ABORT, 'the state was moved elsewhere'); END`)
    }
  }
}

function opened(file: string): Database.Database {
  return explained(file, () => new Database(file, { timeout: BUSY_BLOCK_MS }))
}
