import { createHash } from 'node:crypto'
import type { JsonObject } from '../core/json.ts'
import type { KeptRun, KeptRuns } from '../core/kept-run.ts'
import { tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

export function keptRuns(session: SqliteSession): KeptRuns {
  return {
    keep: (run, kept) => session.write(() => keep(session, run, kept)),
    of: (run) => readKept(session, run),
    runs: async () => (await session.read(tables.selectFrom('kept_runs').select('run'))).map(({ run }) => run),
    drop: (run) => session.write(() => dropKept(session, run)),
  }
}

function keep(session: SqliteSession, run: string, { order, files }: KeptRun): void {
  session.all(tables.insertInto('kept_runs').values({ run, json: JSON.stringify(order) }))
  for (const [name, text] of Object.entries(files)) {
    const digest = digestOf(text)
    const kept = tables.insertInto('kept_texts').values({ digest, text })
    session.all(kept.onConflict((conflict) => conflict.doNothing()))
    session.all(tables.insertInto('kept_files').values({ run, name, digest }))
  }
}

async function readKept(session: SqliteSession, run: string): Promise<KeptRun | undefined> {
  const [row] = await session.read(tables.selectFrom('kept_runs').select('json').where('run', '=', run))
  if (row === undefined) return undefined
  const rows = await session.read(
    tables
      .selectFrom('kept_files')
      .leftJoin('kept_texts', 'kept_texts.digest', 'kept_files.digest')
      .select(['kept_files.name', 'kept_files.digest', 'kept_texts.text'])
      .where('kept_files.run', '=', run),
  )
  if (rows.some(({ text, digest }) => text === null || digestOf(text) !== digest)) return undefined
  const files = Object.fromEntries(rows.map(({ name, text }) => [name, text ?? '']))
  return { order: JSON.parse(row.json) as JsonObject, files }
}

/** To be called inside one transaction. */
export function dropKept(session: SqliteSession, run: string): void {
  const own = session.all(tables.selectFrom('kept_files').select('digest').where('run', '=', run))
  session.all(tables.deleteFrom('kept_runs').where('run', '=', run))
  session.all(tables.deleteFrom('kept_files').where('run', '=', run))
  for (const { digest } of own) {
    const [other] = session.all(tables.selectFrom('kept_files').select('run').where('digest', '=', digest).limit(1))
    if (other === undefined) session.all(tables.deleteFrom('kept_texts').where('digest', '=', digest))
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
