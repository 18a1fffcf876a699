import type { AdmissionContent, AdmissionStore, Hold } from '../core/admission.ts'
import { deviceKey } from '../core/lease.ts'
import { auditAdmission } from './audit-entries.ts'
import { isHeldBy, Onlooker } from './leases.ts'
import { tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

const VALUE = tables.selectFrom('state_facts').select('value')
const SELECT = VALUE.where('name', '=', '').compile()
const UPSERT = tables
  .insertInto('state_facts')
  .values({ name: '', value: '' })
  .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })))
  .compile().sql

/**
 * What admission shares is a handful of devices: one text a fleet, read and written as a whole; and one for holds, which
 * last beyond what is in progress.
 */
export function admissionStore(session: SqliteSession): AdmissionStore {
  const onlooker = new Onlooker()
  return {
    async read(fleet) {
      const rows = await Promise.all(namesOf(fleet).map((name) => session.read(VALUE.where('name', '=', name))))
      const [inProgress, holds] = rows.map(([row]) => row?.value)
      return contentOf(inProgress, holds)
    },
    transact: (fleet, work) =>
      session.write(
        () => {
          const names = namesOf(fleet)
          const texts = names.map((name) => session.rows<{ value: string }>(SELECT, [name])[0]?.value)
          const isHeld = (run: string, device: string): boolean =>
            isHeldBy(session, deviceKey(fleet, device), { run, onlooker })
          const before = contentOf(texts[0], texts[1])
          const { result, content } = work({ ...before, isHeld })
          const { holds, ...inProgress } = content
          for (const [index, value] of [inProgress, holds].entries()) {
            const text = JSON.stringify(value)
            if (text !== (texts[index] ?? NOTHING[index])) session.run(UPSERT, [names[index], text])
          }
          auditAdmission(session, before, content)
          return result
        },
        // A place outlives a power cut, as what it leaves out may be out then.
        { sync: true },
      ),
  }
}

function namesOf(fleet: string): readonly [inProgress: string, holds: string] {
  return [`admission ${fleet}`, `holds ${fleet}`]
}

const NOTHING = ['{"places":[],"waiters":[],"breaker":{"failures":[]}}', '[]'] as const

function contentOf(inProgress: string = NOTHING[0], holds: string = NOTHING[1]): AdmissionContent {
  return { ...(JSON.parse(inProgress) as Omit<AdmissionContent, 'holds'>), holds: JSON.parse(holds) as Hold[] }
}
