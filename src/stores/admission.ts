import type { AdmissionContent, AdmissionStore, AdmissionWork, HeldContent, Hold } from '../core/admission.ts'
import { timely } from '../core/clock-ahead.ts'
import type { FleetKey } from '../core/fleet-key.ts'
import { deviceKey, type LeaseKey, runKey } from '../core/lease.ts'
import { auditAdmission } from './audit-entries.ts'
import { compiledLater } from './compiled-later.ts'
import { putFact } from './facts.ts'
import { heldAmong } from './leases.ts'
import { AUDIT, admissionOf, holdsOf, LEASES } from './locks.ts'
import { tables } from './schema.ts'
import { rowsOfEach, type Steps, type StoreSession } from './steps.ts'
import type { Witness } from './witness.ts'

const VALUE = tables.selectFrom('state_facts').select('value')
const SELECT = compiledLater(() => VALUE.where('name', '=', '').compile())
/**
 * What admission shares is a handful of devices: one text a fleet, read and written as a whole; and one for holds, which
 * last beyond what is in progress.
 */
export function admissionStore(session: StoreSession): AdmissionStore {
  const texts = new KnownTexts()
  const turns = new Map<FleetKey, Turn>()
  function* storedOf(fleet: FleetKey) {
    const rows = yield* rowsOfEach(
      SELECT,
      namesOf(fleet).map((name) => [name]),
    )
    const stored = rows.map(([row]) => row?.value)
    const known = texts.contentOf(stored[0], stored[1])
    return { stored, content: { ...known, holds: timely(known.holds, Date.now()) } }
  }

  /** Answers all that was asked in a turn, each on top of what the one before it left; what of it cannot be answered leaves nothing. */
  function* answersOf(fleet: FleetKey, asked: readonly Asking[]): Steps<readonly Answer[]> {
    const { stored, content } = yield* storedOf(fleet)
    const lookUp = new HeldLookUp(fleet, session.witness)
    const answers: Answer[] = []
    let before: AdmissionContent = content
    for (const { work, isOurs } of asked) {
      const held = yield* lookUp.of(before, isOurs)
      const answer = answerOf(work, held)
      answers.push(answer)
      if (!('made' in answer)) continue
      yield* auditAdmission(before, answer.made.content, answer.made.saying)
      before = answer.made.content
    }
    const names = namesOf(fleet)
    for (const [index, text] of texts.textsOf(before).entries()) {
      if (text !== (stored[index] ?? NOTHING[index])) yield* putFact(names[index] as string, text)
    }
    return answers
  }

  /** The turn of a fleet that has not begun yet: with hundreds of devices in progress, each would read and write all of them alone. */
  function turnOf(fleet: FleetKey, first: Asking): Turn {
    const asked = [first]
    const begin = (): Steps<readonly Answer[]> => {
      if (turns.get(fleet)?.asked === asked) turns.delete(fleet)
      return answersOf(fleet, asked)
    }
    // A place outlives a power cut, as what it leaves out may be out then.
    const locks = { alone: [admissionOf(fleet), AUDIT], shared: [LEASES] }
    const answers = session.write(begin, { locks, sync: true }).finally(() => {
      if (turns.get(fleet)?.asked === asked) turns.delete(fleet)
    })
    return { asked, answers }
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
          const { content } = yield* storedOf(fleet)
          return yield* new HeldLookUp(fleet, session.witness).of(content, () => false)
        },
        { shared: [admissionOf(fleet), LEASES] },
      ),
    async paused() {
      const rows = await session.read(VALUE.where('name', 'like', `${namesOf('' as FleetKey)[0]}%`))
      const runs = rows.flatMap(({ value }) => Object.entries((JSON.parse(value) as InProgress).runs ?? {}))
      return new Map(runs.flatMap(([run, { paused }]) => (paused ? [[run, paused] as const] : [])))
    },
    async transact<T>(fleet: FleetKey, work: AdmissionWork<T>, isOurs: IsOurs = () => false) {
      const asking = { work, isOurs }
      const known = turns.get(fleet)
      const turn = known ?? turnOf(fleet, asking)
      if (known) known.asked.push(asking)
      else turns.set(fleet, turn)
      const answer = (await turn.answers)[turn.asked.indexOf(asking)]
      if (!answer || !('made' in answer)) throw answer?.error
      return answer.made.result as T
    },
  }
}

type IsOurs = (run: string, device: string) => boolean

interface Asking {
  readonly work: AdmissionWork<unknown>
  readonly isOurs: IsOurs
}

type Answer = { readonly made: ReturnType<AdmissionWork<unknown>> } | { readonly error: unknown }

/** What is asked of a fleet in one transaction. */
interface Turn {
  readonly asked: Asking[]
  readonly answers: Promise<readonly Answer[]>
}

function answerOf(work: AdmissionWork<unknown>, content: HeldContent): Answer {
  try {
    return { made: work(content) }
  } catch (error) {
    return { error }
  }
}

/** Who is there still, within one transaction: each is looked up once. */
class HeldLookUp {
  readonly #fleet: FleetKey
  readonly #witness: Witness
  /** `RUN DEVICE` of each place that was looked up, and whether the run has the lease of the device. */
  readonly #places = new Map<string, boolean>()
  readonly #runs = new Map<string, boolean>()

  constructor(fleet: FleetKey, witness: Witness) {
    this.#fleet = fleet
    this.#witness = witness
  }

  *of(content: AdmissionContent, isOurs: IsOurs): Steps<HeldContent> {
    const isKnown = (run: string, device: string): boolean => this.#places.has(`${run} ${device}`)
    const places = content.places.filter(({ run, device }) => !isOurs(run, device) && !isKnown(run, device))
    const runs = [...new Set(content.waiters.map(({ run }) => run))].filter((run) => !this.#runs.has(run))
    const keyOf = (device: string): LeaseKey => deviceKey(this.#fleet, device)
    const keyOfRun = (run: string): LeaseKey => runKey(this.#fleet, run)
    const held = yield* heldAmong(
      [
        ...places.map(({ run, device }) => ({ run, key: keyOf(device) })),
        ...runs.map((run) => ({ run, key: keyOfRun(run) })),
      ],
      this.#witness,
    )
    for (const { run, device } of places) this.#places.set(`${run} ${device}`, held.get(keyOf(device)) === run)
    for (const run of runs) this.#runs.set(run, held.get(keyOfRun(run)) === run)
    return {
      ...content,
      isHeld: (run, device) => isOurs(run, device) || this.#places.get(`${run} ${device}`) === true,
      isLiving: (run) => this.#runs.get(run) === true,
    }
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
