import { createHash } from 'node:crypto'
import { type Alert, alertKey, isOver, seriesKey, seriesOf } from '../core/alert.ts'
import { MINUTE_MS } from '../core/duration.ts'
import {
  type Episode,
  type EpisodeEvent,
  newEpisode,
  type Occurrence,
  occurrenceState,
  ruledEvent,
} from '../core/episode.ts'
import type { Told, ToldAnswer } from '../core/hook-store.ts'
import { compiledLater } from './compiled-later.ts'
import { applyEvents, episodeKey, REMEMBER, readEpisode } from './episode-rows.ts'
import { hookTables } from './hook-tables.ts'
import { returnToStorm } from './incident-rows.ts'
import { put, rowsOf, rowsOfEach, type Steps } from './steps.ts'

/** A late copy of what was sent before the end comes within this; what comes later has begun anew. */
export const RETURNS_AFTER_MS = 2 * MINUTE_MS

/** Which places whoever tells may tell of. */
export type MayEnd = (place: Pick<Episode, 'device' | 'store'>) => boolean

interface KnownRow {
  readonly alert: string
  readonly key: string
  readonly episode: string | null
  readonly at: string
}

/** An episode that alerts join; all of them are written at once. */
interface Joined {
  readonly episode: Episode
  /** Of one that is made: what it is found by. */
  readonly newKey?: string
  /** What it is found by, these events included. */
  key: string
  readonly events: EpisodeEvent[]
  /** How its occurrences stand with these events, and since when. */
  readonly states: Map<string, Pick<Occurrence, 'state' | 'at'>>
  /** Its occurrences by their series. */
  readonly series: Map<string, Set<string>>
}

const KNOWN = compiledLater(() =>
  hookTables.selectFrom('hook_alerts').select(['alert', 'key', 'episode', 'at']).where('alert', '=', '').compile(),
)

/** Takes alerts into their episodes, in order; each episode is read and written once. */
export function* joinAlerts(
  told: readonly Told[],
  { now, mayEnd }: { readonly now: Date; readonly mayEnd: MayEnd },
): Steps<readonly ToldAnswer[]> {
  const alerts = [...new Set(told.flatMap(({ alert }) => keysOf(alert)))]
  const known = yield* rowsOfEach<KnownRow>(
    KNOWN,
    alerts.map((alert) => [alert]),
  )
  const joining = new Joining(known.flat(), { now, mayEnd })
  const answers: ToldAnswer[] = []
  for (const each of told) answers.push(yield* joining.take(each))
  yield* joining.write()
  return answers
}

class Joining {
  readonly #now: Date
  readonly #at: string
  readonly #mayEnd: MayEnd
  /** By occurrence, then by the key of the episode. */
  readonly #known = new Map<string, Map<string, KnownRow>>()
  readonly #news = new Set<KnownRow>()
  readonly #episodes = new Map<string, Joined | undefined>()
  /** The open episode of a key. */
  readonly #open = new Map<string, string | undefined>()

  constructor(known: readonly KnownRow[], { now, mayEnd }: { readonly now: Date; readonly mayEnd: MayEnd }) {
    this.#now = now
    this.#at = now.toISOString()
    this.#mayEnd = mayEnd
    for (const row of known) this.#rowsOf(row.alert).set(row.key, row)
  }

  *take(told: Told): Steps<ToldAnswer> {
    const { alert, head } = told
    const { source, id, state, name } = alert
    const base = { source, alert: name, id, state, device: null, store: null, rule: null, episode: null } as const
    const key = head && episodeKey(head)
    const ended = state === 'resolved' ? yield* this.#endOthers(alert, key) : undefined
    if (!head || key === undefined) {
      if (ended) return { ...base, ...placeOf(ended), why: null }
      return { ...base, device: alert.device ?? null, why: told.why }
    }
    const { rule, device, store } = head
    const own = state === 'firing' ? yield* this.#fires(told, key) : yield* this.#ends(alert, key)
    if (ended && (own.episode === null || own.why !== null)) return { ...base, ...placeOf(ended), why: null }
    return { ...base, device, store, rule, ...own }
  }

