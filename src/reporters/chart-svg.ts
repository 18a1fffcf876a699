import type { ReportChart } from '../core/report.ts'
import { cellOf } from './report-sheet.ts'
import { cellText, escapeMarkup } from './sheet.ts'

const WIDTH = 900
const LABELS = 220
const ROW = 22
const HEIGHT = 220
/** Room for numbers on the left of a line, and for half of its last label. */
const [LEFT, RIGHT] = [90, 50]
/** Labels below a line that do not touch. */
const MOST_LABELS = 9

/** A chart as SVG that stands in a page as it is; it has the page's colours, and its numbers as texts. */
export function chartSvg(chart: ReportChart): string {
  return chart.kind === 'bars' ? bars(chart) : line(chart)
}

function bars(chart: ReportChart): string {
  const most = mostOf(chart)
  const rows = chart.points.map(({ label, value }, index) => {
    const y = 30 + index * ROW
    const width = value === null ? 0 : round(((WIDTH - LABELS - 110) * value) / most)
    const mark = `<rect class="bar" x="${LABELS}" y="${y}" width="${width}" height="${ROW - 6}"/>`
    return `<text x="${LABELS - 8}" y="${y + 13}" text-anchor="end">${escapeMarkup(short(label, 32))}</text>${mark}<text class="soft" x="${LABELS + width + 6}" y="${y + 13}">${shown(chart, value)}</text>`
  })
  return framed(chart, 34 + chart.points.length * ROW, rows.join(''))
}

function line(chart: ReportChart): string {
  const values = chart.points.map(({ value }) => value)
  const known = values.filter((value) => value !== null)
  const [low, high] = rangeOf(chart, known)
  const x = (index: number): number => round(LEFT + ((WIDTH - LEFT - RIGHT) * index) / Math.max(1, values.length - 1))
  const y = (value: number): number => round(40 + (HEIGHT - 80) * (1 - (value - low) / (high - low)))
  const grid = linesOf(chart, low, high).map((value) => {
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="soft" x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${shown(chart, value)}</text>`
  })
  const every = Math.max(1, Math.ceil(chart.points.length / MOST_LABELS))
  const labels = chart.points.flatMap(({ label }, index) =>
    index % every === 0
      ? [
          `<text class="soft" x="${x(index)}" y="${HEIGHT - 16}" text-anchor="middle">${escapeMarkup(short(label, 12))}</text>`,
        ]
      : [],
  )
  const dots = chart.points.flatMap(({ label, value }, index) =>
    value === null
      ? []
      : [
          `<circle class="bar" cx="${x(index)}" cy="${y(value)}" r="3"><title>${escapeMarkup(label)}: ${shown(chart, value)}</title></circle>`,
        ],
  )
  return framed(chart, HEIGHT, [...grid, ...labels, ...paths(values, x, y), ...dots].join(''))
}

/** Half a store says nothing. */
function linesOf({ type }: ReportChart, low: number, high: number): readonly number[] {
  const middle = (low + high) / 2
  return type === 'count' && !Number.isInteger(middle) ? [low, high] : [low, middle, high]
}

/** What is not known is a gap in the line, not a slope over it. */
function paths(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string[] {
  const parts: string[][] = [[]]
  for (const [index, value] of values.entries()) {
    if (value === null) parts.push([])
    else parts.at(-1)?.push(`${x(index)},${y(value)}`)
  }
  return parts.filter((part) => part.length > 1).map((part) => `<polyline class="line" points="${part.join(' ')}"/>`)
}

function framed({ title, points }: ReportChart, height: number, content: string): string {
  const name = `<text x="0" y="16" font-weight="bold">${escapeMarkup(title)}</text>`
  const inside = points.length === 0 ? '<text class="soft" x="0" y="40">Nothing to show.</text>' : content
  return `<svg role="img" aria-label="${escapeMarkup(title)}" viewBox="0 0 ${WIDTH} ${Math.max(50, height)}" width="${WIDTH}">${name}${inside}</svg>`
}

function mostOf({ type, points }: ReportChart): number {
  return type === 'share' ? 1 : Math.max(1, ...points.map(({ value }) => value ?? 0))
}

function rangeOf({ type }: ReportChart, known: readonly number[]): readonly [number, number] {
  const low = Math.min(...known)
  const high = type === 'share' ? 1 : Math.max(1, ...known)
  if (known.length === 0) return [0, 1]
  // A share of 99.1 to 99.9 is told apart only where the picture does not begin at 0.
  const from = type === 'share' ? Math.max(0, Math.min(low - (1 - low) / 4, 0.999)) : 0
  return [from, high > from ? high : from + 1]
}

function shown({ type }: ReportChart, value: number | null): string {
  return value === null ? 'not known' : escapeMarkup(cellText(cellOf({ type }, value, 'UTC')))
}

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
