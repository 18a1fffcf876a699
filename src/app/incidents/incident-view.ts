import type { Message } from '../../core/escalation.ts'
import {
  type Incident,
  type IncidentEvent,
  type IncidentState,
  incidentState,
  type ServiceTerms,
} from '../../core/incident.ts'
import { type ClockReading, readClocks } from '../../core/incident-clocks.ts'
import { shownTime } from '../../engine/admission/shown-time.ts'
import { formatDuration } from '../../reporters/format-duration.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import type { DeviceEvidence } from '../evidence/device-evidence.ts'
import { evidenceLines } from '../evidence/evidence-text.ts'
import { shortTime } from '../history/list-runs.ts'
import { type KnownOutages, type OutageNote, outageNote } from '../outages/known-outages.ts'

/** An incident as answers hold it. */
export interface IncidentView extends Omit<Incident, 'terms' | 'key' | 'seq' | 'calls'> {
  readonly state: IncidentState
  readonly contract: string | null
  readonly time_zone: ServiceTerms['trading']['time_zone']
  readonly clocks: readonly ClockReading[]
  /** What is known to be out of order there now; nobody is called meanwhile. */
  readonly known_outages: readonly OutageNote[]
}

export function incidentView(incident: Incident, now: Date, outages?: KnownOutages): IncidentView {
  const { terms, key: _key, seq: _seq, calls: _calls, ...shown } = incident
  return {
    ...shown,
    state: incidentState(incident),
    contract: terms.contract,
    time_zone: terms.trading.time_zone,
    clocks: readClocks(incident, now.getTime()),
    known_outages: incident.closed_at === null ? (outages?.of(incident) ?? []).map(outageNote) : [],
  }
}

const COLUMNS: readonly TableColumn<IncidentView>[] = [
  { title: 'INCIDENT', value: ({ incident }) => incident, whole: true },
  { title: 'OPENED', value: ({ opened_at }) => shortTime(opened_at), whole: true, spare: 3 },
  { title: 'STATE', value: ({ state }) => state, whole: true },
  { title: 'FAULT', value: ({ fault }) => fault, flexible: true },
  { title: 'WHAT', value: ({ title }) => title, flexible: true },
  { title: 'TEAM', value: ({ team }) => team ?? 'nobody', spare: 2 },
  { title: 'OWNER', value: ({ owner }) => owner ?? '', spare: 1 },
  { title: 'NEXT', value: nextText },
]

