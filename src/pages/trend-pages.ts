import type { ReportAnswer } from './answers.ts'
import { html } from './html.ts'
import { Heading, Scroll, storePath, Waiting } from './parts.ts'
import { Chart, Choice, dayText, ReportFrame, ReportTable, shortDay, valueText } from './report-parts.ts'
import { Link, type Place, withQuery } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { counted, filled, wordFor, words } from './words.ts'

const SINCE = ['7d', '30d', '90d'] as const
const RECURRING = ['model', 'device', 'store', 'region', 'kind', 'partner'] as const

function useSince(query: URLSearchParams, usual: (typeof SINCE)[number]) {
  const since = SINCE.find((one) => one === query.get('since')) ?? usual
  const values = SINCE.map((one) => [one, filled(words.lastDays, one.slice(0, -1))] as const)
  return {
    since,
    choice: html`<${Choice} query=${query} name="since" now=${since} label=${words.period} values=${values} />`,
  }
}

/** What fails again and again, and what will be full or over soon. */
export function TrendsPage({ place: { query } }: { readonly place: Place }) {
  const { since, choice } = useSince(query, '30d')
  const by = RECURRING.find((one) => one === query.get('by')) ?? 'model'
  const recurring = useAnswer<ReportAnswer>(`/reports/recurring?since=${since}&by=${by}&limit=200`)
  const more = useAnswer<ReportAnswer>(`/reports/trends?since=${since}&by=${by}&limit=100`)
  const due = useAnswer<ReportAnswer>(`/reports/horizon?since=${since}&limit=200`)
  return html`<${Heading} title=${words.trends} />${choice}
    <h2>${words.recurring}</h2>
    <${Choice} query=${query} name="by" now=${by} label=${words.byWhat} values=${RECURRING.map((one) => [one, words.groups[one]])} />
    ${
      recurring.value
        ? html`<${ReportFrame} report=${recurring.value} />${recurring.value.charts.map((chart) => html`<${Chart} key=${chart.title} chart=${chart} />`)}
          <${ReportTable} report=${recurring.value} title=${words.recurring} all=${true} link=${groupLink(by)} />`
        : html`<${Waiting} why=${recurring.why} />`
    }
    <h2>${words.moreThanBefore}</h2>
    ${
      more.value
        ? html`${more.value.charts.map((chart) => html`<${Chart} key=${chart.title} chart=${chart} />`)}<${ReportTable} report=${more.value} title=${words.moreThanBefore} link=${groupLink(by)} />`
        : html`<${Waiting} why=${more.why} />`
    }
    <h2>${words.dueSoon}</h2>
    ${due.value ? html`<${ReportTable} report=${due.value} title=${words.dueSoon} all=${true} /><p class="quiet" lang="en">${due.value.notes.join(' ')}</p>` : html`<${Waiting} why=${due.why} />`}`
}

function groupLink(by: string) {
  return (key: string, row: ReportAnswer['rows'][number]): string | undefined => {
    if (key !== 'group' || (by !== 'device' && by !== 'store')) return undefined
    return `/${by}/${String(row['group'])}`
  }
}

