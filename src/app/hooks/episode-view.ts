import type { Alert } from '../../core/alert.ts'
import { type Attempt, type Episode, type EpisodeEvent, episodeState, occurrencesOf } from '../../core/episode.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import { shortTime } from '../history/list-runs.ts'

/** An episode as answers of the command line hold it. */
export interface EpisodeView {
  readonly episode: string
  readonly state: string
  readonly rule: string
  readonly about: 'device' | 'store'
  readonly device: string | null
  readonly store: string | null
  readonly alert: { readonly source: string; readonly name: string; readonly severity: string; readonly text: string }
  readonly opened_at: string
  readonly closed_at: string | null
  /** Why it is in its state; null where nothing more is to be said. */
  readonly why: string | null
  readonly occurrences: number
  readonly flaps: number
  readonly attempts: readonly AttemptView[]
}

/** `held`: how often in a row safety kept it from being made; `not_before`: when it may be, as far as that is known. */
type AttemptView = Omit<Attempt, 'fault' | 'not_before' | 'held'> & {
  readonly fault: string | null
  readonly held: number
  readonly not_before: string | null
}

export function episodeView(episode: Episode): EpisodeView {
  const { alert, note, closed_why } = episode
  const { source, name, severity, text } = alert
  const { rule, about, device, store, opened_at, closed_at, flaps, attempts } = episode
  return {
    episode: episode.episode,
    state: episodeState(episode),
    rule,
    about,
    device,
    store,
    alert: { source, name, severity, text },
    opened_at,
    closed_at,
    why: closed_why ?? note?.why ?? null,
    occurrences: occurrencesOf(episode),
    flaps,
    attempts: attempts.map(attemptView),
  }
}

function attemptView({ fault, held, not_before, ...attempt }: Attempt): AttemptView {
  const times = (held?.times ?? 0) + (attempt.result === 'held' ? 1 : 0)
  return { ...attempt, fault: fault ?? null, held: times, not_before: not_before ?? null }
}

const COLUMNS: readonly TableColumn<EpisodeView>[] = [
  { title: 'EPISODE', value: ({ episode }) => episode, whole: true },
  { title: 'OPENED', value: ({ opened_at }) => shortTime(opened_at), whole: true },
  { title: 'STATE', value: ({ state }) => state, whole: true },
  { title: 'WHAT', value: ({ device, store }) => device ?? store ?? '', whole: true },
  { title: 'ALERT', value: ({ alert }) => alert.name, flexible: true },
  { title: 'RULE', value: ({ rule }) => rule, spare: 2 },
  { title: 'REPAIRS', value: ({ attempts }) => String(attempts.length), align: 'right', spare: 1 },
  { title: 'WHY', value: ({ why }) => why ?? '', flexible: true },
]

export function episodesTable(
  episodes: readonly EpisodeView[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(episodes, COLUMNS, options).join('\n')}\n`
}

interface Line {
  readonly at: string
  readonly what: string
}

/** What happened to an episode, a line each. */
export function episodeStory(
  events: readonly EpisodeEvent[],
  { width, flags }: { readonly width: number | undefined; readonly flags: string },
): string {
  const columns: readonly TableColumn<Line>[] = [
    { title: 'WHEN', value: ({ at }) => shortTime(at) },
    { title: 'WHAT', value: ({ what }) => what, flexible: true },
  ]
  const lines = events.map((event) => ({ at: event.at, what: sentenceOf(event, flags) }))
  return `${formatTable(lines, columns, { width }).join('\n')}\n`
}

function sentenceOf(event: EpisodeEvent, flags: string): string {
  switch (event.type) {
    case 'alert':
      return `${event.alert.source}: ${event.alert.name} is ${stateText(event.alert)}`
    case 'attempt.started':
      return `repair ${event.attempt} begins${paramsText(event.params)}`
    case 'attempt.finished': {
      const run = event.run === null ? '' : ` (till runs show ${event.run}${flags})`
      return `repair ${event.attempt}: ${event.state ?? 'did not come about'}${event.why === null ? '' : `, ${event.why}`}${run}`
    }
    case 'attempt.doubtful':
      return `repair ${event.attempt}: whoever made it is gone, so how it ended is not known; it counts as made`
    case 'noted':
      return `${event.note}: ${event.why}`
    case 'released':
      return event.still
        ? 'it fires on: it counts as a fault that begins now'
        : 'what held it is over: from now on it is seen to as if it had begun now'
    case 'told':
      return event.why === null
        ? `monitoring was told of repair ${event.attempt}`
        : `monitoring could not be told of repair ${event.attempt}: ${event.why}`
    case 'approved':
      return `approved by ${event.by}`
    case 'ruled':
      return `from now on it goes by the rule ${event.rule}${paramsText(event.values ?? {})}`
    case 'closed':
      return `closed: ${event.why}`
  }
}

function stateText({ state, lost }: Alert): string {
  return lost === undefined ? state : `not seen any more (${lost})`
}

function paramsText(params: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(params).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? '' : ` with ${pairs.join(', ')}`
}
