import { killedText, type RunLeft, unfinishedRuns } from '../app/history/unfinished-runs.ts'
import { hereFlag } from '../app/project.ts'
import type { Controller } from '../controller/controller.ts'
import { firstSummary, InputError } from '../core/diagnostic.ts'
import type { Metrics } from './metrics.ts'
import { Rounds } from './rounds.ts'
import type { ServerLog } from './server-log.ts'

const LOOK_MS = 15_000

interface Watching {
  readonly isOurs: () => boolean
  readonly log: ServerLog
  readonly metrics: Metrics
}

/** Looks for runs that died, and tells people of each once: it is theirs to go on with it, or to end it. */
export class LeftRuns {
  readonly #controller: Controller
  readonly #watching: Watching
  readonly #told = new Set<string>()
  readonly #rounds = new Rounds(() => this.#round())
  #left: readonly RunLeft[] = []

  constructor(controller: Controller, watching: Watching) {
    this.#controller = controller
    this.#watching = watching
    const count = (isKilled: boolean): number =>
      this.#left.filter(({ state }) => (state === 'interrupted') === isKilled).length
    watching.metrics.gauges(
      'till_runs_left',
      'Runs that till resume can go on with: killed, or held with devices put off.',
      async () => [
        [{ state: 'killed' }, count(true)],
        [{ state: 'held' }, count(false)],
      ],
    )
  }

  start(): void {
    this.#rounds.start()
  }

  /** Resolves when it looks no more. */
  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  async #round(): Promise<number> {
    const { isOurs, log } = this.#watching
    try {
      this.#left = await unfinishedRuns(await this.#controller.store())
    } catch (error) {
      const why = error instanceof InputError ? firstSummary(error) : String(error)
      log.sayOf('runs', `Whether runs are left is not known: ${why}`)
    }
    const killed = this.#left.filter(({ state }) => state === 'interrupted')
    for (const run of killed) {
      if (!isOurs() || this.#told.has(run.run)) continue
      this.#told.add(run.run)
      log.say(killedText(run, hereFlag(this.#controller.project)))
    }
    // One that was gone on with may die once more.
    for (const run of this.#told) if (!killed.some((one) => one.run === run)) this.#told.delete(run)
    return LOOK_MS
  }
}
