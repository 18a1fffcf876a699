import { accessSync, type BigIntStats, closeSync, constants, existsSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type CompiledQuery, sql } from 'kysely'
import Database from 'libsql'
import { makePrivateFolder } from '../files/private.ts'
import { bootClockMs } from './process-identity.ts'
import { tables } from './schema.ts'
import { isBusy, unusable } from './sqlite-faults.ts'
import { BUSY_BLOCK_MS, patiently } from './sqlite-patience.ts'
import { stateUnusable } from './state-unusable.ts'
import type { Locks, Query, Statement, Steps, StoreSession } from './steps.ts'
import { MachineWitness } from './witness.ts'

/** The files that libsql needs to start in: its own, those of the database, and pipes of its runtime, which ends the process without them. */
const FILES_OF_LIBSQL = 16

interface Write {
  readonly work: () => Steps<unknown>
  readonly sync: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** One SQLite file: reads, and writes that are gathered by turn of the event loop into one transaction. */
export class SqliteSession implements StoreSession {
  readonly witness = new MachineWitness()
  readonly #path: string
  readonly #database: Database.Database
  readonly #file: BigIntStats
  readonly #statements = new Map<string, Database.Statement>()
  #waiting: Write[] = []
  #writing: Promise<void> | undefined
  #full: boolean | undefined

  private constructor(path: string, database: Database.Database) {
    this.#path = path
    this.#database = database
    this.#file = statSync(path, { bigint: true })
  }

  /** Opens the file, which is made (0600, its folder 0700) where there is none. Throws InputError with STATE_UNUSABLE. */
  static open(path: string): SqliteSession {
    const file = resolve(path)
    try {
      makePrivateFolder(dirname(file))
      leaveRoom()
      // SQLite gives its journal files the mode of the database. A file that is there is not opened beside SQLite: closing it again
      // would drop every lock that this process has on it (sqlite.org/howtocorrupt.html, 2.2), and another process would take
      // the write-ahead log away from under it.
      if (existsSync(file)) checkAccess(file)
      else closeSync(openSync(file, 'a', 0o600))
      const database = new Database(file, { timeout: BUSY_BLOCK_MS })
      database.exec(`PRAGMA busy_timeout = ${BUSY_BLOCK_MS}`)
      return new SqliteSession(file, database)
    } catch (error) {
      throw unusable(file, error)
    }
  }

  /** Rows of a query, at once; inside `write` it sees what was written before it. */
  all<Row>(query: Query<Row>): Row[] {
    const { sql, parameters } = 'compile' in query ? query.compile() : query
    const statement = this.#statement(sql)
    if (statement.reader) return statement.all(parameters) as Row[]
    statement.run(parameters)
    return []
  }

  /** Rows of a query, waiting while another process holds a lock. */
  async read<Row>(query: Query<Row>): Promise<Row[]> {
    return this.patiently(() => {
      this.#checkPlace()
      return this.all(query)
    })
  }

  look<T>(work: () => Steps<T>): Promise<T> {
    return this.patiently(() => {
      this.#checkPlace()
      this.#database.exec('BEGIN')
      try {
        return this.#take(work())
      } finally {
        this.#database.exec('ROLLBACK')
      }
    })
  }

