import type { RunStore } from '../../core/ports.ts'

/** The state store in a file, made where there is none. Its library is loaded now: many commands need no state. */
export async function openStore(file: string): Promise<RunStore> {
  const { openSqliteStore } = await import('../../stores/sqlite.ts')
  return openSqliteStore(file)
}
