import type { AdmissionContent, AdmissionStore, HeldContent, Hold } from '../core/admission.ts'
import { timely } from '../core/clock-ahead.ts'
import type { FleetKey } from '../core/fleet-key.ts'
import { deviceKey, runKey } from '../core/lease.ts'
import { auditAdmission } from './audit-entries.ts'
import { compiledLater } from './compiled-later.ts'
import { putFact } from './facts.ts'
import { heldAmong } from './leases.ts'
import { AUDIT, admissionOf, holdsOf, LEASES } from './locks.ts'
import { tables } from './schema.ts'
import { rowsOfEach, type StoreSession } from './steps.ts'

const VALUE = tables.selectFrom('state_facts').select('value')
const SELECT = compiledLater(() => VALUE.where('name', '=', '').compile())
/**
 * What admission shares is a handful of devices: one text a fleet, read and written as a whole; and one for holds, which
 * last beyond what is in progress.
 */
export function admissionStore(session: StoreSession): AdmissionStore {
  const texts = new KnownTexts()
  function* heldContent(fleet: FleetKey, isOurs: (run: string, device: string) => boolean) {
    const rows = yield* rowsOfEach(
      SELECT,
      namesOf(fleet).map((name) => [name]),
    )
    const stored = rows.map(([row]) => row?.value)
    const known = texts.contentOf(stored[0], stored[1])
    const before = { ...known, holds: timely(known.holds, Date.now()) }
    const keyOf = (device: string): string => deviceKey(fleet, device)
    const others = before.places.filter(({ run, device }) => !isOurs(run, device))
    const waiting = [...new Set(before.waiters.map(({ run }) => run))]
    const held = yield* heldAmong(
      [
        ...others.map(({ run, device }) => ({ run, key: keyOf(device) })),
        ...waiting.map((run) => ({ run, key: runKey(fleet, run) })),
      ],
      session.witness,
    )
    const content: HeldContent = {
      ...before,
      isHeld: (run, device) => isOurs(run, device) || held.get(keyOf(device)) === run,
      isLiving: (run) => held.get(runKey(fleet, run)) === run,
    }
    return { stored, before, content }
  }
  return {
    async read(fleet) {
      const rows = await Promise.all(namesOf(fleet).map((name) => session.read(VALUE.where('name', '=', name))))
      const [inProgress, holds] = rows.map(([row]) => row?.value)
      const content = texts.contentOf(inProgress, holds)
      return { ...content, holds: timely(content.holds, Date.now()) }
    },
    readHeld: (fleet) =>
      session.look(
        function* () {
          return (yield* heldContent(fleet, () => false)).content
        },
        { shared: [admissionOf(fleet), LEASES] },
      ),
    async paused() {
      const rows = await session.read(VALUE.where('name', 'like', `${namesOf('' as FleetKey)[0]}%`))
      const runs = rows.flatMap(({ value }) => Object.entries((JSON.parse(value) as InProgress).runs ?? {}))
      return new Map(runs.flatMap(([run, { paused }]) => (paused ? [[run, paused] as const] : [])))
    },
    transact: (fleet, work, isOurs = () => false) =>
      session.write(
        function* () {
          const names = namesOf(fleet)
          const { stored, before, content: held } = yield* heldContent(fleet, isOurs)
          const { result, content, saying } = work(held)
          for (const [index, text] of texts.textsOf(content).entries()) {
            if (text !== (stored[index] ?? NOTHING[index])) yield* putFact(names[index] as string, text)
          }
          yield* auditAdmission(before, content, saying)
          return result
        },
        // A place outlives a power cut, as what it leaves out may be out then.
        { locks: { alone: [admissionOf(fleet), AUDIT], shared: [LEASES] }, sync: true },
      ),
  }
}

function namesOf(fleet: FleetKey): readonly [inProgress: string, holds: string] {
  return [admissionOf(fleet), holdsOf(fleet)]
}

const NOTHING = ['{"places":[],"waiters":[],"breaker":{"failures":[]}}', '[]'] as const

type InProgress = Omit<AdmissionContent, 'holds'>

/**
 * The texts that were read or written last, and what they mean: with hundreds of devices in progress, most questions would
 * otherwise read and write what the one before has just written. They are compared as a whole, so that what another
 * process wrote, or what was rolled back here, is read anew.
 */
class KnownTexts {
  #inProgress: readonly [text: string, content: InProgress] = [
    '',
    { places: [], waiters: [], breaker: { failures: [] } },
  ]
  #holds: readonly [text: string, holds: readonly Hold[]] = ['[]', []]
  /** Places and waiters never change, they are replaced. */
  readonly #pieces = new WeakMap<object, string>()

  contentOf(inProgress: string = NOTHING[0], holds: string = NOTHING[1]): AdmissionContent {
    if (inProgress !== this.#inProgress[0]) this.#inProgress = [inProgress, JSON.parse(inProgress) as InProgress]
    if (holds !== this.#holds[0]) this.#holds = [holds, JSON.parse(holds) as Hold[]]
    return { ...this.#inProgress[1], holds: this.#holds[1] }
  }

  textsOf({ holds, places, waiters, ...rest }: AdmissionContent): readonly [inProgress: string, holds: string] {
    const others = JSON.stringify(rest).slice(1)
    const text = `{"places":[${this.#join(places)}],"waiters":[${this.#join(waiters)}],${others}`
    this.#inProgress = [text, { places, waiters, ...rest }]
    if (holds !== this.#holds[1]) this.#holds = [JSON.stringify(holds), holds]
    return [text, this.#holds[0]]
  }

  #join(items: readonly object[]): string {
    return items.map((item) => this.#piece(item)).join()
  }

  #piece(item: object): string {
    let piece = this.#pieces.get(item)
    if (piece === undefined) {
      piece = JSON.stringify(item)
      this.#pieces.set(item, piece)
    }
    return piece
  }
}
