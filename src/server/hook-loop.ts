import { setTimeout as delay } from 'node:timers/promises'
import { type Decided, decideEpisode, type Noting } from '../app/hooks/advance-episode.ts'
import { takeEntry } from '../app/hooks/fire.ts'
import type { Hooks } from '../app/hooks/open-hooks.ts'
import type { Hush } from '../app/hooks/open-systems.ts'
import { TELL_AGAIN_MS, tellMonitoring, untold } from '../app/hooks/tell-monitoring.ts'
import { MOST_AHEAD_MS } from '../core/clock-ahead.ts'
import { counted } from '../core/counted.ts'
import { firstSummary, InputError } from '../core/diagnostic.ts'
import type { Episode } from '../core/episode.ts'
import type { HookStore, InboxEntry, ToldAnswer } from '../core/hook-store.ts'
import type { Metrics } from './metrics.ts'
import { Rounds, restUntil } from './rounds.ts'
import type { ServerLog } from './server-log.ts'

/** Entries of the inbox, and episodes, in one turn: what comes in meanwhile is answered between two. */
const ENTRIES_A_TURN = 50
const EPISODES_A_TURN = 100
/** Repairs at a time: each is a run with a journal, and more of them take longer all together. */
const MOST_REPAIRS = 64
/** Episodes about which monitoring is asked at a time; one of its systems that hangs holds up the others no longer. */
const MOST_ASKED = 64
/** Others write to the inbox, too, and nobody tells of it. */
const LOOK_MS = 500
const SHORTEST_MS = 5
const AFTER_FAILURE_MS = 1_000
const LONGEST_REST_MS = 60_000
/** What came of a repair and could not be noted is noted anew after that. */
const NOTED_AGAIN_MS = 1_000

interface Loop {
  readonly store: HookStore
  /** The revision in force. */
  readonly hooks: () => Hooks
  /** This process is the one that works the inbox off. */
  readonly isOurs: () => boolean
  readonly log: ServerLog
  readonly metrics: Metrics
}

/** Works the inbox off and sees to episodes whose time has come, until it is stopped. */
export class HookLoop {
  readonly #loop: Loop
  readonly #taking = new Map<string, Promise<readonly ToldAnswer[]>>()
  /** Repairs by episode, until what came of them is noted. */
  readonly #repairs = new Map<string, Promise<void>>()
  /** Episodes of which somebody is told, or could not be a moment ago. */
  readonly #telling = new Set<string>()
  readonly #rounds = new Rounds(() => this.#round())
  /** Episodes about which monitoring is asked, beside which all else goes on. */
  readonly #asking = new Set<string>()
  /** What is decided with its answers. */
  readonly #answered = new Set<Promise<void>>()
  /** Episodes of which a repair is being decided upon. */
  readonly #begun = new Set<string>()
  /** Where there are as many repairs as there may be, the others are asked for once in a while. */
  #fullUntil = 0
  /** By how much the time of day was before the clock that nobody sets when it was looked at last. */
  #ahead = Number.POSITIVE_INFINITY
  #failure: string | undefined
  /** Entries that met an error that nobody expected: they are tried again after longer and longer rests, and the others go on. */
  readonly #resting = new Map<string, { readonly until: number; readonly restMs: number; readonly why: string }>()

  constructor(loop: Loop) {
    this.#loop = loop
  }

