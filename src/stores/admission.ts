import type { AdmissionContent, AdmissionStore, Hold } from '../core/admission.ts'
import { deviceKey } from '../core/lease.ts'
import { auditAdmission } from './audit-entries.ts'
import { heldAmong } from './leases.ts'
import { AUDIT, admissionOf, LEASES } from './locks.ts'
import { tables } from './schema.ts'
import { put, rowsOfEach, type StoreSession } from './steps.ts'

const VALUE = tables.selectFrom('state_facts').select('value')
const SELECT = VALUE.where('name', '=', '').compile()
const UPSERT = tables
  .insertInto('state_facts')
  .values({ name: '', value: '' })
  .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })))
  .compile()

/**
 * What admission shares is a handful of devices: one text a fleet, read and written as a whole; and one for holds, which
 * last beyond what is in progress.
 */
export function admissionStore(session: StoreSession): AdmissionStore {
  return {
    async read(fleet) {
      const rows = await Promise.all(namesOf(fleet).map((name) => session.read(VALUE.where('name', '=', name))))
      const [inProgress, holds] = rows.map(([row]) => row?.value)
      return contentOf(inProgress, holds)
    },
    transact: (fleet, work) =>
      session.write(
        function* () {
          const names = namesOf(fleet)
          const rows = yield* rowsOfEach(
            SELECT,
            names.map((name) => [name]),
          )
          const texts = rows.map(([row]) => row?.value)
          const before = contentOf(texts[0], texts[1])
          const keyOf = (device: string): string => deviceKey(fleet, device)
          const held = yield* heldAmong(
            before.places.map(({ run, device }) => ({ run, key: keyOf(device) })),
            session.witness,
          )
          const isHeld = (run: string, device: string): boolean => held.get(keyOf(device)) === run
          const { result, content } = work({ ...before, isHeld })
          const { holds, ...inProgress } = content
          for (const [index, value] of [inProgress, holds].entries()) {
            const text = JSON.stringify(value)
            if (text !== (texts[index] ?? NOTHING[index])) yield* put(UPSERT, [names[index], text])
          }
          yield* auditAdmission(before, content)
          return result
        },
        // A place outlives a power cut, as what it leaves out may be out then.
        { locks: { alone: [admissionOf(fleet), AUDIT], shared: [LEASES] }, sync: true },
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
