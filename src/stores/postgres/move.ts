import { createHash, type Hash } from 'node:crypto'
import Database from 'libsql'
import type pg from 'pg'
import { seal } from '../sqlite-seal.ts'
import { stateUnusable } from '../state-unusable.ts'
import { readAddress } from './address.ts'
import { openSession } from './open.ts'
import { sendable } from './statements.ts'
import { settingsOf } from './transaction.ts'

/** What a table came to. */
export interface MovedTable {
  readonly table: string
  readonly rows: number
  /** sha256 over its rows in the order of its key. */
  readonly digest: string
}

/** Who is there now is nobody's history, and the schema is the other database's own. */
const LEFT_OUT = new Set(['controllers', 'state_schema'])
/** What is known of a database that nothing was kept in yet. */
const OF_ITSELF = 'state_facts'
/** A file is read in one go, and the server hears nothing meanwhile. */
const UNHURRIED = 'SET LOCAL idle_in_transaction_session_timeout TO 0'
/** Rows read or written at a time. */
const PAGE = 500

interface Table {
  readonly name: string
  readonly columns: readonly string[]
  /** Its key: what its rows are put in order by. */
  readonly key: readonly string[]
}

/**
 * Moves what is in a state file to a database whose state is empty, all or nothing: counts and digests are compared before it is
 * committed. Then the file is sealed: it stays where it is, and nobody writes it any more. One that was interrupted is begun again;
 * where all is there already only the seal is put on. Throws InputError with STATE_UNUSABLE.
 */
export async function moveToPostgres(file: string, address: string): Promise<readonly MovedTable[]> {
  const { shown } = readAddress(address)
  const session = await openSession(address)
  const source = new Database(file, { timeout: 1_000 })
  try {
    // Whoever wants to write the file waits, and finds it sealed.
    source.exec('BEGIN IMMEDIATE')
    const tables = tablesOf(source)
    const here = tables.map((table) => digestOfFile(source, table))
    const move = { source, tables, here, schema: session.schema, shown }
    const moved = await session.once((client) => inOneGo(client, move))
    seal(source, tables, shown)
    source.exec('COMMIT')
    return moved
  } finally {
    if (source.inTransaction) source.exec('ROLLBACK')
    source.close()
    await session.close()
  }
}

interface Move {
  readonly source: Database.Database
  readonly tables: readonly Table[]
  /** What is in the file. */
  readonly here: readonly MovedTable[]
  readonly schema: string
  readonly shown: string
}

async function inOneGo(client: pg.Client, move: Move): Promise<readonly MovedTable[]> {
  await client.query(['BEGIN', ...settingsOf(move.schema), UNHURRIED].join('; '))
  try {
    await client.query(`LOCK TABLE ${move.tables.map(({ name }) => name).join(', ')} IN ACCESS EXCLUSIVE MODE`)
    const { here } = move
    const isEmpty = await hasNothing(client, move.tables)
    if (isEmpty) await copy(client, move)
    const there: MovedTable[] = []
    for (const table of move.tables) there.push(await digestOfDatabase(client, table))
    const differs = here.find((table, index) => table.digest !== there[index]?.digest)
    if (differs && !isEmpty) throw notEmpty(move.shown)
    if (differs) throw new Error(`the table "${differs.table}" differs from what was read`)
    await client.query('COMMIT')
    return here
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function hasNothing(client: pg.Client, tables: readonly Table[]): Promise<boolean> {
  const kept = tables.filter(({ name }) => name !== OF_ITSELF)
  const some = kept.map(({ name }) => `EXISTS (SELECT 1 FROM ${name})`).join(' OR ')
  const { rows } = await client.query<{ any: boolean }>(`SELECT ${some} AS any`)
  return rows[0]?.any !== true
}

async function copy(client: pg.Client, { source, tables }: Move): Promise<void> {
  for (const table of tables) {
    await client.query(`DELETE FROM ${table.name}`)
    const columns = table.columns.map((column) => `"${column}"`).join(', ')
    let rows: unknown[][] = []
    const send = async (): Promise<void> => {
      const width = table.columns.length
      const places = rows.map((_, r) => `(${table.columns.map((_column, c) => `$${r * width + c + 1}`).join(', ')})`)
      const text = `INSERT INTO ${table.name} (${columns}) VALUES ${places.join(', ')}`
      if (rows.length > 0) await client.query(text, rows.flat())
      rows = []
    }
    for (const row of rowsOfFile(source, table)) {
      rows.push([...row])
      if (rows.length === PAGE) await send()
    }
    await send()
  }
  const counters = await client.query<{ name: string; column: string }>(
    `SELECT table_name AS name, column_name AS column FROM information_schema.columns
     WHERE table_schema = current_schema() AND is_identity = 'YES'`,
  )
  for (const { name, column } of counters.rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence('${name}', '${column}'), (SELECT coalesce(max(${column}), 0) + 1 FROM ${name}), false)`,
    )
  }
}

function tablesOf(source: Database.Database): readonly Table[] {
  const names = source
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all() as { name: string }[]
  return names
    .filter(({ name }) => !LEFT_OUT.has(name))
    .map(({ name }) => {
      const columns = source.prepare(`SELECT name, pk FROM pragma_table_info('${name}')`).all() as Column[]
      const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
      return { name, columns: columns.map((column) => column.name), key: key.map((column) => column.name) }
    })
}

interface Column {
  readonly name: string
  readonly pk: number
}

function inOrder({ name, columns, key }: Table): string {
  const named = (list: readonly string[]): string => list.map((column) => `"${column}"`).join(', ')
  return `SELECT ${named(columns)} FROM ${name} ORDER BY ${named(key)}`
}

function* rowsOfFile(source: Database.Database, table: Table): Generator<readonly unknown[]> {
  const statement = source.prepare(inOrder(table)).raw(true)
  for (const row of statement.iterate() as Iterable<readonly unknown[]>) yield sendable(row)
}

function digestOfFile(source: Database.Database, table: Table): MovedTable {
  const hash = createHash('sha256')
  let rows = 0
  for (const row of rowsOfFile(source, table)) {
    add(hash, row)
    rows += 1
  }
  return { table: table.name, rows, digest: hash.digest('hex') }
}

async function digestOfDatabase(client: pg.Client, table: Table): Promise<MovedTable> {
  const hash = createHash('sha256')
  let rows = 0
  await client.query(`DECLARE moved NO SCROLL CURSOR FOR ${inOrder(table)}`)
  for (;;) {
    const page = await client.query<Record<string, unknown>>(`FETCH ${PAGE} FROM moved`)
    for (const row of page.rows) {
      add(
        hash,
        table.columns.map((column) => row[column]),
      )
    }
    rows += page.rows.length
    if (page.rows.length < PAGE) break
  }
  await client.query('CLOSE moved')
  return { table: table.name, rows, digest: hash.digest('hex') }
}

function add(hash: Hash, row: readonly unknown[]): void {
  hash.update(`${JSON.stringify(row)}\n`)
}

function notEmpty(shown: string) {
  return stateUnusable(
    `The state store, ${shown}, holds a history of its own`,
    'What is moved would be mixed with it: name another database, or another `schema` in the address.',
  )
}