  /** Why nothing can be worked off at the moment. */
  get failure(): string | undefined {
    const [first] = this.#resting.values()
    if (this.#failure !== undefined || first === undefined) return this.#failure
    return `${counted(this.#resting.size, 'entry', 'entries')} of the inbox cannot be taken in: ${first.why}`
  }

  get repairs(): number {
    return this.#repairs.size
  }

  /** Whether a repair of an episode is this process's to make and to note. */
  isUnderWay(episode: string): boolean {
    return this.#begun.has(episode) || this.#repairs.has(episode)
  }

  start(): void {
    this.#rounds.start()
  }

  /** Something is to be done at once. */
  nudge(): void {
    this.#rounds.nudge()
  }

  /** Nothing new is begun; resolves when the repairs that are under way are over. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    await Promise.all(this.#answered)
    await Promise.all(this.#repairs.values())
  }

  /** Takes the alerts of an entry into their episodes, once for all who ask. */
  take(entry: InboxEntry): Promise<readonly ToldAnswer[]> {
    const under = this.#taking.get(entry.entry)
    if (under !== undefined) return under
    const taken = this.#take(entry).finally(() => this.#taking.delete(entry.entry))
    this.#taking.set(entry.entry, taken)
    return taken
  }

  async #take(entry: InboxEntry): Promise<readonly ToldAnswer[]> {
    const { store, hooks, log, metrics } = this.#loop
    try {
      const answers = await takeEntry(hooks(), entry)
      for (const answer of answers) {
        const what = answer.rule === null ? 'unplaced' : answer.state
        metrics.count('till_hook_alerts_total', 'Alerts by what became of them.', { became: what })
        this.#tellUnplaced(answer)
      }
      this.nudge()
      return answers
    } catch (error) {
      // Only what cannot be read is given up: an error that nobody expected may pass, and an end that is lost is never told again.
      if (!(error instanceof InputError) || error.diagnostics[0]?.code === 'STATE_UNUSABLE') throw error
      log.say(`An entry of ${entry.source} is put aside: ${whyOf(error)}`)
      return store.join(entry.entry, [])
    }
  }

