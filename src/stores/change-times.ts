import type { ChangeTimeStore, ChangeTimes } from '../core/change-times.ts'
import { compiledLater } from './compiled-later.ts'
import { CHANGE_TIMES } from './locks.ts'
import { type StateTables, tables } from './schema.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'

/** More of a class would not make the slowest of them better known. */
const ENOUGH = 200

const UPSERT = compiledLater(() =>
  tables
    .insertInto('change_times')
    .values({ runbooks: '', class: '', changes: '', rollbacks: '' })
    .onConflict((conflict) =>
      conflict
        .columns(['runbooks', 'class'])
        .doUpdateSet(({ ref }) => ({ changes: ref('excluded.changes'), rollbacks: ref('excluded.rollbacks') })),
    )
    .compile(),
)

export function changeTimeStore(session: StoreSession): ChangeTimeStore {
  return {
    async of(runbooks) {
      const rows = await session.read(tables.selectFrom('change_times').selectAll().where('runbooks', '=', runbooks))
      return new Map(rows.map((row) => [row.class, timesOf(row)]))
    },
    add: (runbooks, times) => session.write(() => add(runbooks, times), { locks: { alone: [CHANGE_TIMES] } }),
  }
}

function* add(runbooks: string, times: ReadonlyMap<string, ChangeTimes>): Steps<void> {
  const known = yield* rowsOf(tables.selectFrom('change_times').selectAll().where('runbooks', '=', runbooks))
  const before = new Map(known.map((row) => [row.class, timesOf(row)]))
  for (const [name, { changes, rollbacks }] of times) {
    const old = before.get(name)
    const newest = (now: readonly number[], then: readonly number[] = []) =>
      JSON.stringify([...now, ...then].slice(0, ENOUGH))
    yield* put(UPSERT, [runbooks, name, newest(changes, old?.changes), newest(rollbacks, old?.rollbacks)])
  }
}

function timesOf({ changes, rollbacks }: StateTables['change_times']): ChangeTimes {
  return { changes: JSON.parse(changes) as number[], rollbacks: JSON.parse(rollbacks) as number[] }
}
