import { hostname } from 'node:os'
import { isUnusable } from '../core/diagnostic.ts'
import type { FleetKey, FleetKeys, NamedFleet } from '../core/fleet-key.ts'
import { appendAudit } from './audit-chain.ts'
import { putFact } from './facts.ts'
import { inList } from './in-list.ts'
import { AUDIT, FLEETS, fleetNameIn, KEPT_BY_FLEET } from './locks.ts'
import { tables } from './schema.ts'
import { rowsOf, type Steps, type StoreSession } from './steps.ts'

const FACTS = tables.selectFrom('state_facts')
const NAME = 'fleet '
/** So many devices of a fleet are looked for among those that runs have looked at. */
const LOOKED_FOR = 500

/** One name of a fleet. */
interface Met {
  readonly key: string
  /** The stores that it had when it was met: by them it is known again. */
  readonly stores: readonly string[]
}

/** Names of fleets among the facts of the store: each with the key that it goes by. */
export function fleetKeys(session: StoreSession): FleetKeys {
  const known = new Map<string, Promise<FleetKey>>()
  const noting = (fleet: NamedFleet): Promise<FleetKey> =>
    session.write(
      function* () {
        const [other] = yield* rowsOf(FACTS.select('value').where('name', '=', NAME + fleet.name))
        if (other) return keyIn(other.value)
        const key = (yield* formerKeyOf(fleet)) ?? fleet.name
        yield* putFact(NAME + fleet.name, JSON.stringify({ key, stores: [...fleet.stores.keys()] } satisfies Met))
        if (key !== fleet.name) yield* appendAudit(renamed(fleet.name, key))
        return key as FleetKey
      },
      { locks: { alone: [FLEETS, AUDIT] }, sync: true },
    )
  const unnoted = (fleet: NamedFleet): Promise<FleetKey> =>
    session.look(
      function* () {
        return ((yield* formerKeyOf(fleet)) ?? fleet.name) as FleetKey
      },
      { shared: [] },
    )
  const meet = async (fleet: NamedFleet): Promise<FleetKey> => {
    const [row] = await session.read(FACTS.select('value').where('name', '=', NAME + fleet.name))
    if (row) return keyIn(row.value)
    try {
      return await noting(fleet)
    } catch (error) {
      if (!isUnusable(error)) throw error
      // What only reads goes on where nothing can be written, on a full disk say; the next question tries to note it again.
      known.delete(fleet.name)
      return unnoted(fleet)
    }
  }
  return {
    keyOf(fleet) {
      const before = known.get(fleet.name)
      if (before !== undefined) return before
      const key = meet(fleet)
      known.set(fleet.name, key)
      key.catch(() => known.delete(fleet.name))
      return key
    },
    async all() {
      const [met, kept] = await Promise.all([session.read(MET), session.read(KEPT)])
      return [...keysIn(met, kept).keys()] as FleetKey[]
    },
  }
}

const MET = FACTS.selectAll().where('name', 'like', `${NAME}%`)
/** What is kept by the keys of fleets; also of those that only an earlier release has met. */
const KEPT = FACTS.selectAll().where(({ or, eb }) =>
  or(KEPT_BY_FLEET.map((prefix) => eb('name', 'like', `${prefix}%`))),
)

type Fact = { readonly name: string; readonly value: string }

function keyIn(value: string): FleetKey {
  return (JSON.parse(value) as Met).key as FleetKey
}

/** Every key, with texts in which the names of its stores and devices stand. */
function keysIn(met: readonly Fact[], kept: readonly Fact[]): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>()
  const add = (key: string, text: string): void => void keys.set(key, [...(keys.get(key) ?? []), text])
  for (const { value } of met) add(keyIn(value), value)
  for (const { name, value } of kept) {
    const key = fleetNameIn(name)
    if (key !== undefined) add(key, value)
  }
  return keys
}

/** The key of the fleet that had another name until now; undefined where there is none. */
function* formerKeyOf(fleet: NamedFleet): Steps<string | undefined> {
  const met = yield* rowsOf(MET)
  const keys = keysIn(met, yield* rowsOf(KEPT))
  if (keys.size === 0 || keys.has(fleet.name)) return undefined
  const counts = [...keys].map(([key, texts]) => ({ key, count: countOwn(texts, fleet) }))
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a))
  if (best.count > 0) return best.key
  // An earlier release has not noted which stores it had: where it is the only one, what runs have looked at is of it.
  const isOnly = keys.size === 1 && !met.some(({ value }) => keyIn(value) === best.key)
  return isOnly && (yield* wasLookedAt(fleet)) ? best.key : undefined
}

/** How many stores or devices of a fleet stand in texts of JSON as strings of their own. */
function countOwn(texts: readonly string[], { stores, devices }: NamedFleet): number {
  const named = new Set(texts.flatMap((text) => text.match(STRINGS) ?? []).map((text) => text.slice(1, -1)))
  return [...named].filter((name) => stores.has(name) || devices.has(name)).length
}

const STRINGS = /"(?:[^"\\]|\\.)*"/g

function* wasLookedAt({ devices }: NamedFleet): Steps<boolean> {
  const some = [...devices.keys()].slice(0, LOOKED_FOR)
  const looked = tables.selectFrom('device_status').select('device')
  return (yield* rowsOf(looked.where(({ eb, ref }) => eb(ref('device'), 'in', inList(some))).limit(1))).length > 0
}

function renamed(name: string, key: string) {
  const at = new Date().toISOString()
  return { at, kind: 'fleet.renamed', by: 'till', host: hostname(), about: { from: key, to: name } }
}
