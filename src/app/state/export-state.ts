import { LEFT_OUT_OF_EXPORT } from '../../core/state-export.ts'
import { openSnapshot } from '../history/open-store.ts'
import { jsonLine } from '../json-document.ts'
import type { Project } from '../project.ts'
import { VERSION } from '../version.ts'

/** What an export came to. */
export interface Exported {
  readonly rows: number
  readonly bytes: number
}

export interface ExportOptions {
  readonly since: Date | undefined
  /** Where it goes; it may be slow. */
  readonly write: (text: string) => void | Promise<void>
  readonly signal: AbortSignal
}

/**
 * Writes what the state of a repository holds at this moment, a row a line, between a first line that says what it is and a last one
 * that counts; see `till.state-export/1`. Others go on writing meanwhile. Throws InputError; `signal.reason` where it was stopped.
 */
export async function exportState(project: Project, { since, write, signal }: ExportOptions): Promise<Exported> {
  // Brings it to the present version.
  await project.store()
  const snapshot = await openSnapshot(project.state, since)
  let [bytes, all] = [0, 0]
  const put = async (text: string): Promise<void> => {
    bytes += Buffer.byteLength(text)
    await write(text)
    signal.throwIfAborted()
  }
  const counts: Record<string, number> = {}
  try {
    const { kind, where, version } = snapshot
    const exported_at = new Date().toISOString()
    const head = { exported_at, since: since?.toISOString() ?? null, kind, where, version, till: VERSION }
    await put(jsonLine({ schema: 'till.state-export/1', ...head, left_out: LEFT_OUT_OF_EXPORT }))
    for await (const page of snapshot.rows()) {
      await put(page.map(jsonLine).join(''))
      for (const { table } of page) counts[table] = (counts[table] ?? 0) + 1
      all += page.length
    }
    await put(jsonLine({ end: true, rows: all, tables: counts }))
  } finally {
    await snapshot.close()
  }
  return { rows: all, bytes }
}
