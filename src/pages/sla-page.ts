import type { ClosedMonths, ReportAnswer } from './answers.ts'
import { html } from './html.ts'
import { Heading, Scroll, Time, Waiting } from './parts.ts'
import { Choice, MonthLinks, ReportFrame, ReportTable, thisMonth } from './report-parts.ts'
import { Link, type Place, withQuery } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { words } from './words.ts'

const GROUPS = ['partner', 'region', 'store', 'kind', 'model', 'device'] as const
type Group = (typeof GROUPS)[number]
/** What a group is told by next. */
const FINER: Readonly<Record<Group, Group>> = {
  partner: 'store',
  region: 'store',
  store: 'device',
  kind: 'device',
  model: 'device',
  device: 'device',
}
const STEP = 100

/** What was promised and what was kept in a month: by contract, down to each outage; by partner, region, store and kind. */
export function SlaPage({ place: { query } }: { readonly place: Place }) {
  const period = query.get('period') ?? thisMonth()
  const contract = query.get('contract')
  const of = contract === null ? '' : `&contract=${encodeURIComponent(contract)}`
  const sla = useAnswer<ReportAnswer>(`/reports/sla?period=${period}&limit=1000${of}`)
  return html`<${Heading} title=${contract === null ? words.sla : `${words.sla}: ${contract}`} />
    <${MonthLinks} query=${query} period=${period} />
    ${contract !== null && html`<p class="filters"><${Link} to=${withQuery(query, { contract: null })} title=${words.removeFilter}>${contract} ✕<//></p>`}
    ${
      sla.value
        ? html`<${ReportFrame} report=${sla.value} /><${Contracts} report=${sla.value} query=${query} isOne=${contract !== null} />`
        : html`<${Waiting} why=${sla.why} />`
    }
    ${contract === null ? html`<${ByGroup} query=${query} period=${period} />` : html`<${Outages} query=${query} contract=${contract} period=${period} />`}
    <${Closed} contract=${contract} query=${query} />`
}

function Contracts({
  report,
  query,
  isOne,
}: {
  readonly report: ReportAnswer
  readonly query: URLSearchParams
  readonly isOne: boolean
}) {
  const rows = isOne ? report.rows : report.rows.filter(({ unit }) => unit === null)
  return html`<${ReportTable} report=${{ ...report, rows }} title=${words.contracts} without=${isOne ? ['contract', 'hash'] : ['unit', 'hash']} all=${true}
      link=${(key: string, row: ReportAnswer['rows'][number]) => (key === 'contract' ? withQuery(query, { contract: String(row['contract']) }) : undefined)} />
    ${report.notes.length > 0 && html`<details><summary>${words.howCounted}</summary><ul lang="en">${report.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul></details>`}`
}

/** Each outage that counts, with the run that found it. */
function Outages({
  query,
  contract,
  period,
}: {
  readonly query: URLSearchParams
  readonly contract: string
  readonly period: string
}) {
  const most = Number(query.get('most') ?? STEP)
  const { value, why } = useAnswer<ReportAnswer>(
    `/reports/sla-outages?period=${period}&contract=${encodeURIComponent(contract)}&limit=${Math.min(most, 1000)}`,
  )
  return html`<h2>${words.outages} ${value && html`<small>${value.count}</small>`}</h2>
    ${value ? html`<${ReportTable} report=${value} title=${words.outages} without=${['contract']} />` : html`<${Waiting} why=${why} />`}
    ${value && value.next !== null && most < 1000 && html`<p><${Link} to=${withQuery(query, { most: String(most + 4 * STEP) })}>${words.more}<//></p>`}`
}

/** Availability by what somebody chose; each group leads to what is in it, and in the end to a device. */
function ByGroup({ query, period }: { readonly query: URLSearchParams; readonly period: string }) {
  const chosen = query.get('by')
  const by = GROUPS.find((one) => one === chosen) ?? 'region'
  const among = [...query].filter(([name]) => (GROUPS as readonly string[]).includes(name))
  const most = Number(query.get('most') ?? STEP)
  const filter = new URLSearchParams(among)
  const { value, why } = useAnswer<ReportAnswer>(
    `/reports/availability?period=${period}&by=${by}&limit=${Math.min(most, 1000)}&${filter}`,
  )
  const link = (key: string, row: ReportAnswer['rows'][number]): string | undefined => {
    const group = row['group']
    if (key !== 'group' || typeof group !== 'string' || row === value?.total) return undefined
    return by === 'device' ? `/device/${group}` : withQuery(query, { [by]: group, by: FINER[by], most: null })
  }
  return html`<h2>${words.availability}</h2>
    <${Choice} query=${query} name="by" now=${by} label=${words.byWhat} values=${GROUPS.map((one) => [one, words.groups[one]])} />
    ${among.length > 0 && html`<p class="filters">${among.map(([name, one]) => html`<${Link} key=${name} to=${withQuery(query, { [name]: null })} title=${words.removeFilter}>${one} ✕<//> `)}</p>`}
    ${value ? html`<${ReportTable} report=${value} title=${words.availability} link=${link} all=${true} without=${['lost']} />` : html`<${Waiting} why=${why} />`}
    ${value && value.next !== null && most < 1000 && html`<p><${Link} to=${withQuery(query, { most: String(most + 4 * STEP) })}>${words.more}<//></p>`}`
}

function Closed({ contract, query }: { readonly contract: string | null; readonly query: URLSearchParams }) {
  const { value } = useAnswer<ClosedMonths>('/sla/closed')
  const months = (value?.months ?? []).filter((one) => contract === null || one.contract === contract)
  if (months.length === 0) return null
  return html`<h2>${words.closedMonths}</h2><${Scroll} title=${words.closedMonths}><table><caption class="hidden">${words.closedMonths}</caption>
    <thead><tr><th scope="col">${words.month}</th><th scope="col">${words.contract}</th><th scope="col" class="number">${words.columns.version}</th><th scope="col">${words.closedBy}</th><th scope="col">${words.columns.hash}</th></tr></thead>
    <tbody>${months.map(
      (
        one,
      ) => html`<tr key=${one.hash}><th scope="row"><${Link} to=${withQuery(query, { period: one.month, contract: one.contract })}>${one.month}<//></th>
        <td>${one.contract}</td><td class="number">${one.version}</td><td>${one.by}, <${Time} at=${one.closed_at} />${one.why !== null && html`<br /><small>${one.why}</small>`}</td><td><code>${one.hash}</code></td></tr>`,
    )}</tbody></table><//>`
}
