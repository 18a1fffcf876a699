import type { ReportAnswer, ReportChart, ReportValue } from './answers.ts'
import { html } from './html.ts'
import { devicePath, runPath, Said, Scroll, severityText, storePath, timeText } from './parts.ts'
import { Link, withQuery } from './route.ts'
import { language, wordFor, words } from './words.ts'

/** A value as people read it: minutes and hours, per cent, days; times by the clocks of a zone. */
export function valueText(type: string, value: ReportValue, zone?: string): string {
  if (value === null || value === '') return '–'
  if (typeof value === 'string')
    return type === 'time' ? timeText(value, zone) : type === 'day' ? dayText(value) : value
  const number = (digits: number): Intl.NumberFormat =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits })
  switch (type) {
    case 'share':
      return `${shareText(value)} %`
    case 'seconds':
      return lengthText(value)
    case 'money':
      return number(2).format(value)
    default:
      return new Intl.NumberFormat(language).format(value)
  }
}

/** Per cent as reports write it (`core/share-text.ts`): cut, so that 99.996 is not 100 and 99.8996 not 99.9. */
function shareText(share: number): string {
  const most = share > 0.99 ? 4 : 2
  const cut = Math.floor(share * 100 * 10 ** most + 1e-6) / 10 ** most
  const least = share === 1 || share === 0 ? 0 : 2
  return new Intl.NumberFormat(language, { minimumFractionDigits: least, maximumFractionDigits: most }).format(cut)
}

/** `3 h 20 min`, of seconds, in the language of the page. */
export function lengthText(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (seconds === 0) return '0'
  const { h, min, s } = words.units
  if (minutes < 1) return `${seconds} ${s}`
  if (minutes < 60) return `${minutes} ${min}`
  const whole = new Intl.NumberFormat(language).format(Math.floor(minutes / 60))
  return minutes % 60 === 0 ? `${whole} ${h}` : `${whole} ${h} ${minutes % 60} ${min}`
}

/** A day as charts and heads of columns have room for it. */
export function shortDay(day: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return day
  const date = new Date(`${day}T00:00:00Z`)
  return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(date)
}

export function dayText(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(date)
}

type Column = ReportAnswer['columns'][number]
type Row = ReportAnswer['rows'][number]
type Linked = (key: string, row: Row) => string | undefined

const NUMBERS: ReadonlySet<string> = new Set(['count', 'seconds', 'share', 'money', 'number'])

/** Numbers stand below one another, and days are not broken. */
function styleOf(type: string): string {
  return NUMBERS.has(type) ? 'number' : type === 'day' ? 'day' : ''
}

/** Where names lead by themselves. */
function usualLink(key: string, value: ReportValue): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  if (key === 'device' || key === 'name' || key === 'unit')
    return value.includes('/') ? devicePath(value) : storePath(value)
  if (key === 'store') return storePath(value)
  if (key === 'run') return runPath(value)
  return undefined
}

/** Its own title where the pages have no word for it. */
function columnName(key: string, title: string): string {
  const known: Readonly<Record<string, string>> = words.columns
  return known[title === 'Could not' ? 'could_not_s' : key] ?? title
}

/** What stands in a cell, by the words that the pages have for it. */
function cellText({ key, type }: Column, value: ReportValue, { by, zone }: ReportAnswer): unknown {
  if (typeof value !== 'string' || value === '') return valueText(type, value, zone)
  switch (key) {
    case 'group':
      return by === 'kind' ? wordFor(words.kinds, value) : value
    case 'kind':
      return wordFor(words.kinds, value)
    case 'cause':
    case 'condition':
    case 'fault':
      return wordFor(words.faults, value)
    case 'severity':
      return severityText(value)
    case 'owner':
      return wordFor(words.owners, value)
    case 'why':
      return wordFor(words.gapReasons, value)
    case 'remedy':
      return html`<${Said} text=${value} />`
    default:
      return valueText(type, value, zone)
  }
}

/** The rows of a report; `link` says where a cell leads, `without` names columns that say nothing here. */
export function ReportTable({
  report,
  title,
  link,
  without = [],
  all = false,
}: {
  readonly report: ReportAnswer
  readonly title: string
  readonly link?: Linked
  readonly without?: readonly string[]
  /** Columns that stand aside on a terminal, too. */
  readonly all?: boolean
}) {
  if (report.rows.length === 0) return html`<p class="quiet">${words.nothing}</p>`
  const columns = report.columns.filter(({ key, aside }) => !without.includes(key) && (all || !aside))
  const cell = (column: Column, row: Row, place: number) => {
    const value = row[column.key] ?? null
    const to = link?.(column.key, row) ?? usualLink(column.key, value)
    const text = row === report.total && column.key === 'group' ? words.all : cellText(column, value, report)
    const content = to === undefined ? text : html`<${Link} to=${to}>${text}<//>`
    const style = styleOf(column.type)
    return place === 0
      ? html`<th scope="row" key=${column.key} class=${style}>${content}</th>`
      : html`<td key=${column.key} class=${style}>${content}</td>`
  }
  const rows = report.total ? [...report.rows, report.total] : report.rows
  return html`<${Scroll} title=${title}><table class="report"><caption class="hidden">${title}</caption>
    <thead><tr>${columns.map(
      ({ key, title: own, type }) =>
        html`<th scope="col" key=${key} class=${styleOf(type)}>${columnName(key, own)}</th>`,
    )}</tr></thead>
    <tbody>${rows.map(
      (row, at) =>
        html`<tr key=${at} class=${row === report.total ? 'total' : ''}>${columns.map((column, place) => cell(column, row, place))}</tr>`,
    )}</tbody></table><//>`
}

