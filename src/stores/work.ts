import type { RunEvent } from '../core/events.ts'
import type { FleetKey } from '../core/fleet-key.ts'
import type { HandedRun, LeaveQuestion, RunOrder, WorkerFacts, WorkStore } from '../core/handed-work.ts'
import type { JsonValue } from '../core/json.ts'
import { deviceKey, lookPrefix, runKey } from '../core/lease.ts'
import { heldAmong } from './leases.ts'
import { LEASES, WORKERS } from './locks.ts'
import { thisProcess } from './process-identity.ts'
import { eventOf } from './record-events.ts'
import { leaseClockMs, put, rowsOf, type StoreSession } from './steps.ts'
import type { Witness } from './witness.ts'
import { workTables as tables } from './work-tables.ts'

/** What controllers and workers tell each other, in tables beside the journal. */
export function workStore(session: StoreSession): WorkStore {
  return new StoredWork(session)
}

class StoredWork implements WorkStore {
  readonly #session: StoreSession

  constructor(session: StoreSession) {
    this.#session = session
  }

  present(worker: WorkerFacts, ttlMs: number): Promise<boolean> {
    const { witness } = this.#session
    return this.#session.write(
      function* () {
        const now = yield* leaseClockMs()
        const { name, session, ...facts } = worker
        const known = tables.selectFrom('workers').select(['session', 'until', 'json']).where('name', '=', name)
        const [other] = yield* rowsOf(known)
        if (other && other.session !== session && other.until > now && !isDead(other, witness)) return false
        const { process } = thisProcess()
        const row = { session, json: JSON.stringify({ ...facts, process }), until: now + ttlMs }
        const added = tables.insertInto('workers').values({ name, ...row })
        yield* put(added.onConflict((conflict) => conflict.column('name').doUpdateSet(row)))
        return true
      },
      { locks: { alone: [WORKERS] }, isUrgent: true },
    )
  }

  leave({ name, session }: Pick<WorkerFacts, 'name' | 'session'>): Promise<void> {
    const row = tables.deleteFrom('workers').where('name', '=', name).where('session', '=', session)
    return this.#session.write(() => put(row), { locks: { alone: [WORKERS] } })
  }

  workers(): Promise<readonly WorkerFacts[]> {
    return this.#session.write(
      function* () {
        const now = yield* leaseClockMs()
        const rows = yield* rowsOf(tables.selectFrom('workers').selectAll().where('until', '>', now).orderBy('name'))
        return rows.map(({ name, session, json }) => {
          const { process: _, ...facts } = factsOf(json)
          return { name, session, ...facts }
        })
      },
      { locks: {} },
    )
  }

  open(run: string, handed: HandedRun): Promise<void> {
    const row = { json: JSON.stringify(handed), stop: 0 }
    const added = tables.insertInto('handed_runs').values({ run, ...row })
    const written = added.onConflict((conflict) => conflict.column('run').doUpdateSet(row))
    return this.#session.write(() => put(written), { locks: {} })
  }

  async of(run: string): Promise<HandedRun | undefined> {
    const [row] = await this.#session.read(tables.selectFrom('handed_runs').select('json').where('run', '=', run))
    return row && (JSON.parse(row.json) as HandedRun)
  }

  close(run: string, fleet: FleetKey): Promise<void> {
    return this.#session.write(
      function* () {
        yield* put(tables.deleteFrom('handed_runs').where('run', '=', run))
        yield* put(tables.deleteFrom('leave_questions').where('run', '=', run))
        // Nobody asks for these any more, and one that is not there is lost to whoever had it.
        yield* put(tables.deleteFrom('lease_keys').where('key', 'like', `${lookPrefix(fleet, run)}%`))
      },
      { locks: { alone: [LEASES] } },
    )
  }

  stop(run: string, how: 1 | 2): Promise<void> {
    const row = tables.updateTable('handed_runs').set({ stop: how }).where('run', '=', run)
    return this.#session.write(() => put(row), { locks: {} })
  }

  standings(
    runs: readonly { readonly run: string; readonly fleet: FleetKey }[],
  ): Promise<ReadonlyMap<string, RunOrder>> {
    const { witness } = this.#session
    return this.#session.write(
      function* () {
        const ids = runs.map(({ run }) => run)
        const rows = yield* rowsOf(tables.selectFrom('handed_runs').select(['run', 'stop']).where('run', 'in', ids))
        const keys = new Map(runs.map(({ run, fleet }) => [run, runKey(fleet, run)]))
        const asked = rows.map(({ run }) => ({ run, key: keys.get(run) ?? '' }))
        const held = yield* heldAmong(asked, witness)
        const epochs = tables.selectFrom('lease_keys').select(['key', 'epoch'])
        const known = yield* rowsOf(epochs.where('key', 'in', [...keys.values()]))
        const epochOf = new Map(known.map(({ key, epoch }) => [key, epoch]))
        return new Map(
          rows.map(({ run, stop }): [string, RunOrder] => {
            const key = keys.get(run) ?? ''
            const epoch = held.has(key) ? epochOf.get(key) : undefined
            return [run, { stop: stop as RunOrder['stop'], epoch }]
          }),
        )
      },
      { locks: { shared: [LEASES] } },
    )
  }

  ask(run: string, { id, device, asked }: LeaveQuestion): Promise<void> {
    const row = { run, id, device, asked: JSON.stringify(asked), answer: null }
    return this.#session.write(() => put(tables.insertInto('leave_questions').values(row)), { locks: {} })
  }

  async questions(run: string): Promise<readonly LeaveQuestion[]> {
    const open = tables.selectFrom('leave_questions').select(['id', 'device', 'asked']).where('run', '=', run)
    const rows = await this.#session.read(open.where('answer', 'is', null))
    return rows.map(({ id, device, asked }): LeaveQuestion => ({ id, device, asked: JSON.parse(asked) }))
  }

  answer(run: string, id: string, answer: JsonValue): Promise<void> {
    const answered = tables.updateTable('leave_questions').set({ answer: JSON.stringify(answer) })
    return this.#session.write(() => put(answered.where('run', '=', run).where('id', '=', id)), { locks: {} })
  }

  async answerTo(run: string, id: string): Promise<JsonValue | undefined> {
    const asked = tables.selectFrom('leave_questions').select('answer').where('run', '=', run).where('id', '=', id)
    const [row] = await this.#session.read(asked)
    return row && row.answer !== null ? (JSON.parse(row.answer) as JsonValue) : undefined
  }

  async eventsOf(run: string, device: string): Promise<readonly RunEvent[]> {
    const rows = tables.selectFrom('events').selectAll().where('run', '=', run).where('device', '=', device)
    return (await this.#session.read(rows.orderBy('seq'))).map(eventOf)
  }

  inHand(run: string, fleet: FleetKey): Promise<readonly string[]> {
    const { witness } = this.#session
    const own = runKey(fleet, run)
    const prefixes = [deviceKey(fleet, ''), lookPrefix(fleet, run)]
    return this.#session.write(
      function* () {
        const keys = tables.selectFrom('lease_keys').select('key').where('run', '=', run).where('key', '!=', own)
        const rows = yield* rowsOf(keys.where('controller', 'is not', null))
        const asked = rows.map(({ key }) => ({ run, key }))
        const held = yield* heldAmong(asked, witness)
        return [...held.keys()].flatMap((key) => {
          const prefix = prefixes.find((each) => key.startsWith(each))
          return prefix === undefined ? [] : [key.slice(prefix.length)]
        })
      },
      { locks: { shared: [LEASES] } },
    )
  }
}

type KeptFacts = Omit<WorkerFacts, 'name' | 'session'> & { readonly process?: string | null }

function factsOf(json: string): KeptFacts {
  return JSON.parse(json) as KeptFacts
}

/** A worker that was killed is known to be gone on its own machine before it was not heard of for too long. */
function isDead({ json }: { readonly json: string }, witness: Witness): boolean {
  const { host, pid, process } = factsOf(json)
  // Releases before did not keep it.
  return process !== undefined && witness.whereabouts({ host, pid, process }) === 'dead'
}
