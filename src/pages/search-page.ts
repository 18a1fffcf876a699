import type { Found } from './answers.ts'
import { html } from './html.ts'
import { incidentPath } from './incidents-page.ts'
import { DeviceTable, Heading, State, StoreTable, Waiting } from './parts.ts'
import { Link, type Place } from './route.ts'
import { RunTable } from './runs-page.ts'
import { useAnswer } from './use-answer.ts'
import { words } from './words.ts'

/** What a text may mean; the closest first, and of those the worst. */
export function SearchPage({ place: { query } }: { readonly place: Place }) {
  const text = query.get('q') ?? ''
  const { value: found, why } = useAnswer<Found>(`/search?q=${encodeURIComponent(text)}`)
  const isNothing =
    found && found.stores.length + found.devices.length + found.runs.length + found.incidents.length === 0
  return html`<${Heading} title=${`${words.search}: ${text}`} />
    <div aria-live="polite">${found ? (isNothing ? html`<p>${words.nothingFound}</p>` : '') : html`<${Waiting} why=${why} />`}</div>
    ${
      found &&
      found.incidents.length > 0 &&
      html`<h2>${words.incidents}</h2><ul>${found.incidents.map(
        (one) =>
          html`<li key=${one.incident}><${Link} to=${incidentPath(one.incident)}>${one.title}<//> <${State} state=${`incident-${one.state}`}>${words.incidentStates[one.state]}<//></li>`,
      )}</ul>`
    }
    ${found && found.devices.length > 0 && html`<h2>${words.devices}</h2><${DeviceTable} devices=${found.devices} title=${words.devices} />`}
    ${found && found.stores.length > 0 && html`<h2>${words.stores}</h2><${StoreTable} stores=${found.stores} title=${words.stores} />`}
    ${found && found.runs.length > 0 && html`<h2>${words.runs}</h2><${RunTable} runs=${found.runs} />`}`
}