export function incidentsTable(
  incidents: readonly IncidentView[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(incidents, COLUMNS, options).join('\n')}\n`
}

/** The known outage that it waits for; or the clock that runs out first, or the first that is late. */
function nextText({ clocks, known_outages: [known] }: IncidentView): string {
  if (known) return `${known.outage} until ${shortTime(known.until)}`
  const open = clocks.filter(({ state }) => state !== 'met')
  const late = open.find((each) => each.late)
  if (late) return `${late.clock} late`
  const [next] = open
    .filter(({ due_at }) => due_at !== null)
    .sort((a, b) => ((a.due_at ?? '') < (b.due_at ?? '') ? -1 : 1))
  if (next?.due_at) return `${next.clock} until ${shortTime(next.due_at)}`
  return open.length > 0 ? 'paused' : ''
}

const CLOCK_COLUMNS: readonly TableColumn<ClockReading>[] = [
  { title: 'CLOCK', value: ({ clock }) => clock },
  { title: 'STATE', value: ({ state, late }) => (late ? `${state}, late` : state) },
  { title: 'ELAPSED', value: ({ elapsed_ms }) => formatDuration(elapsed_ms), align: 'right' },
  { title: 'OF', value: ({ limit_ms }) => formatDuration(limit_ms), align: 'right' },
  { title: 'RUNS OUT', value: ({ due_at }) => (due_at === null ? '' : shortTime(due_at)) },
]

const MESSAGE_COLUMNS: readonly TableColumn<Message>[] = [
  { title: 'MESSAGE', value: ({ message }) => message, whole: true },
  { title: 'TO', value: ({ contact }) => contact },
  { title: 'BY', value: ({ channel }) => channel },
  { title: 'ABOUT', value: ({ kind }) => kind },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'TRIES', value: ({ attempts }) => String(attempts), align: 'right' },
  { title: 'REFERENCE', value: ({ reference }) => reference ?? '' },
  { title: 'WHY', value: ({ why }) => why ?? '', flexible: true },
]

/** One incident with its clocks and what happened to it, for people. */
export function incidentPage(
  view: IncidentView,
  more: {
    readonly events: readonly IncidentEvent[]
    readonly episodes: { readonly episodes: readonly string[]; readonly count: number }
    readonly messages: readonly Message[]
    readonly evidence: DeviceEvidence
    /** When the fault began. */
    readonly since: string
  },
  options: { readonly width?: number | undefined; readonly color: boolean; readonly flags: string },
): string {
  const { why, contract, time_zone, steps, action, cause } = view
  const { episodes, count } = more.episodes
  const rest = count > episodes.length ? ` and ${count - episodes.length} more` : ''
  const facts = [
    `Responsible: ${view.team ?? 'nobody'}. ${why}`,
    `Contract: ${contract ?? 'none'}, by the clocks of ${time_zone}`,
    ...view.known_outages.map(
      ({ outage, by, until, why }) =>
        `Nobody is called until ${shownTime(Date.parse(until), time_zone)} (${outage}), says ${by}: ${why}`,
    ),
    ...(count > 0 ? [`Episodes: ${episodes.join(' ')}${rest}`] : []),
    ...(cause === null ? [] : [`Cause: ${cause}`]),
    ...steps.map(
      ({ step, done_at, by }) =>
        `Step: ${step}: ${done_at === null ? 'not done' : `done by ${by} at ${shortTime(done_at)}`}`,
    ),
    ...(action
      ? [`To be done until ${action.due} by ${action.owner}: ${action.action}${action.done_at ? ' (done)' : ''}`]
      : []),
  ]
  const story: readonly TableColumn<IncidentEvent>[] = [
    { title: 'WHEN', value: ({ at }) => shortTime(at) },
    { title: 'WHAT', value: sentenceOf, flexible: true },
  ]
  const evidence = evidenceLines(more.evidence, { since: more.since, flags: options.flags })
  const blocks = [
    incidentsTable([view], options).trimEnd(),
    facts.join('\n'),
    ...(evidence.length === 0 ? [] : [evidence.join('\n')]),
    formatTable(view.clocks, CLOCK_COLUMNS, options).join('\n'),
    ...(more.messages.length === 0 ? [] : [formatTable(more.messages, MESSAGE_COLUMNS, options).join('\n')]),
    formatTable(more.events, story, options).join('\n'),
  ]
  return `${blocks.join('\n\n')}\n`
}

function sentenceOf(event: IncidentEvent): string {
  switch (event.type) {
    case 'opened':
      return `opened by ${event.by}: ${event.title}`
    case 'joined':
      return `episode ${event.episode} belongs to it`
    case 'cleared':
      return 'nothing of it fires any more'
    case 'taken':
      return `taken by ${event.by}`
    case 'called':
      return event.message === null
        ? `${event.contact} ${event.why ?? ''}: the next one is told`
        : `${event.contact} is to be told (${event.message})`
    case 'told': {
      const reference = event.reference === null ? '' : ` (${event.reference})`
      return event.why === null
        ? `${event.contact} was told${reference}`
        : `${event.contact} could not be told: ${event.why}`
    }
    case 'acknowledged':
      return `heard by ${event.by} (${event.message})`
    case 'commented':
      return `${event.by}: ${event.text}`
    case 'cause':
      return `cause, by ${event.by}: ${event.cause}`
    case 'step':
      return `step done by ${event.by}: ${event.step}`
    case 'action':
      return `to be done until ${event.due} by ${event.owner}: ${event.action}`
    case 'action.done':
      return `what was to be done is done, says ${event.by}`
    case 'paused':
      return `clocks paused by ${event.by}: ${event.why}`
    case 'continued':
      return `clocks continued by ${event.by}`
    case 'closed':
      return event.despite === null
        ? `closed by ${event.by}`
        : `closed by ${event.by} although it fires: ${event.despite}`
  }
}
