import { hostname } from 'node:os'
import type { AuditEntry } from '../core/audit.ts'
import { timely } from '../core/clock-ahead.ts'
import { DAY_MS } from '../core/duration.ts'
import type { FleetKey } from '../core/fleet-key.ts'
import { type Outage, type OutageStore, outageState } from '../core/outage.ts'
import { appendAudit } from './audit-chain.ts'
import { putFact } from './facts.ts'
import { AUDIT, outagesOf } from './locks.ts'
import { tables } from './schema.ts'
import { rowsOf, type Steps, type StoreSession } from './steps.ts'

/** As long as reports may still ask for them. */
const KEPT_MS = 800 * DAY_MS
const VALUE = tables.selectFrom('state_facts').select('value')

/** Known outages are few: one text a fleet. */
export function outageStore(session: StoreSession): OutageStore {
  const change = (fleet: FleetKey, work: (known: readonly Outage[]) => Steps<readonly Outage[]>): Promise<void> =>
    session.write(
      function* () {
        const name = outagesOf(fleet)
        const stored = outagesIn(yield* rowsOf(VALUE.where('name', '=', name)))
        const now = yield* work(timely(stored, Date.now()))
        if (now === stored) return
        yield* putFact(name, JSON.stringify([...now].sort((a, b) => a.from - b.from)))
      },
      { locks: { alone: [outagesOf(fleet), AUDIT] }, sync: true },
    )
  return {
    async list(fleet) {
      const read = async () => outagesIn(await session.read(VALUE.where('name', '=', outagesOf(fleet))))
      const stored = await read()
      if (timely(stored, Date.now()) === stored) return stored
      // From now on, and not from each time that somebody asks.
      // biome-ignore lint/correctness/useYield: it asks nothing more
      await change(fleet, function* (known) {
        return known
      })
      return read()
    },
    add: (fleet, outage) =>
      change(fleet, function* (known) {
        yield* appendAudit(entryOf('outage.added', outage, { by: outage.by, at: Date.now() }))
        return [...known.filter(({ until }) => until > Date.now() - KEPT_MS), outage]
      }),
    async end(fleet, outage, by, now) {
      let ended: Outage | undefined
      await change(fleet, function* (known) {
        const one = known.find((each) => each.outage === outage)
        if (!one || outageState(one, now) === 'over') return known
        ended = { ...one, until: now, ended_by: by }
        yield* appendAudit(entryOf('outage.ended', ended, { by, at: now }))
        const others = known.filter((each) => each !== one)
        return one.from >= now ? others : [...others, ended]
      })
      return ended
    },
  }
}

function outagesIn([row]: readonly { readonly value: string }[]): readonly Outage[] {
  return row ? (JSON.parse(row.value) as Outage[]) : []
}

function entryOf(kind: string, of: Outage, { by, at }: { readonly by: string; readonly at: number }): AuditEntry {
  const { outage, scope, why, closed } = of
  const [from, until] = [of.from, of.until].map((ms) => new Date(ms).toISOString())
  const where = Object.fromEntries(Object.entries(scope).map(([key, value]) => [key, value]))
  const about = { outage, ...where, why, from: from ?? '', until: until ?? '', closed }
  return { at: new Date(at).toISOString(), kind, by, host: hostname(), about }
}
