import { createHash } from 'node:crypto'
import { DAY_MS } from '../core/duration.ts'
import type { JsonObject } from '../core/json.ts'
import type { KeptRun, KeptRuns } from '../core/kept-run.ts'
import { KEPT } from './locks.ts'
import { tables } from './schema.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'

export function keptRuns(session: StoreSession): KeptRuns {
  return {
    keep: (run, kept) => session.write(() => keep(run, kept), { locks: { alone: [KEPT] } }),
    of: (run) => readKept(session, run),
    runs: async () => (await session.read(tables.selectFrom('kept_runs').select('run'))).map(({ run }) => run),
    drop: (run) => session.write(() => dropKept(run), { locks: { alone: [KEPT] } }),
  }
}

function* keep(run: string, { order, files }: KeptRun): Steps<void> {
  yield* put(tables.insertInto('kept_runs').values({ run, json: JSON.stringify(order) }))
  for (const [name, text] of Object.entries(files)) {
    const digest = digestOf(text)
    const kept = tables.insertInto('kept_texts').values({ digest, text })
    yield* put(kept.onConflict((conflict) => conflict.doNothing()))
    yield* put(tables.insertInto('kept_files').values({ run, name, digest }))
  }
}

async function readKept(session: StoreSession, run: string): Promise<KeptRun | undefined> {
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
export function* dropKept(run: string): Steps<void> {
  const own = yield* rowsOf(tables.selectFrom('kept_files').select('digest').where('run', '=', run))
  yield* put(tables.deleteFrom('kept_runs').where('run', '=', run))
  yield* put(tables.deleteFrom('kept_files').where('run', '=', run))
  for (const { digest } of own) {
    const [other] = yield* rowsOf(tables.selectFrom('kept_files').select('run').where('digest', '=', digest).limit(1))
    if (other === undefined) yield* put(tables.deleteFrom('kept_texts').where('digest', '=', digest))
  }
}

/** What was kept for a run that was killed before it began: no list has it, and ids begin with their time. */
export async function dropNeverBegun(session: StoreSession): Promise<void> {
  const yesterday = new Date(Date.now() - DAY_MS).toISOString().replace(/[-:]|\.\d+/g, '')
  const begun = tables.selectFrom('runs').select('run')
  const never = tables.selectFrom('kept_runs').select('run').where('run', '<', yesterday).where('run', 'not in', begun)
  for (const { run } of await session.read(never))
    await session.write(() => dropKept(run), { locks: { alone: [KEPT] } })
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
