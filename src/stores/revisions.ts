import type { Followed, LastInForce, RevisionStore } from '../core/revision-store.ts'
import { putFact } from './facts.ts'
import { branchInForce, IN_FORCE, inForceOf } from './locks.ts'
import { tables } from './schema.ts'
import { rowsOf, type StoreSession } from './steps.ts'

const VALUE = tables.selectFrom('state_facts').select('value')
const ALL = tables.selectFrom('state_facts').select(['name', 'value']).where('name', 'like', `${IN_FORCE}%`)

/** The revision that came into force last: one text for each branch of a fleet that is followed. */
export function revisionStore(session: StoreSession): RevisionStore {
  const asked = (of: Followed) => VALUE.where('name', '=', inForceOf(of))
  return {
    async lastInForce(of) {
      const [row] = await session.read(asked(of))
      return row && (JSON.parse(row.value) as LastInForce)
    },
    async allInForce(fleet) {
      const rows = await session.read(ALL)
      return rows.flatMap(({ name, value }) => {
        const branch = branchInForce(name, fleet)
        return branch === undefined ? [] : [{ ...(JSON.parse(value) as LastInForce), branch }]
      })
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
