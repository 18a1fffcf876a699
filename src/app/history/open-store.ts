import { dirname } from 'node:path'
import type { RunStore } from '../../core/ports.ts'
import { madePrivate } from '../../files/private.ts'

/** The state store in a file, made where there is none. Its library is loaded now: many commands need no state. */
export async function openStore(file: string): Promise<RunStore> {
  const { openSqliteStore } = await import('../../stores/sqlite.ts')
  for (const path of [dirname(file), file]) {
    const said = madePrivate(path)
    if (said !== undefined) process.stderr.write(`warning ${said}\n`)
  }
  return openSqliteStore(file)
}
