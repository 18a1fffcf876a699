import type { Escalating, Escalation } from '../app/escalation/escalation.ts'
import { firstSummary, InputError } from '../core/diagnostic.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import type { Metrics } from './metrics.ts'
import { Rounds, restUntil } from './rounds.ts'
import type { ServerLog } from './server-log.ts'

/** Commands change incidents, too, and nobody tells of it. */
const LOOK_MS = 1_000
const SHORTEST_MS = 20
const INCIDENTS_A_TURN = 50
/** Messages under way: a mail server that hangs holds up the others no longer than they need to be taken. */
const MOST_SENDING = 16

interface Loop {
  readonly incidents: IncidentStore
  readonly escalation: Escalation
  /** The revision in force. */
  readonly revision: () => Escalating
  readonly isOurs: () => boolean
  readonly log: ServerLog
  readonly metrics: Metrics
}

/** Tells people of incidents, until it is stopped. */
export class EscalationLoop {
  readonly #loop: Loop
  readonly #sending = new Set<Promise<void>>()
  readonly #rounds = new Rounds(() => this.#round())

  constructor(loop: Loop) {
    this.#loop = loop
  }

  start(): void {
    this.#rounds.start()
  }

  /** Nothing new is sent; resolves when what is under way has an end. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    await Promise.all(this.#sending)
  }

  async #round(): Promise<number> {
    try {
      if (this.#loop.isOurs()) await this.#turn()
    } catch (error) {
      const why = error instanceof InputError ? firstSummary(error) : String(error)
      this.#loop.log.sayOf('escalation', `People cannot be told: ${why}`)
    }
    return restUntil(() => this.#nextDue(), { lookMs: LOOK_MS, shortestMs: SHORTEST_MS })
  }

  async #turn(): Promise<void> {
    const { escalation, revision, log, metrics } = this.#loop
    await escalation.look(revision(), INCIDENTS_A_TURN)
    const room = MOST_SENDING - this.#sending.size
    const sends = room > 0 ? await escalation.claim(revision(), room) : []
    for (const send of sends) {
      const sending: Promise<void> = send()
        .then((messages) => {
          for (const { state, incident, contact, channel, why } of messages) {
            metrics.count('till_messages_total', 'Attempts to tell people, by what became of the message.', { state })
            log.say(`${incident}: ${contact} by ${channel}: ${state}${why === null ? '' : `, ${why}`}`)
          }
        })
        .catch((error) => log.say(`What came of a message could not be noted: ${String(error)}`))
        .finally(() => {
          this.#sending.delete(sending)
          this.#rounds.wake()
        })
      this.#sending.add(sending)
    }
  }

  async #nextDue(): Promise<Date | undefined> {
    return this.#loop.isOurs() ? this.#loop.incidents.escalations.next() : undefined
  }
}
