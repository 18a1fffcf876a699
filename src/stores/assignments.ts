import type { AssignmentStore, RememberedAssignments } from '../core/assignment-store.ts'
import { isClaimed } from '../core/clock-ahead.ts'
import { compiledLater } from './compiled-later.ts'
import { putFact } from './facts.ts'
import { ASSIGNMENTS } from './locks.ts'
import { isThisProcess, type RememberedProcess, thisProcess } from './process-identity.ts'
import { tables } from './schema.ts'
import { put, rowsOf, type Steps, type StoreSession, sharedClockMs } from './steps.ts'
import type { Witness } from './witness.ts'

const MEMORY = 'assignment '
const GOING = 'assignment-going '

const FACTS = tables.selectFrom('state_facts').selectAll()
const KEPT = compiledLater(() => FACTS.where('name', 'like', `${MEMORY}%`).compile())
const TAKEN = compiledLater(() => FACTS.where('name', 'like', `${GOING}%`).compile())

/** Who goes through an assignment, and until when that holds, in milliseconds since 1970. */
type Going = RememberedProcess & { readonly until: number }

/** Memory of assignments among the facts of the store. */
export function assignmentStore(session: StoreSession): AssignmentStore {
  const { witness } = session
  const write = <T>(work: () => Steps<T>): Promise<T> => session.write(work, { locks: { alone: [ASSIGNMENTS] } })
  return {
    async read() {
      return memoriesOf(await session.read(KEPT))
    },
    edit: (edit) =>
      write(function* () {
        const edited = edit(memoriesOf(yield* rowsOf(KEPT)))
        for (const [name, text] of Object.entries(edited)) yield* putFact(MEMORY + name, text)
      }),
    take: (wanted, ttlMs) =>
      write(function* () {
        const memories = memoriesOf(yield* rowsOf(KEPT))
        const now = yield* sharedClockMs()
        const others = new Set((yield* othersOf(now, witness)).keys())
        const ours = wanted(memories).filter((name) => !others.has(name))
        yield* going(ours, now + ttlMs)
        return ours
      }),
    keep: (names, ttlMs) =>
      write(function* () {
        const now = yield* sharedClockMs()
        const others = yield* othersOf(now, witness)
        yield* going(
          names.filter((name) => !others.has(name)),
          now + ttlMs,
        )
      }),
    leave: (names) =>
      write(function* () {
        const others = yield* othersOf(yield* sharedClockMs(), witness)
        for (const name of names)
          if (!others.has(name)) yield* put(tables.deleteFrom('state_facts').where('name', '=', GOING + name))
      }),
  }
}

function memoriesOf(rows: readonly { readonly name: string; readonly value: string }[]): RememberedAssignments {
  return new Map(rows.map(({ name, value }) => [name.slice(MEMORY.length), value]))
}

function* going(names: readonly string[], until: number): Steps<void> {
  const value = JSON.stringify({ ...thisProcess(), until } satisfies Going)
  for (const name of names) yield* putFact(GOING + name, value)
}

/** Those that another process goes through which is there. */
function* othersOf(now: number, witness: Witness): Steps<ReadonlyMap<string, Going>> {
  const all = (yield* rowsOf(TAKEN)).map(
    ({ name, value }) => [name.slice(GOING.length), JSON.parse(value) as Going] as const,
  )
  return new Map(
    all.filter(([, by]) => {
      return !isThisProcess(by) && isClaimed(by.until, now) && witness.whereabouts(by) !== 'dead'
    }),
  )
}
