import type { MapAnswer, Overview, Stores } from './answers.ts'
import { FleetMap } from './fleet-map.ts'
import { html } from './html.ts'
import { OutageList } from './outages.ts'
import { Heading, Scroll, SellsMark, StoreTable, Waiting } from './parts.ts'
import { Link, type Place, withQuery } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { filled, words } from './words.ts'

const FILTERS = ['sells', 'region', 'state'] as const
const SELLS = ['no', 'unknown', 'yes'] as const
const STEP = 50

/** What is wrong now: on a map, by region, and as a list with the worst first. Each filter is a link. */
export function NowPage({ place: { query } }: { readonly place: Place }) {
  const filter = new URLSearchParams([...query].filter(([name]) => (FILTERS as readonly string[]).includes(name)))
  const most = Number(query.get('most') ?? STEP)
  const map = useAnswer<MapAnswer>(`/map?${filter}`)
  const overview = useAnswer<Overview>('/overview')
  const stores = useAnswer<Stores>(`/stores?order=worst&limit=${Math.min(most, 1000)}&${filter}`)
  const all = overview.value
  return html`<${Heading} title=${words.now} />
    ${
      all
        ? html`<ul class="tiles" aria-label=${words.canSell}>${SELLS.map(
            (
              sells,
            ) => html`<li key=${sells}><${Link} to=${withQuery(query, { sells: query.get('sells') === sells ? null : sells })} current=${query.get('sells') === sells}>
            <strong>${all.stores.sells[sells]}</strong> <${SellsMark} sells=${sells} /><//></li>`,
          )}</ul>`
        : html`<${Waiting} why=${overview.why} />`
    }
    <${OutageList} />
    <${Filters} query=${filter} regions=${all?.regions ?? []} />
    <div class=${map.value && !isMapped(map.value) ? '' : 'halves'}>
      ${map.value ? isMapped(map.value) && html`<section><${FleetMap} answer=${map.value} /></section>` : html`<section><${Waiting} why=${map.why} /></section>`}
      <section><h2>${words.stores}${stores.value ? html` <small>${stores.value.total}</small>` : ''}</h2>
        ${
          stores.value
            ? html`<${StoreTable} stores=${stores.value.stores} title=${words.stores} />
            ${stores.value.next !== null && most < 1000 && html`<p><${Link} to=${withQuery(query, { most: String(most + 4 * STEP) })}>${words.more}<//></p>`}`
            : html`<${Waiting} why=${stores.why} />`
        }
      </section>
    </div>
    ${map.value && !isMapped(map.value) && map.value.unmapped > 0 && html`<p class="quiet">${filled(words.unmapped, map.value.unmapped)}</p>`}
    ${all && html`<section><h2>${words.regions}</h2><${Regions} all=${all} query=${query} /></section>`}`
}

/** A map without a dot would be the whole world, and say nothing. */
function isMapped({ stores }: MapAnswer): boolean {
  return stores.length > 0
}

function Filters({ query, regions }: { readonly query: URLSearchParams; readonly regions: Overview['regions'] }) {
  const shown = [...query]
  if (shown.length === 0) return null
  const text = (name: string, value: string): string => {
    if (name === 'sells') return words.sells[value as keyof typeof words.sells] ?? value
    if (name === 'state') return words.states[value as keyof typeof words.states] ?? value
    return regions.find(({ region }) => region === value)?.name ?? value
  }
  return html`<p class="filters"><span>${words.filters}:</span> ${shown.map(
    ([name, value]) =>
      html`<${Link} key=${name} to=${withQuery(query, { [name]: null })} title=${words.removeFilter}>${text(name, value)} ✕<//> `,
  )}</p>`
}

function Regions({ all, query }: { readonly all: Overview; readonly query: URLSearchParams }) {
  const worst = [...all.regions].sort(
    (a, b) => (b.sells['no'] ?? 0) - (a.sells['no'] ?? 0) || (b.sells['unknown'] ?? 0) - (a.sells['unknown'] ?? 0),
  )
  return html`<${Scroll} title=${words.regions}><table><caption class="hidden">${words.regions}</caption>
    <thead><tr><th scope="col">${words.region}</th><th scope="col" class="number">${words.stores}</th>
      ${SELLS.map((sells) => html`<th scope="col" class="number" key=${sells}>${words.sells[sells]}</th>`)}</tr></thead>
    <tbody>${worst.map(
      ({ region, name, stores, sells }) => html`<tr key=${region}>
        <th scope="row"><${Link} to=${withQuery(query, { region })}>${name}<//></th><td class="number">${stores}</td>
        ${SELLS.map(
          (each) =>
            html`<td class="number" key=${each}>${(sells[each] ?? 0) > 0 ? html`<${Link} to=${withQuery(query, { region, sells: each })}>${sells[each]}<//>` : '0'}</td>`,
        )}</tr>`,
    )}</tbody></table><//>`
}
