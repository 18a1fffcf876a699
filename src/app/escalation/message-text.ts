import { collectedCommand } from '../../core/collected.ts'
import { counted } from '../../core/counted.ts'
import { type Attempt, type Episode, occurrencesOf } from '../../core/episode.ts'
import type { MessageKind } from '../../core/escalation.ts'
import type { Incident } from '../../core/incident.ts'
import { readClocks } from '../../core/incident-clocks.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { shortTime } from '../history/list-runs.ts'

/** Episodes that are told one by one: a storm has thousands. */
export const MOST_TOLD = 5
const LONGEST_TEXT = 8_000
const LONGEST_LINE = 600

/** What a message says of an incident: subject and text, with what was seen, what was tried, and the command that shows more. */
export function messageText(
  incident: Incident,
  of: {
    readonly kind: MessageKind
    readonly episodes: readonly Episode[]
    readonly count: number
    readonly now: Date
    /** What is known to be out of order there, each in a sentence. */
    readonly outages: readonly string[]
  },
): { readonly subject: string; readonly text: string } {
  const { kind, episodes, count, now } = of
  const known = of.outages.map((each) => `${each}.`)
  const { title, severity, cause, despite, closed_by } = incident
  const id = incident.incident
  const more = `More: till incidents show ${id}`
  const news: Readonly<Record<MessageKind, readonly string[]>> = {
    call: [
      ...headOf(incident),
      ...known,
      ...episodes.slice(0, MOST_TOLD).flatMap(episodeLines),
      ...(count > MOST_TOLD ? [`And ${count - MOST_TOLD} more faults that belong to it.`] : []),
      '',
      ...promises(incident, now),
      more,
      `It is yours: till incidents take ${id}`,
    ],
    cleared: ['Nothing of it fires any more.', more],
    returned: ['It fires again.', ...known, ...episodes.slice(-1).flatMap(episodeLines), more],
    closed: [
      `Closed by ${closed_by ?? ''}. Cause: ${cause ?? 'not said'}.`,
      ...(despite === null ? [] : [`It was still firing: ${despite}`]),
      more,
    ],
    transition: [more],
  }
  const subject = plainText(`${severity === '' ? '' : `${severity}: `}${title} (${id})`)
  const lines = news[kind].map((line) => cut(plainText(line), LONGEST_LINE))
  return { subject: cut(subject, LONGEST_LINE), text: cut(lines.join('\n'), LONGEST_TEXT) }
}

/** What one message says of several incidents of a store. */
export function batchText(
  store: string,
  all: readonly { readonly incident: Incident; readonly subject: string; readonly text: string }[],
): { readonly subject: string; readonly text: string } {
  const titles = [...new Set(all.map(({ incident }) => incident.title))].join(', ')
  const subject = plainText(`${counted(all.length, 'incident')} at ${store}: ${titles}`)
  // All of them are named before one is told of at length.
  const names = all.map((each) => cut(`- ${each.subject}`, LONGEST_LINE))
  const parts = all.map(({ text }) => cut(text, Math.max(LONGEST_LINE, Math.floor(LONGEST_TEXT / all.length))))
  const text = [`${counted(all.length, 'incident')} at ${store}:`, ...names, ...parts.flatMap((part) => ['', part])]
  return { subject: cut(subject, LONGEST_LINE), text: cut(text.join('\n'), 2 * LONGEST_TEXT) }
}

function headOf({
  title,
  fault,
  severity,
  device,
  store,
  region,
  team,
  opened_at,
  opened_by,
}: Incident): readonly string[] {
  const where = [device, device === null ? store : null, region].filter((each) => each !== null).join(', ')
  return [
    title,
    `Fault ${fault}${severity === '' ? '' : `, severity ${severity}`}${where === '' ? '' : `, at ${where}`}; team ${team ?? 'nobody'}.`,
    `Since ${shortTime(opened_at)}, opened by ${opened_by}.`,
    '',
  ]
}

function episodeLines(of: Episode): readonly string[] {
  const { episode, device, alert, firing_since, attempts, note, flaps } = of
  const times = occurrencesOf(of)
  const often = times > 1 ? `, ${times} occurrences` : ''
  const flapped = flaps > 0 ? `, ${counted(flaps, 'time')} back after it was clear` : ''
  return [
    `Seen by ${alert.source}: ${alert.name}${alert.text === '' ? '' : `: ${alert.text}`}`,
    `  firing since ${shortTime(firing_since ?? alert.started_at)}${often}${flapped} (till episodes show ${episode})`,
    ...(attempts.length === 0 ? ['Tried: nothing.'] : attempts.map((attempt) => attemptLine(attempt, device))),
    ...(note ? [`Why people: ${note.why}`] : []),
  ]
}

function attemptLine({ attempt, started_at, result, why, run }: Attempt, device: string | null): string {
  if (result === 'looked' && run !== null && device !== null)
    return `Evidence was gathered at ${shortTime(started_at)}: ${collectedCommand(run, device)}`
  const shown = run === null ? '' : ` (till runs show ${run})`
  return `Tried: repair ${attempt} at ${shortTime(started_at)}: ${result}${why === null ? '' : `, ${why}`}${shown}`
}

function promises(incident: Incident, now: Date): readonly string[] {
  const open = readClocks(incident, now.getTime()).filter(({ state }) => state !== 'met')
  return open.flatMap(({ clock, due_at, late }) => {
    if (due_at === null) return []
    return [`${clock} ${late ? 'was promised by' : 'is promised by'} ${shortTime(due_at)}`]
  })
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)} …` : text
}
