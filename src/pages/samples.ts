import type { SamplesAnswer } from './answers.ts'
import { html } from './html.ts'
import { devicePath } from './parts.ts'
import { valueText } from './report-parts.ts'
import { useAnswer } from './use-answer.ts'
import { language, words } from './words.ts'

const DAY_MS = 86_400_000
const [HEIGHT, LEFT, TOP, BOTTOM] = [160, 62, 8, 24]

type Points = SamplesAnswer['series'][number]['points']

/** What was noted of a device, as lines; receipts of today beside those of the same weekday a week ago. */
export function Samples({ device, zone }: { readonly device: string; readonly zone: string }) {
  const { value } = useAnswer<SamplesAnswer>(`${devicePath(device).replace('/device/', '/devices/')}/samples?days=8`)
  if (!value || value.series.length === 0) return null
  return html`<h2>${words.numbers}</h2><div class="halves">${value.series.map(({ series, points }) => {
    const isDay = series.startsWith('receipts')
    return html`<figure class="chart" key=${series}><figcaption>${series}${isDay && html` <small>${words.todayBeside}</small>`}</figcaption>
      ${isDay ? html`<${Lines} name=${series} lines=${dayLines(points, zone)} zone="UTC" isDay=${true} />` : html`<${Lines} name=${series} lines=${[points]} zone=${zone} isDay=${false} />`}</figure>`
  })}</div>`
}

/**
 * Today from midnight on, and the same weekday a week ago, moved on to today: by what the clocks of the store show, in
 * milliseconds as if that were UTC, since not all days are as long.
 */
function dayLines(points: Points, zone: string): readonly Points[] {
  const shown = clockOf(zone)
  const walls = points.map(([at, value]): Points[number] => [shown(at), value])
  const midnight = Math.floor(shown(Date.now()) / DAY_MS) * DAY_MS
  const week = 7 * DAY_MS
  const today = walls.filter(([at]) => at >= midnight)
  const before = walls.filter(([at]) => at >= midnight - week && at < midnight - week + DAY_MS)
  return [today, before.map(([at, value]): Points[number] => [at + week, value])]
}

/** What clocks of a zone show at an instant, to the second. */
function clockOf(zone: string): (at: number) => number {
  const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  const format = new Intl.DateTimeFormat('sv-SE', { ...fields, second: '2-digit', timeZone: zone })
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`)
}

function Lines({
  name,
  lines,
  zone,
  isDay,
}: {
  readonly name: string
  readonly lines: readonly Points[]
  /** By the clocks of which its times are told. */
  readonly zone: string
  readonly isDay: boolean
}) {
  const all = lines.flat()
  if (all.length === 0) return html`<p class="quiet">${words.nothing}</p>`
  const width = innerWidth < 700 ? 340 : 560
  const times = all.map(([at]) => at)
  const [first, last] = [Math.min(...times), Math.max(...times)]
  const values = all.map(([, value]) => value)
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 1)]
  const x = (at: number): number => LEFT + ((width - LEFT - 8) * (at - first)) / (last - first || 1)
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))
  const path = (points: Points): string =>
    points.map(([at, value], place) => `${place === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('')
  const clock = new Intl.DateTimeFormat(
    language,
    isDay ? { timeStyle: 'short', timeZone: zone } : { dateStyle: 'short', timeStyle: 'short', timeZone: zone },
  )
  const latest = lines[0]?.at(-1)
  const spoken = latest ? `${clock.format(latest[0])}: ${valueText('number', latest[1])}` : ''
  return html`<svg class="line" viewBox=${`0 0 ${width} ${HEIGHT}`} role="img" aria-label=${`${name}. ${spoken}`}>
    ${[low, high].map((value) => html`<g key=${value}><line x1=${LEFT} x2=${width} y1=${y(value)} y2=${y(value)} /><text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${valueText('number', value)}</text></g>`)}
    ${[...lines].reverse().map((points, at) => html`<path key=${at} class=${at < lines.length - 1 ? 'before' : ''} d=${path(points)} />`)}
    <text x=${LEFT} y=${HEIGHT - 6}>${clock.format(first)}</text><text x=${width - 8} y=${HEIGHT - 6} text-anchor="end">${clock.format(last)}</text></svg>`
}
