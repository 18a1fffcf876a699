import { xmlText } from './xml-text.ts'

export interface PictureStore {
  readonly store: string
  readonly from: number
  readonly to: number
  readonly devices: number
  /** As people read it there. */
  readonly when: string
  /** When the first people there are warned. */
  readonly warned?: string
}

export interface PictureWave {
  readonly number: number
  readonly stores: readonly PictureStore[]
  readonly watchedUntil?: number
}

const WIDTH = 1_000
const LEFT = 110
const COLOURS = ['#1f77b4', '#2ca02c', '#ff7f0e', '#9467bd', '#17becf', '#8c564b']
/** Rows get lower when there are many stores, so that the picture can be taken in. */
const MOST_HEIGHT = 4_000

/** One page that needs nothing else: the calendar of a rollout as a picture, and as a table below. Times are UTC in the picture. */
export function scheduleHtml(title: string, notes: readonly string[], waves: readonly PictureWave[]): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${xmlText(title)}</title>`
  return `<!doctype html>
<html lang="en"><head>${head}<style>${STYLE}</style></head><body>
<h1>${xmlText(title)}</h1>
${notes.map((note) => `<p>${xmlText(note)}</p>`).join('\n')}
${pictureOf(waves)}
<table><thead><tr><th>Wave</th><th>Store</th><th>Begins</th><th>Devices</th></tr></thead><tbody>
${waves.flatMap(rowsOf).join('\n')}
</tbody></table>
</body></html>
`
}

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1100px;padding:0 1rem;color:#222;background:#fff}' +
  'svg{width:100%;height:auto;background:#fafafa;border:1px solid #ddd}text{font:11px system-ui,sans-serif;fill:#444}' +
  'table{border-collapse:collapse;margin-top:1rem}td,th{border:1px solid #ddd;padding:.2rem .6rem;text-align:left}'

function rowsOf({ number, stores }: PictureWave): string[] {
  return stores.map(({ store, when, devices, warned }) => {
    const begins = warned === undefined ? when : `${when} (warned ${warned})`
    return `<tr><td>${number}</td><td>${xmlText(store)}</td><td>${xmlText(begins)}</td><td>${devices}</td></tr>`
  })
}

function pictureOf(waves: readonly PictureWave[]): string {
  const stores = waves.flatMap((wave) => wave.stores.map((store) => ({ ...store, wave: wave.number })))
  if (stores.length === 0) return '<p>Nothing begins.</p>'
  const from = Math.min(...stores.map((one) => one.from))
  const to = Math.max(...stores.map((one) => one.to), ...waves.flatMap(({ watchedUntil }) => watchedUntil ?? []))
  const row = Math.max(1, Math.min(16, Math.floor(MOST_HEIGHT / stores.length)))
  const height = 30 + row * stores.length
  const x = (at: number): number => round(LEFT + ((WIDTH - LEFT - 10) * (at - from)) / Math.max(1, to - from))
  const bars = stores.map((one, index) => {
    const y = 25 + index * row
    const colour = COLOURS[(one.wave - 1) % COLOURS.length]
    const width = Math.max(1, round(x(one.to) - x(one.from)))
    const bar = `<rect x="${x(one.from)}" y="${y}" width="${width}" height="${Math.max(1, row - 2)}" fill="${colour}"><title>${xmlText(`${one.store}, wave ${one.wave}: ${one.when}`)}</title></rect>`
    return row < 12 ? bar : `${bar}<text x="4" y="${y + row - 5}">${xmlText(one.store)}</text>`
  })
  const soaks = waves.flatMap(({ watchedUntil, number }) =>
    watchedUntil === undefined
      ? []
      : [
          `<line x1="${x(watchedUntil)}" x2="${x(watchedUntil)}" y1="20" y2="${height}" stroke="${COLOURS[(number - 1) % COLOURS.length]}" stroke-dasharray="4 3"/>`,
        ],
  )
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = from + share * (to - from)
    const anchor = share === 1 ? 'end' : 'start'
    return `<text x="${x(at)}" y="14" text-anchor="${anchor}">${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}</text>`
  })
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Which store is changed at which time">${[...ticks, ...bars, ...soaks].join('')}</svg>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