  /** Together with all others of this turn of the event loop. SQLite lets one write at a time, so it needs no locks. */
  write<T>(work: () => Steps<T>, { sync = false }: { readonly locks: Locks; readonly sync?: boolean }): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, sync, resolve: resolve as (value: unknown) => void, reject })
      this.#writing ??= this.#drain()
    })
  }

  /** Does something that may meet another process's lock, again until it goes through. Throws InputError. */
  patiently<T>(work: () => T): Promise<T> {
    return patiently(this.#path, work)
  }

  /** Lets go of a file that cannot be used, without touching it. */
  abandon(): void {
    this.#database.close()
  }

  /** After the writes that were asked for; again is nothing. */
  async close(): Promise<void> {
    await this.#writing
    if (!this.#database.open) return
    this.#statements.clear()
    try {
      // libsql ends its connection when its statements are collected, so SQLite does not do this by itself in time.
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      if (!isBusy(error)) throw unusable(this.#path, error)
    } finally {
      this.#database.close()
    }
  }

  async whereabouts() {
    const [row] = await this.read(
      sql<{ version: string; bytes: number }>`SELECT sqlite_version() AS version, page_count * page_size AS bytes
        FROM pragma_page_count(), pragma_page_size()`.compile(tables),
    )
    const program = `SQLite ${row?.version ?? ''}`
    return { kind: 'sqlite', where: this.#path, program, bytes: row?.bytes ?? 0 } as const
  }

  /** All who share it are of this machine. */
  nowMs(): number {
    return Date.now()
  }

  /** Without pages that are free to be used again. */
  async usedBytes(): Promise<number> {
    const [size] = await this.read(
      sql<{ bytes: number }>`SELECT (page_count - freelist_count) * page_size AS bytes
        FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`.compile(tables),
    )
    return size?.bytes ?? 0
  }

  /** Goes through the steps, all at once. */
  #take<T>(steps: Steps<T>): T {
    for (let step = steps.next(); ; ) {
      if (step.done) return step.value
      step = steps.next(this.#answer(step.value))
    }
  }

  #answer(asked: Statement): readonly unknown[] {
    if (asked.kind === 'clock') return [{ ms: bootClockMs(), wall: Date.now() }]
    if (asked.kind === 'each') {
      const statement = this.#statement(asked.query.sql)
      return asked.each.map((one) => statement.all(one))
    }
    const { query, parameters } = asked
    if (parameters === undefined) return this.all(query)
    const statement = this.#statement((query as CompiledQuery).sql)
    if (statement.reader) return statement.all(parameters)
    statement.run(parameters)
    return []
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  async #drain(): Promise<void> {
    await new Promise<void>((turn) => setImmediate(turn))
    while (this.#waiting.length > 0) {
      const writes = this.#waiting
      this.#waiting = []
      await this.#commit(writes)
    }
    this.#writing = undefined
  }

  /** FULL syncs the write-ahead log at each commit (sqlite.org/pragma.html#pragma_synchronous), and what was before in it. */
  #synchronize(full: boolean): void {
    if (full === this.#full) return
    this.#database.exec(`PRAGMA synchronous = ${full ? 'FULL' : 'NORMAL'}`)
    this.#full = full
  }

  /**
   * Who moved the file away, or put another one in its place, left this process a file that nobody else sees: what it did would be
   * known to nobody, and others would do it again. SQLite looks for this in other journal modes alone (sqlite.org/howtocorrupt.html, 4).
   */
  #checkPlace(): void {
    const there = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (there?.ino === this.#file.ino && there.dev === this.#file.dev) return
    throw stateUnusable(
      `The state file "${this.#path}" was ${there === undefined ? 'moved away or deleted' : 'replaced by another file'} while it was in use`,
      'End every process that uses it, put the file back that was there, and go on with `till resume`. Where another one is to count from now on: `till state accept-restore`.',
    )
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    try {
      const values = await this.patiently(() => this.#transaction(writes))
      for (const [index, write] of writes.entries()) write.resolve(values[index])
    } catch (error) {
      if (writes.length === 1) {
        for (const write of writes) write.reject(error)
        return
      }
      // One bad write must not take the others of its turn with it.
      for (const write of writes) await this.#commit([write])
    }
  }

  #transaction(writes: readonly Write[]): unknown[] {
    this.#synchronize(writes.some(({ sync }) => sync))
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const values = writes.map((write) => this.#take(write.work()))
      this.#checkPlace()
      this.#database.exec('COMMIT')
      return values
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

/** Throws what opening the file to write would throw. */
function checkAccess(file: string): void {
  if (statSync(file).isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
  accessSync(file, constants.R_OK | constants.W_OK)
}

/** Throws what the system says (EMFILE) where libsql would not find the files that it needs. */
function leaveRoom(): void {
  const open: number[] = []
  try {
    while (open.length < FILES_OF_LIBSQL) open.push(openSync('/dev/null', 'r'))
  } finally {
    for (const file of open) closeSync(file)
  }
}
