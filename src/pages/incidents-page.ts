import type { Incident, IncidentClock, IncidentsAnswer } from './answers.ts'
import { html } from './html.ts'
import { Ago, devicePath, Heading, Scroll, State, severityText, storePath, timeText, Waiting } from './parts.ts'
import { lengthText } from './report-parts.ts'
import { Link, type Place, withQuery } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { filled, wordFor, words } from './words.ts'

const FILTERS = ['state', 'late', 'closed', 'region', 'store', 'device', 'team', 'owner', 'fault', 'severity'] as const
const TILES = ['open', 'taken', 'paused', 'cleared'] as const
const STEP = 50

export const incidentPath = (id: string): string => `/incidents/${encodeURIComponent(id)}`

/** Faults that people see to: whose they are, and how their clocks stand. Each filter is a link. */
export function IncidentsPage({ place: { query } }: { readonly place: Place }) {
  const filter = new URLSearchParams([...query].filter(([name]) => (FILTERS as readonly string[]).includes(name)))
  const most = Number(query.get('most') ?? STEP)
  const { value, why } = useAnswer<IncidentsAnswer>(`/incidents?limit=${Math.min(most, 1000)}&${filter}`)
  const counts = useAnswer<IncidentsAnswer>('/incidents?limit=1').value
  const tile = (name: string, choice: string, count: number | undefined, text: unknown) => {
    const isNow = query.get(name) === choice
    return html`<li key=${choice}><${Link} to=${withQuery(query, { [name]: isNow ? null : choice })} current=${isNow}><strong>${count ?? 0}</strong> ${text}<//></li>`
  }
  return html`<${Heading} title=${words.incidents} />
    ${
      counts &&
      html`<ul class="tiles" aria-label=${words.state}>
        ${tile('late', 'yes', counts.late, html`<${State} state="late">${words.late}<//>`)}
        ${TILES.map((state) => tile('state', state, counts.counts[state], html`<${State} state=${`incident-${state}`}>${words.incidentStates[state]}<//>`))}</ul>`
    }
    <p class="filters">${[...filter].map(
      ([name, one]) =>
        html`<${Link} key=${name} to=${withQuery(query, { [name]: null })} title=${words.removeFilter}>${filterText(name, one)} ✕<//> `,
    )}${query.get('closed') === null && html`<${Link} to=${withQuery(query, { closed: 'yes' })}>${words.closedToo}<//>`}</p>
    ${
      value
        ? html`<${IncidentTable} incidents=${value.incidents} query=${query} />
          ${value.next !== null && most < 1000 && html`<p><${Link} to=${withQuery(query, { most: String(most + 4 * STEP) })}>${words.more}<//></p>`}`
        : html`<${Waiting} why=${why} />`
    }`
}

function filterText(name: string, value: string): string {
  if (name === 'state') return wordFor(words.incidentStates, value)
  if (name === 'late') return words.late
  if (name === 'fault') return wordFor(words.faults, value)
  if (name === 'severity') return severityText(value)
  return name === 'closed' ? words.closedToo : value
}

function IncidentTable({
  incidents,
  query,
}: {
  readonly incidents: readonly Incident[]
  readonly query: URLSearchParams
}) {
  if (incidents.length === 0) return html`<p class="quiet">${words.nothing}</p>`
  const pick = (name: string, value: string | null) =>
    value !== null && html`<${Link} to=${withQuery(query, { [name]: value })}>${filterText(name, value)}<//>`
  return html`<${Scroll} title=${words.incidents}><table><caption class="hidden">${words.incidents}</caption>
    <thead><tr><th scope="col">${words.incident}</th><th scope="col">${words.state}</th><th scope="col">${words.clocks}</th><th scope="col" class="wide">${words.owner}</th></tr></thead>
    <tbody>${incidents.map(
      (one) => html`<tr key=${one.incident}>
        <th scope="row"><${Link} to=${incidentPath(one.incident)}>${one.title}<//><br />
          <small>${pick('fault', one.fault)} · ${one.device !== null ? html`<${Link} to=${devicePath(one.device)}>${one.device}<//>` : one.store !== null && html`<${Link} to=${storePath(one.store)}>${one.store}<//>`} · <${Ago} at=${one.opened_at} /></small></th>
        <td><${State} state=${`incident-${one.state}`}>${words.incidentStates[one.state]}<//><br /><small>${pick('severity', one.severity)}</small></td>
        <td><${Clocks} clocks=${one.clocks} /></td>
        <td class="wide">${pick('owner', one.owner) || html`<span class="quiet">${words.nobody}</span>`}<br /><small>${pick('team', one.team)}</small></td></tr>`,
    )}</tbody></table><//>`
}

/** What is promised, and how it stands. */
export function Clocks({ clocks }: { readonly clocks: readonly IncidentClock[] }) {
  return html`<ul class="plain clocks">${clocks.map(
    (one) =>
      html`<li key=${one.clock}><${State} state=${clockTone(one)}>${words.clockNames[one.clock]}<//> ${lengthText(Math.round(one.elapsed_ms / 1000))} / ${lengthText(Math.round(one.limit_ms / 1000))} <small>${clockText(one)}</small></li>`,
  )}</ul>`
}

function clockTone({ state, late }: IncidentClock): string {
  if (late) return 'late'
  return state === 'met' ? 'ok' : 'deferred'
}

function clockText({ state, due_at, late }: IncidentClock): string {
  if (state === 'met') return late ? words.late : words.met
  if (state !== 'running' && !late) return words.clockStates[state]
  if (due_at === null) return late ? words.late : ''
  return late ? filled(words.lateSince, timeText(due_at)) : filled(words.until, timeText(due_at))
}