  /** Senders as Alertmanager read no answer, so the log is where people see that an alert led to nothing. */
  #tellUnplaced({ source, alert, state, rule, why }: ToldAnswer): void {
    if (rule !== null || state !== 'firing') return
    const text = `Nothing is done about ${JSON.stringify(alert)} of ${source}: ${why ?? ''} "till hook record" writes out what came.`
    this.#loop.log.sayOf(`unplaced ${source}`, text)
  }

  async #round(): Promise<number> {
    let isMore = false
    try {
      isMore = this.#loop.isOurs() && (await this.#turn())
      this.#failure = undefined
    } catch (error) {
      this.#failure = whyOf(error)
      this.#loop.log.sayOf('loop', `Nothing can be worked off: ${this.#failure}`)
      await this.#rounds.rest(AFTER_FAILURE_MS)
    }
    return isMore ? 0 : restUntil(() => this.#nextDue(), { lookMs: LOOK_MS, shortestMs: SHORTEST_MS })
  }

  /** Whether there is more to do right away. */
  async #turn(): Promise<boolean> {
    const { store } = this.#loop
    await this.#heedClock()
    const entries = await this.#entries()
    await Promise.all(entries.map((entry) => this.#takeOrRest(entry)))
    if (this.#rounds.isStopping) return false
    const isFull = this.#repairs.size >= MOST_REPAIRS
    if (isFull && performance.now() < this.#fullUntil) return entries.length === ENTRIES_A_TURN
    this.#fullUntil = performance.now() + LOOK_MS
    const due = await store.due(new Date(), EPISODES_A_TURN)
    await Promise.all(due.map((episode) => this.#decide(episode)))
    return entries.length === ENTRIES_A_TURN || (!isFull && due.length === EPISODES_A_TURN)
  }

  /** A clock that is set back, by now or before this server began, leaves what began before it due as much later. */
  async #heedClock(): Promise<void> {
    const now = Date.now()
    const ahead = now - performance.now()
    if (this.#ahead - ahead > MOST_AHEAD_MS) await this.#loop.store.lookAgain(new Date(now))
    this.#ahead = ahead
  }

  /** Those that do not rest. */
  async #entries(): Promise<readonly InboxEntry[]> {
    const pending = await this.#loop.store.pending(ENTRIES_A_TURN + this.#resting.size)
    const now = performance.now()
    return pending.filter(({ entry }) => (this.#resting.get(entry)?.until ?? 0) <= now).slice(0, ENTRIES_A_TURN)
  }

  async #takeOrRest(entry: InboxEntry): Promise<void> {
    try {
      await this.take(entry)
      this.#resting.delete(entry.entry)
    } catch (error) {
      if (error instanceof InputError) throw error
      const restMs = Math.min(LONGEST_REST_MS, 2 * (this.#resting.get(entry.entry)?.restMs ?? AFTER_FAILURE_MS / 2))
      const why = bugText(error)
      this.#resting.set(entry.entry, { until: performance.now() + restMs, restMs, why })
      this.#loop.log.sayOf('resting', `An entry of ${entry.source} cannot be taken in, and is tried again: ${why}`)
    }
  }

  async #decide(id: string, hush?: Hush): Promise<void> {
    let [asks, begins] = [false, false]
    const mayAsk = (): boolean => {
      if (!asks && !this.#asking.has(id) && this.#asking.size < MOST_ASKED) {
        asks = true
        this.#asking.add(id)
      }
      return asks
    }
    const mayRun = (): boolean => {
      if (!begins && !this.#rounds.isStopping && this.#repairs.size + this.#begun.size < MOST_REPAIRS) {
        begins = true
        this.#begun.add(id)
      }
      return begins
    }
    let isAsked = false
    try {
      const decided = await decideEpisode(this.#loop.hooks(), id, { mayRun, mayAsk, ...(hush && { hush }) })
      isAsked = decided?.asks === true
      if (decided?.asks) this.#ask(decided.episode)
      else if (decided) this.#follow(id, decided)
    } finally {
      if (begins) this.#begun.delete(id)
      if (asks && !isAsked) this.#asking.delete(id)
    }
  }

  /** Makes the repair that was decided upon, or tells monitoring of the last one. */
  #follow(id: string, decided: Decided): void {
    const { episode, decision } = decided
    if (!decided.repair) {
      if (untold(episode) && !this.#telling.has(id)) this.#tellOf(id, episode)
      return
    }
    const attempt = decision.do === 'run' ? decision.attempt : 0
    this.#loop.log.say(`${episode.episode} ${episode.device ?? ''}, ${episode.alert.name}: repair ${attempt} begins`)
    const repair = decided
      .repair()
      .then((noting) => this.#note(id, noting))
      .catch((error) => this.#loop.log.say(`${id}: ${bugText(error)}`))
      .finally(() => {
        this.#repairs.delete(id)
        this.nudge()
      })
    this.#repairs.set(id, repair)
  }

  /** Until it is noted, the device is left alone. Where this process ends before, the next one takes the repair for doubtful. */
  async #note(id: string, noting: Noting): Promise<void> {
    for (;;) {
      try {
        this.#tell(await noting())
        return
      } catch (error) {
        this.#loop.log.sayOf('noting', `${id}: what came of its repair cannot be noted: ${whyOf(error)}`)
      }
      if (this.#rounds.isStopping) return
      await delay(NOTED_AGAIN_MS, undefined, { ref: false })
    }
  }

  /** Asks monitoring about an episode, and decides with its answer. */
  #ask(episode: Episode): void {
    const id = episode.episode
    const answered = async (hush: Hush): Promise<void> => {
      if (this.#rounds.isStopping) return
      const deciding = this.#decide(id, hush).finally(() => this.#answered.delete(deciding))
      this.#answered.add(deciding)
      await deciding
    }
    this.#loop
      .hooks()
      .systems.hush(episode)
      .then(answered)
      .catch((error) => this.#loop.log.say(`${id}: ${bugText(error)}`))
      .finally(() => {
        this.#asking.delete(id)
        this.nudge()
      })
  }

  /** Says at its alerts what came of a repair, once at a time; beside it nothing waits. */
  #tellOf(id: string, episode: Episode): void {
    this.#telling.add(id)
    tellMonitoring(this.#loop.hooks(), episode)
      .then((after) => this.#toldIn(id, after !== undefined && !untold(after) ? 0 : TELL_AGAIN_MS))
      .catch((error) => {
        this.#loop.log.say(`${id}: ${whyOf(error)}`)
        this.#toldIn(id, TELL_AGAIN_MS)
      })
  }

  /** From then on somebody may be told of an episode again. */
  #toldIn(id: string, ms: number): void {
    setTimeout(() => this.#telling.delete(id), ms).unref()
  }

  #tell({ episode, device, attempts }: Episode): void {
    const last = attempts.at(-1)
    const result = last?.result ?? 'failed'
    this.#loop.metrics.count('till_repairs_total', 'Repairs by how they ended.', { result })
    const why = last?.why ? `, ${last.why}` : ''
    const run = last?.run ? ` (till runs show ${last.run})` : ''
    this.#loop.log.say(`${episode} ${device ?? ''}: repair ${last?.attempt ?? ''} ${result}${why}${run}`)
  }

  async #nextDue(): Promise<Date | undefined> {
    return this.#loop.isOurs() ? this.#loop.store.nextDue() : undefined
  }
}

function whyOf(error: unknown): string {
  return error instanceof InputError ? firstSummary(error) : bugText(error)
}

function bugText(error: unknown): string {
  return `a fault of Tillwright itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
