import { dirname } from 'node:path'
import type { HookStore } from '../../core/hook-store.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { RunStore } from '../../core/ports.ts'
import { madePrivate } from '../../files/private.ts'

/** The state store in a file, made where there is none. Its library is loaded now: many commands need no state. */
export async function openStore(file: string): Promise<RunStore> {
  const { openSqliteStore } = await import('../../stores/sqlite.ts')
  keepPrivate(file)
  return openSqliteStore(file)
}

/** The same file, for what monitoring told and what came of it. */
export async function openHookStore(file: string): Promise<HookStore> {
  const { openSqliteHooks } = await import('../../stores/sqlite-hooks.ts')
  keepPrivate(file)
  return openSqliteHooks(file)
}

/** The same file, for incidents. */
export async function openIncidentStore(file: string): Promise<IncidentStore> {
  const { openSqliteIncidents } = await import('../../stores/sqlite-incidents.ts')
  keepPrivate(file)
  return openSqliteIncidents(file)
}

function keepPrivate(file: string): void {
  for (const path of [dirname(file), file]) {
    const said = madePrivate(path)
    if (said !== undefined) process.stderr.write(`warning ${said}\n`)
  }
}
