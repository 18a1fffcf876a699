import type { FleetKey } from '../core/fleet-key.ts'
import type { ReportDelivery, ReportDeliveryStore } from '../core/report-schedule.ts'
import { putFact } from './facts.ts'
import { reportsOf } from './locks.ts'
import { isThisProcess, thisProcess } from './process-identity.ts'
import { tables } from './schema.ts'
import { rowsOf, type StoreSession } from './steps.ts'
import type { Witness } from './witness.ts'

type Deliveries = Readonly<Record<string, ReportDelivery>>

/** Of a process on another machine it is not known: no mail takes so long. */
const UNHEARD_OF_MS = 1_800_000
const VALUE = tables.selectFrom('state_facts').select('value')
const NOBODY = { host: null, pid: null, process: null } as const

/** Reports that are sent are few: one text a fleet. */
export function reportDeliveryStore(session: StoreSession): ReportDeliveryStore {
  const change = <T>(
    fleet: FleetKey,
    work: (known: Deliveries) => { readonly result: T; readonly now?: Deliveries },
  ): Promise<T> =>
    session.write(
      function* () {
        const name = reportsOf(fleet)
        const { result, now } = work(deliveriesIn(yield* rowsOf(VALUE.where('name', '=', name))))
        if (now) yield* putFact(name, JSON.stringify(now))
        return result
      },
      { locks: { alone: [reportsOf(fleet)] }, sync: true },
    )
  return {
    list: async (fleet) =>
      new Map(Object.entries(deliveriesIn(await session.read(VALUE.where('name', '=', reportsOf(fleet)))))),
    claim: (fleet, key, { nominal, now }) =>
      change(fleet, (known) => {
        const before = known[key]
        const at = now.toISOString()
        if (!before) {
          const baseline = { nominal, state: 'baseline', attempts: 0, at, next_at: null, why: null, ...NOBODY } as const
          return { result: false, now: { ...known, [key]: baseline } }
        }
        if (!isToBeSent(before, nominal, { now, witness: session.witness })) return { result: false }
        const attempts = before.nominal === nominal ? before.attempts + 1 : 1
        const taken = { nominal, state: 'sending', attempts, at, next_at: null, why: null, ...thisProcess() } as const
        return { result: true, now: { ...known, [key]: taken } }
      }),
    record: (fleet, key, { why, retryAt, now }) =>
      change(fleet, (known) => {
        const before = known[key]
        // Whoever slept for too long finds that another one has taken it, and says nothing about what that one sends.
        if (before?.state !== 'sending' || !isThisProcess(before)) return { result: undefined }
        const state = why === null ? 'sent' : retryAt === null ? 'given-up' : 'waiting'
        const next_at = retryAt?.toISOString() ?? null
        const after = { ...before, ...NOBODY, state, why, next_at, at: now.toISOString() } as const
        return { result: undefined, now: { ...known, [key]: after } }
      }),
  }
}

interface Judging {
  readonly now: Date
  readonly witness: Witness
}

function isToBeSent(before: ReportDelivery, nominal: string, { now, witness }: Judging): boolean {
  // A clock that was set back, or a schedule that was changed, brings nothing again.
  if (before.nominal > nominal) return false
  if (before.state === 'sending' && !isGone(before, { now, witness })) return false
  if (before.nominal < nominal) return true
  if (before.state === 'waiting') return (before.next_at ?? '') <= now.toISOString()
  return before.state === 'sending'
}

/** One process sends one report at a time: what it still sends when it asks for the next has no end. */
function isGone(delivery: ReportDelivery, { now, witness }: Judging): boolean {
  const { host, pid, process, at } = delivery
  if (isThisProcess(delivery)) return true
  const where = witness.whereabouts({ host: host ?? '', pid: pid ?? 0, process })
  if (where !== 'elsewhere') return where === 'dead'
  return Date.parse(at) < now.getTime() - UNHEARD_OF_MS
}

function deliveriesIn([row]: readonly { readonly value: string }[]): Deliveries {
  return row ? (JSON.parse(row.value) as Deliveries) : {}
}
