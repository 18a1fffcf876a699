import { statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'libsql'
import type { Vacuumed, VacuumOptions } from '../core/state-vacuum.ts'
import { explained, unusable } from './sqlite-faults.ts'
import { stateUnusable } from './state-unusable.ts'

/** Pages given back in one transaction: a few milliseconds, in which others who write wait. */
const SLICE = 250
/** As much is left to others as was taken. */
const SHARE = 1
/** Until another process lets go of the file. */
const PATIENCE_MS = 30_000
/** What is written anew in a second or two, so that others wait for it. */
const SMALL_BYTES = 64_000_000
/** Given back page by page (sqlite.org/pragma.html#pragma_auto_vacuum). */
const INCREMENTAL = 2

/**
 * Gives back what is free in a state file, which must be of the present schema. Where the file knows how, page by page in short
 * transactions; one that was made by an older Tillwright is written anew once, and knows from then on. Throws InputError with
 * STATE_UNUSABLE, and then nothing has changed.
 */
export async function vacuumSqlite(file: string, { full, atWork }: VacuumOptions): Promise<Vacuumed> {
  const database = explained(file, () => new Database(file, { timeout: PATIENCE_MS }))
  try {
    const before_bytes = onDisk(file)
    const whole = full || pragma(database, 'auto_vacuum') !== INCREMENTAL
    const used = (pragma(database, 'page_count') - pragma(database, 'freelist_count')) * pragma(database, 'page_size')
    if (whole) await mayWriteAnew(file, { used, full, atWork })
    const longest_held = whole ? writeAnew(database) : await giveBack(database)
    const began = performance.now()
    const pending = !checkpoint(database)
    const longest_ms = Math.round(Math.max(longest_held, performance.now() - began))
    const way = whole ? 'whole' : 'pages'
    return { kind: 'sqlite', where: file, way, before_bytes, after_bytes: onDisk(file), longest_ms, pending }
  } catch (error) {
    throw unusable(file, error)
  } finally {
    database.close()
  }
}

async function mayWriteAnew(
  file: string,
  { used, full, atWork }: VacuumOptions & { readonly used: number },
): Promise<void> {
  if (atWork !== undefined && (full || used > SMALL_BYTES)) {
    throw stateUnusable(
      `The state file "${file}" is written anew as a whole, and ${atWork}`,
      full
        ? 'Leave --full away, or wait until nobody is at work: nobody could write meanwhile.'
        : 'It was made by an older Tillwright. Wait until nobody is at work; once it was written anew, its room is given back beside others.',
    )
  }
  // Once into a temporary file, once into the write-ahead log.
  const { bavail, bsize } = await statfs(dirname(file))
  if (bavail * bsize < 2 * used) {
    throw stateUnusable(
      `The disk of the state file "${file}" has not room enough to write it anew`,
      `It takes ${megabytes(2 * used)} for as long as it lasts, and ${megabytes(bavail * bsize)} are free.`,
    )
  }
}

function writeAnew(database: Database.Database): number {
  const began = performance.now()
  database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  database.exec('VACUUM')
  return performance.now() - began
}

async function giveBack(database: Database.Database): Promise<number> {
  let longest = 0
  const free = (): number => pragma(database, 'freelist_count')
  // As many as what is free takes now: others may free as much as is given back, for ever.
  for (let slices = Math.ceil(free() / SLICE); slices > 0 && free() > 0; slices -= 1) {
    const began = performance.now()
    database.exec(`PRAGMA incremental_vacuum(${SLICE})`)
    const took = performance.now() - began
    longest = Math.max(longest, took)
    await delay(took * SHARE)
  }
  return longest
}

/** Brings what is in the write-ahead log into the file; false where somebody reads what was before. */
function checkpoint(database: Database.Database): boolean {
  database.exec('PRAGMA busy_timeout = 2000')
  const [row] = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all() as { readonly busy: number }[]
  return row?.busy === 0
}

function pragma(database: Database.Database, name: string): number {
  const [row] = database.prepare(`PRAGMA ${name}`).all() as Readonly<Record<string, number>>[]
  return row?.[name] ?? 0
}

function onDisk(file: string): number {
  return ['', '-wal'].reduce((sum, part) => sum + (statSync(`${file}${part}`, { throwIfNoEntry: false })?.size ?? 0), 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