  /** Writes everything that has come of it. */
  *write(): Steps<void> {
    const begun: { readonly episode: string; readonly key: string }[] = []
    for (const joined of this.#episodes.values()) {
      if (!joined || joined.events.length === 0) continue
      const { episode, newKey: key } = joined
      if (key !== undefined) {
        const { rule, about, device, store, opened_at } = episode
        begun.push({ episode: episode.episode, key })
        const row = { episode: episode.episode, key, rule, about, device, store, opened_at, closed_at: null, firing: 0 }
        yield* put(
          hookTables.insertInto('episodes').values({ ...row, due_at: this.#at, json: JSON.stringify(episode) }),
        )
      }
      yield* applyEvents(episode, { events: joined.events, due: this.#now })
    }
    for (const { alert, key, episode, at } of this.#news) yield* put(REMEMBER, [alert, key, episode, at])
    yield* returnToStorm(begun, this.#now)
  }

  *#fires(told: Told, key: string): Steps<Pick<ToldAnswer, 'episode' | 'why'>> {
    const { alert } = told
    const firing = yield* this.#firing(told)
    if (firing) return yield* this.#toldBefore(firing, { told, key })
    const known = this.#rowsOf(alertKey(alert)).get(key)
    if (!known) return this.#note((yield* this.#openOf(key)) ?? (yield* this.#create(told, key)), { alert, key })
    const before = known.episode === null ? undefined : yield* this.#read(known.episode)
    if (known.episode !== null && !before) return { episode: null, why: 'Its episode was forgotten.' }
    const last = before?.states.get(alertKey(alert))
    const isOpen = before !== undefined && before.episode.closed_at === null
    const over = before?.episode.closed_at ?? last?.at ?? known.at
    if (told.mayReturn && this.#now.getTime() - Date.parse(over) >= RETURNS_AFTER_MS) {
      const open = isOpen ? before : ((yield* this.#openOf(key)) ?? (yield* this.#create(told, key)))
      return this.#note(open, { alert, key, again: true })
    }
    if (!before) return { episode: null, why: 'It was resolved before it was told of.' }
    return { episode: known.episode, why: 'It was told before.' }
  }

  /** The open episode of the same place in which this very occurrence fires, by whatever rule. */
  *#firing({ alert, head }: Told): Steps<Joined | undefined> {
    const name = alertKey(alert)
    for (const { episode } of this.#rowsOf(name).values()) {
      const joined = episode === null ? undefined : yield* this.#read(episode)
      const isOpen = joined?.episode.closed_at === null && joined.states.get(name)?.state === 'firing'
      if (isOpen && head && isSamePlace(joined.episode, head)) return joined
    }
    return undefined
  }

  /** Rules change while an alert fires, and so do its texts: it is the same fault, with what was tried about it, by another rule. */
  *#toldBefore(
    joined: Joined,
    { told, key }: { readonly told: Told; readonly key: string },
  ): Steps<Pick<ToldAnswer, 'episode' | 'why'>> {
    const { episode } = joined.episode
    const { alert, head } = told
    const isSame = joined.key === key || !leads(joined, alert) || (yield* this.#openOf(key)) !== undefined
    if (isSame || !head) return { episode, why: 'It was told before.' }
    joined.events.push(ruledEvent({ alert, head, at: this.#at }))
    this.#open.set(joined.key, undefined)
    this.#open.set(key, episode)
    joined.key = key
    this.#remember({ alert: alertKey(alert), key, episode, at: this.#at })
    return { episode, why: null }
  }

  *#ends(alert: Alert, key: string): Steps<Pick<ToldAnswer, 'episode' | 'why'>> {
    const known = this.#rowsOf(alertKey(alert)).get(key)
    if (known?.episode === null) return { episode: null, why: 'It was resolved before it was told of.' }
    const joined = known ? yield* this.#read(known.episode) : yield* this.#openOf(key)
    if (known && !joined) return { episode: null, why: 'Its episode was forgotten.' }
    if (!joined) {
      this.#remember({ alert: alertKey(alert), key, episode: null, at: this.#at })
      return { episode: null, why: 'It is resolved, and nothing was known of it.' }
    }
    const { episode, closed_at } = joined.episode
    const ended = endedBy(alert, joined)
    if (known && ended.length === 0) return { episode, why: 'It was told before.' }
    if (closed_at !== null) return { episode, why: 'Its episode is closed.' }
    if (ended.length === 0) return this.#note(joined, { alert, key })
    this.#remember({ alert: alertKey(alert), key, episode, at: this.#at })
    return this.#noteEnds(joined, { alert, key, ids: ended })
  }

  /** What an alert has begun it ends, whatever rule and device are found for it by now; gives the first of these episodes. */
  *#endOthers(alert: Alert, own: string | undefined): Steps<Episode | undefined> {
    let first: Episode | undefined
    for (const { key, episode } of keysOf(alert).flatMap((name) => [...this.#rowsOf(name).values()])) {
      const joined = key === own || episode === null ? undefined : yield* this.#read(episode)
      if (!joined || joined.episode.closed_at !== null || !this.#mayEnd(joined.episode)) continue
      const ids = endedBy(alert, joined)
      if (ids.length === 0) continue
      this.#noteEnds(joined, { alert, key, ids })
      first ??= joined.episode
    }
    return first
  }

  #noteEnds(
    joined: Joined,
    { alert, key, ids }: { readonly alert: Alert; readonly key: string; readonly ids: readonly string[] },
  ): Pick<ToldAnswer, 'episode' | 'why'> {
    for (const id of ids) this.#note(joined, { alert: { ...alert, id }, key })
    return { episode: joined.episode.episode, why: null }
  }

  #note(
    { episode, events, states, series }: Joined,
    { alert, key, again }: { readonly alert: Alert; readonly key: string; readonly again?: true },
  ): Pick<ToldAnswer, 'episode' | 'why'> {
    const name = alertKey(alert)
    events.push({ type: 'alert', at: this.#at, alert, ...(again && { again }) })
    states.set(name, { state: occurrenceState(alert), at: this.#at })
    groupIn(series, name)
    for (const known of keysOf(alert)) {
      if (this.#rowsOf(known).get(key)?.episode !== episode.episode)
        this.#remember({ alert: known, key, episode: episode.episode, at: this.#at })
    }
    return { episode: episode.episode, why: null }
  }

  #remember(row: KnownRow): void {
    this.#rowsOf(row.alert).set(row.key, row)
    this.#news.add(row)
  }

  #rowsOf(alert: string): Map<string, KnownRow> {
    const rows = this.#known.get(alert) ?? new Map<string, KnownRow>()
    this.#known.set(alert, rows)
    return rows
  }

  *#openOf(key: string): Steps<Joined | undefined> {
    if (!this.#open.has(key)) {
      const query = hookTables.selectFrom('episodes').select('episode').where('key', '=', key)
      this.#open.set(key, (yield* rowsOf(query.where('closed_at', 'is', null)))[0]?.episode)
    }
    const open = this.#open.get(key)
    return open === undefined ? undefined : yield* this.#read(open)
  }

  *#read(id: string): Steps<Joined | undefined> {
    if (!this.#episodes.has(id)) {
      const episode = yield* readEpisode(id)
      this.#episodes.set(id, episode && joinedOf(episode))
    }
    return this.#episodes.get(id)
  }

  /** Named by its key and how many there were before it, so that it is the same whoever makes it. */
  *#create({ head, alert }: Told, key: string): Steps<Joined> {
    const all = hookTables.selectFrom('episodes').where('key', '=', key)
    const before = Number((yield* rowsOf(all.select(({ fn }) => fn.countAll().as('n'))))[0]?.n ?? 0)
    const id = `E${createHash('sha256')
      .update(`${key} ${before + 1} ${this.#at}`)
      .digest('hex')
      .slice(0, 12)}`
    const of = head ?? ({ rule: '', about: 'device', device: null, store: null } as const)
    const episode = newEpisode({ ...of, episode: id }, alert, this.#at)
    const joined = joinedOf(episode, key)
    this.#episodes.set(id, joined)
    this.#open.set(key, id)
    return joined
  }
}

function joinedOf(episode: Episode, newKey?: string): Joined {
  const key = episodeKey(episode)
  const series = new Map<string, Set<string>>()
  for (const key of Object.keys(episode.alerts)) groupIn(series, key)
  const states = new Map(Object.entries(episode.alerts))
  return { episode, key, ...(newKey !== undefined && { newKey }), events: [], states, series }
}

function groupIn(series: Map<string, Set<string>>, key: string): void {
  const keys = series.get(seriesOf(key)) ?? new Set()
  series.set(seriesOf(key), keys.add(key))
}

/** What an alert is remembered by. */
function keysOf(alert: Alert): readonly string[] {
  const series = seriesKey(alert)
  return series === undefined ? [alertKey(alert)] : [alertKey(alert), series]
}

/** Ids of the occurrences in an episode that an alert which is resolved ends. */
function endedBy(alert: Alert, { states, series }: Joined): readonly string[] {
  const own = alertKey(alert)
  const others = [...(series.get(seriesKey(alert) ?? '') ?? [])].filter((key) => key !== own && isOver(key, alert))
  const ends = alert.lost === undefined ? ['firing', 'lost'] : ['firing']
  const ended = [own, ...others].filter((key) => ends.includes(states.get(key)?.state ?? ''))
  return ended.map((key) => (JSON.parse(key) as string[])[1] ?? '')
}

/** Whether an episode goes by this alert: where several fire, the others do not change its rule to and fro. */
function leads({ episode, states }: Joined, alert: Alert): boolean {
  const own = alertKey(alert)
  if (alertKey(episode.alert) === own) return true
  for (const [key, { state }] of states) if (key !== own && state === 'firing') return false
  return true
}

function isSamePlace(episode: Episode, { about, device, store }: NonNullable<Told['head']>): boolean {
  return episode.about === about && episode.device === device && episode.store === store
}

function placeOf({ device, store, rule, episode }: Episode): Pick<ToldAnswer, 'device' | 'store' | 'rule' | 'episode'> {
  return { device, store, rule, episode }
}
