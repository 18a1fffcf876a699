import type { AdmissionContent, AdmissionStore } from '../core/admission.ts'
import { deviceKey } from '../core/lease.ts'
import { isHeldBy, Onlooker } from './leases.ts'
import { tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

const SELECT = tables.selectFrom('state_facts').select('value').where('name', '=', '').compile()
const UPSERT = tables
  .insertInto('state_facts')
  .values({ name: '', value: '' })
  .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })))
  .compile().sql

/** What admission shares is a handful of devices: one text a fleet, read and written as a whole. */
export function admissionStore(session: SqliteSession): AdmissionStore {
  const onlooker = new Onlooker()
  return {
    transact: (fleet, work) =>
      session.write(
        () => {
          const name = `admission ${fleet}`
          const [row] = session.rows<{ value: string }>(SELECT, [name])
          const content: AdmissionContent = row
            ? (JSON.parse(row.value) as AdmissionContent)
            : { places: [], waiters: [], breaker: { failures: [] } }
          const isHeld = (run: string, device: string): boolean =>
            isHeldBy(session, deviceKey(fleet, device), { run, onlooker })
          const done = work({ ...content, isHeld })
          const text = JSON.stringify(done.content)
          if (text !== row?.value) session.run(UPSERT, [name, text])
          return done.result
        },
        // A place outlives a power cut, as what it leaves out may be out then.
        { sync: true },
      ),
  }
}
