/** A bar of a picture. */
export interface Bar {
  readonly label: string
  readonly value: number
  /** Ours stands out; the goal is a line. */
  readonly kind: 'ours' | 'peer' | 'floor'
}

export interface Picture {
  readonly title: string
  readonly unit: string
  readonly bars: readonly Bar[]
  readonly goal?: number
}

const WIDTH = 720
const LABEL_WIDTH = 190
const BAR_WIDTH = WIDTH - LABEL_WIDTH - 90
const ROW = 26
const TOP = 44
const NUMBER_WIDTH = 50
/** Largest by smallest, above which a straight scale would show nothing. */
const WIDE = 30

/** Draws horizontal bars as an SVG that can be read on light and on dark paper. */
export function barChart({ title, unit, bars, goal }: Picture): string {
  const values = [...bars.map(({ value }) => value), ...(goal === undefined ? [] : [goal])].filter((value) => value > 0)
  const scale = scaleOf(values)
  const height = TOP + bars.length * ROW + 14
  const x = goal === undefined ? 0 : LABEL_WIDTH + scale.at(goal)
  const rows = bars.map((bar, n) => row(bar, TOP + n * ROW, scale.at(bar.value), x))
  const line =
    goal === undefined
      ? []
      : [
          `<line class="goal" x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${height - 10}"/>`,
          `<text class="note" x="${x + 4}" y="${TOP - 8}">goal ${shown(goal)}</text>`,
        ]
  const caption = `${asXml(title)}, ${asXml(unit)}${scale.logarithmic ? ' (logarithmic scale)' : ''}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${caption}</title>`,
    STYLE,
    `<text class="title" x="0" y="16">${caption}</text>`,
    ...rows,
    ...line,
    '</svg>',
    '',
  ].join('\n')
}

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #24292f }
.note { font-size: 11px }
.ours { fill: #1a7f37 } .peer { fill: #8c959f } .floor { fill: #54aeff }
.goal { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #9da7b3 } .title { fill: #e6edf3 }
  .ours { fill: #3fb950 } .peer { fill: #6e7681 } .floor { fill: #388bfd } .goal { stroke: #ff7b72 }
}
</style>`

interface Scale {
  readonly logarithmic: boolean
  /** Length of a bar in pixels. */
  at(value: number): number
}

/** Straight where the bars can be compared by eye, logarithmic where the smallest would vanish. */
function scaleOf(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const round = (pixels: number): number => Math.round(pixels * 10) / 10
  if (most / least <= WIDE) return { logarithmic: false, at: (value) => round((value / most) * BAR_WIDTH) }
  const from = Math.log(least / 2)
  const span = Math.log(most) - from
  return { logarithmic: true, at: (value) => round(value <= 0 ? 0 : ((Math.log(value) - from) / span) * BAR_WIDTH) }
}

function row({ label, value, kind }: Bar, y: number, length: number, goalAt: number): string {
  const middle = y + 14
  const end = LABEL_WIDTH + length
  // A number is not written across the line of the goal.
  const textAt = end < goalAt && goalAt < end + NUMBER_WIDTH ? goalAt + 6 : end + 6
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${asXml(label)}</text>`,
    `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y}" width="${length}" height="${ROW - 8}" rx="2"/>`,
    `<text x="${textAt}" y="${middle}">${shown(value)}</text>`,
  ].join('\n')
}

function shown(value: number): string {
  const digits = value < 10 ? 1 : 0
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function asXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
