import type { Followed, LastInForce, RevisionStore } from '../core/revision-store.ts'
import { putFact } from './facts.ts'
import { inForceOf } from './locks.ts'
import { tables } from './schema.ts'
import { rowsOf, type StoreSession } from './steps.ts'

const VALUE = tables.selectFrom('state_facts').select('value')

/** The revision that came into force last: one text for each branch of a fleet that is followed. */
export function revisionStore(session: StoreSession): RevisionStore {
  const asked = (of: Followed) => VALUE.where('name', '=', inForceOf(of))
  return {
    async lastInForce(of) {
      const [row] = await session.read(asked(of))
      return row && (JSON.parse(row.value) as LastInForce)
    },
    putInForce: (of, { before, next }) =>
      session.write(
        function* () {
          const [row] = yield* rowsOf(asked(of))
          if (row?.value !== (before && JSON.stringify(before))) return false
          yield* putFact(inForceOf(of), JSON.stringify(next))
          return true
        },
        { locks: { alone: [inForceOf(of)] }, sync: true },
      ),
  }
}