/** Days by stores: how much is known, and where gaps are. */
export function CompletenessPage({ place: { query } }: { readonly place: Place }) {
  const { since, choice } = useSince(query, '7d')
  const region = query.get('region')
  const only = region === null ? '' : `&region=${encodeURIComponent(region)}`
  const { value, why } = useAnswer<ReportAnswer>(`/reports/completeness?since=${since}&order=worst&limit=1000${only}`)
  return html`<${Heading} title=${words.completeness} />${choice}
    ${region !== null && html`<p class="filters"><${Link} to=${withQuery(query, { region: null })} title=${words.removeFilter}>${region} ✕<//></p>`}
    ${
      value
        ? html`<${ReportFrame} report=${value} />${value.charts.map((chart) => html`<${Chart} key=${chart.title} chart=${chart} />`)}
          <h2>${words.gaps} <small>${value.count}</small></h2><${Gaps} report=${value} query=${query} />`
        : html`<${Waiting} why=${why} />`
    }`
}

/** Stores as rows and days as columns; a day of which nothing is missing is a tick, whether the store traded or not. */
function Gaps({ report, query }: { readonly report: ReportAnswer; readonly query: URLSearchParams }) {
  if (report.rows.length === 0) return html`<p>${words.allKnown}</p>`
  const days = [...new Set(report.charts[0]?.points.map(({ label }) => label) ?? [])].slice(-31)
  const stores = new Map<string, Map<string, ReportAnswer['rows'][number]>>()
  // Of the store in which a page of the report ends days are missing.
  const cut = report.next === null ? undefined : report.rows.at(-1)?.['store']
  const rows = report.rows.filter((row) => row['store'] !== cut)
  for (const row of rows) {
    const own = stores.get(String(row['store'])) ?? new Map()
    stores.set(String(row['store']), own.set(String(row['day']), row))
  }
  const cell = (day: string, row: ReportAnswer['rows'][number] | undefined) => {
    if (!row)
      return html`<td key=${day} class="number"><span class="mark good">✓<span class="hidden"> ${words.nothingMissing}</span></span></td>`
    const known = Number(row['known'])
    const tone = known < 0.5 ? 'bad' : known < 0.95 ? 'unknown' : 'minor'
    return html`<td key=${day} class="number"><span class=${`mark ${tone}`} title=${`${wordFor(words.gapReasons, String(row['why']))}: ${valueText('seconds', row['missing_s'] ?? null)}`}>${valueText('share', known)}</span></td>`
  }
  return html`<${Scroll} title=${words.gaps}><table class="report"><caption class="hidden">${words.gaps}</caption>
    <thead><tr><th scope="col">${words.store}</th><th scope="col">${words.region}</th>${days.map((day) => html`<th scope="col" key=${day} class="number" title=${dayText(day)}>${shortDay(day)}</th>`)}</tr></thead>
    <tbody>${[...stores].map(([store, own]) => {
      const at = String([...own.values()][0]?.['region'] ?? '')
      return html`<tr key=${store}><th scope="row"><${Link} to=${storePath(store)}>${store}<//></th><td><${Link} to=${withQuery(query, { region: at })}>${at}<//></td>${days.map((day) => cell(day, own.get(day)))}</tr>`
    })}</tbody></table><//>${rows.length < report.count && html`<p class="quiet">${filled(words.moreGaps, report.count - rows.length)}</p>`}`
}

/** One page for those who want one: the last quarter, or year. */
export function BoardPage({ place: { query } }: { readonly place: Place }) {
  const weeks = query.get('weeks') === '53' ? '53' : '13'
  const { value, why } = useAnswer<ReportAnswer>(`/reports/board?weeks=${weeks}&limit=200`)
  const sum = (key: string): number => (value?.rows ?? []).reduce((total, row) => total + Number(row[key] ?? 0), 0)
  const isPriced = value?.rows.some(({ lost }) => lost !== null) ?? false
  const tile = (text: string, number: string) => html`<li><div><strong>${number}</strong> ${text}</div></li>`
  return html`<${Heading} title=${words.board} />
    <${Choice} query=${query} name="weeks" now=${weeks} label=${words.period} values=${['13', '53'].map((one) => [one, counted(words.lastWeeks, Number(one))])} />
    ${
      value
        ? html`<${ReportFrame} report=${value} />
          <ul class="tiles">${tile(words.columns.could_not_s, valueText('seconds', sum('down_s')))}${tile(words.columns.outages, valueText('count', sum('outages')))}${isPriced && tile(words.columns.lost, valueText('money', sum('lost')))}</ul>
          <div class="halves">${value.charts.map((chart) => html`<${Chart} key=${chart.title} chart=${chart} />`)}</div>
          <h2>${words.weeks}</h2><${ReportTable} report=${value} title=${words.weeks} />
          <details><summary>${words.howCounted}</summary><ul lang="en">${value.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul></details>`
        : html`<${Waiting} why=${why} />`
    }`
}