/** Since when, until when, and when it was made. */
export function ReportFrame({ report }: { readonly report: ReportAnswer }) {
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: report.zone })
  return html`<p class="quiet">${day.format(new Date(report.since))} – ${day.format(new Date(report.until))} (${report.zone}) · ${words.madeAt} ${timeText(report.made_at, report.zone)}</p>`
}

/** The month that it is by the clock of whoever looks, as `2026-11`. */
export function thisMonth(): string {
  const now = new Date()
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}`
}

/** The months around a period, as links. */
export function MonthLinks({ query, period }: { readonly query: URLSearchParams; readonly period: string }) {
  const [year = 0, month = 1] = period.split('-').map(Number)
  const at = (shift: number): string => new Date(Date.UTC(year, month - 1 + shift)).toISOString().slice(0, 7)
  const name = (text: string): string =>
    new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
      new Date(`${text}-01T00:00:00Z`),
    )
  const isLast = period >= thisMonth()
  return html`<p class="filters"><${Link} to=${withQuery(query, { period: at(-1) })}>← ${name(at(-1))}<//>
    <strong>${name(period)}</strong> ${!isLast && html`<${Link} to=${withQuery(query, { period: at(1) })}>${name(at(1))} →<//>`}</p>`
}

/** Some values of a parameter, as links; the one in force is told. */
export function Choice({
  query,
  name,
  values,
  now,
  label,
}: {
  readonly query: URLSearchParams
  readonly name: string
  readonly values: readonly (readonly [value: string, text: string])[]
  readonly now: string
  readonly label: string
}) {
  return html`<p class="filters"><span>${label}:</span> ${values.map(
    ([value, text]) =>
      html`<${Link} key=${value} to=${withQuery(query, { [name]: value, after: null })} current=${value === now}>${text}<//> `,
  )}</p>`
}

const [HEIGHT, LEFT] = [200, 74]
const ROW = 26

/** A chart as SVG, with its numbers in words for those who do not see it. */
export function Chart({ chart }: { readonly chart: ReportChart }) {
  const title = chartTitle(chart.title)
  if (chart.points.length === 0) return null
  return html`<figure class="chart"><figcaption>${title}</figcaption>${chart.kind === 'bars' ? html`<${Bars} chart=${chart} title=${title} />` : html`<${Line} chart=${chart} title=${title} />`}</figure>`
}

function chartTitle(title: string): string {
  const [, month] = /^Contracts in (.+)$/.exec(title) ?? []
  return month === undefined ? wordFor(words.charts, title) : `${words.contracts}, ${month}`
}

/** `model: paper-out`, by the words for it. */
function labelText(label: string): string {
  return label
    .split(': ')
    .map((part) => wordFor(words.faults, wordFor(words.kinds, part)))
    .join(': ')
}

function Bars({ chart, title }: { readonly chart: ReportChart; readonly title: string }) {
  const most = chart.type === 'share' ? 1 : Math.max(1, ...chart.points.map(({ value }) => value ?? 0))
  return html`<ul class="bars" aria-label=${title}>${chart.points.map(
    ({ label, value }) => html`<li key=${label}><span class="label" title=${labelText(label)}>${labelText(label)}</span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width=${(100 * (value ?? 0)) / most} height="10" /></svg>
      <span class="number">${valueText(chart.type, value)}</span></li>`,
  )}</ul>`
}

function Line({ chart, title }: { readonly chart: ReportChart; readonly title: string }) {
  const { points, type } = chart
  // Its texts keep their size on a phone.
  const width = innerWidth < 700 ? 340 : 640
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]))
  const high = type === 'share' ? 1 : Math.max(1, ...known)
  const least = Math.min(...known, high)
  const low = type === 'share' ? Math.max(0, Math.min(least - (1 - least) / 4, 0.99)) : 0
  const x = (at: number): number => LEFT + ((width - LEFT - 12) * at) / Math.max(1, points.length - 1)
  const y = (value: number): number => 12 + (HEIGHT - ROW - 24) * (1 - (value - low) / (high - low || 1))
  const every = Math.ceil(points.length / (width < 400 ? 4 : 6))
  // What is not known is a gap, not a slope over it.
  const path = points
    .map(({ value }, at) =>
      value === null ? '' : `${at > 0 && points[at - 1]?.value !== null ? 'L' : 'M'}${x(at)} ${y(value)}`,
    )
    .join('')
  const spoken = points.map(({ label, value }) => `${shortDay(label)}: ${valueText(type, value)}`).join('; ')
  return html`<svg class="line" viewBox=${`0 0 ${width} ${HEIGHT}`} role="img" aria-label=${`${title}. ${spoken}`}>
    ${[low, high].map((value) => html`<g key=${value}><line x1=${LEFT} x2=${width} y1=${y(value)} y2=${y(value)} /><text x=${LEFT - 8} y=${y(value) + 4} text-anchor="end">${valueText(type, value)}</text></g>`)}
    <path d=${path} />
    ${points.map(({ label, value }, at) => value !== null && html`<circle key=${label} cx=${x(at)} cy=${y(value)} r="4"><title>${shortDay(label)}: ${valueText(type, value)}</title></circle>`)}
    ${points.map(({ label }, at) => at % every === 0 && html`<text key=${label} x=${x(at)} y=${HEIGHT - 8} text-anchor=${at === 0 ? 'start' : at === points.length - 1 ? 'end' : 'middle'}>${shortDay(label)}</text>`)}</svg>`
}
