import { geoMercator, geoPath } from 'd3-geo'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Dot, MapAnswer } from './answers.ts'
import { html } from './html.ts'
import { storePath } from './parts.ts'
import { go } from './route.ts'
import { filled, words } from './words.ts'

/** Borders as lines of steps of a hundredth of a degree; see scripts/outline.mjs. */
type Outline = readonly (readonly number[])[]
let outline: Promise<Outline> | undefined

/** How near a click has to be, in pixels. */
const NEAR = 12
const COLORS = { yes: '--good', unknown: '--unknown', no: '--bad' } as const
/** In degrees. */
const AROUND = 0.3
const ALL_OF_IT: [number, number][] = [
  [-170, -60],
  [170, 75],
]
const LAST_DRAWN = ['yes', 'unknown', 'no'] as const

interface Placed {
  readonly dot: Dot
  readonly x: number
  readonly y: number
}

/** The stores as dots over the borders of countries; a click opens the nearest. The list beside it says the same in words. */
export function FleetMap({ answer }: { readonly answer: MapAnswer }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const placed = useRef<readonly Placed[]>([])
  const [over, setOver] = useState<Placed | undefined>()
  const [width, setWidth] = useState(0)
  const [lines, setLines] = useState<Outline>([])
  useEffect(() => {
    outline ??= fetch('/outline.json').then((got) => got.json())
    outline.then(setLines, () => undefined)
  }, [])
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    setWidth(element.clientWidth)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => {
      placed.current = draw(element, answer.stores, lines)
    }
    dark.addEventListener('change', redraw)
    redraw()
    // Measured by tests and by whoever wonders.
    performance.mark('till-map-drawn')
    return () => {
      observer.disconnect()
      dark.removeEventListener('change', redraw)
    }
  }, [answer, lines, width])
  const nearest = (event: MouseEvent): Placed | undefined => {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return closest(placed.current, event.clientX - left, event.clientY - top)
  }
  const count = (sells: string): number => answer.stores.filter((dot) => dot[3] === sells).length
  return html`<figure class="map">
    <canvas ref=${canvas} role="img" class=${over ? 'pointed' : ''}
      aria-label=${filled(words.map, count('yes'), count('no'), count('unknown'))}
      onMouseMove=${(event: MouseEvent) => setOver(nearest(event))}
      onMouseLeave=${() => setOver(undefined)}
      onClick=${(event: MouseEvent) => {
        const found = nearest(event)
        if (found) go(storePath(found.dot[0]))
      }} />
    ${over && html`<div class="tip" style=${{ left: `${over.x}px`, top: `${over.y}px` }}>${over.dot[0]} · ${words.sells[over.dot[3]]}</div>`}
    ${answer.unmapped > 0 && html`<figcaption class="quiet">${filled(words.unmapped, answer.unmapped)}</figcaption>`}
  </figure>`
}

function closest(all: readonly Placed[], x: number, y: number): Placed | undefined {
  let found: Placed | undefined
  let best = NEAR * NEAR
  // Of those that are as near the one that was drawn last, which is the worst.
  for (const one of all) {
    const distance = (one.x - x) ** 2 + (one.y - y) ** 2
    if (distance <= best) {
      best = distance
      found = one
    }
  }
  return found
}

function draw(canvas: HTMLCanvasElement, stores: readonly Dot[], lines: Outline): readonly Placed[] {
  const context = canvas.getContext('2d')
  const { clientWidth: width, clientHeight: height } = canvas
  if (!context || width === 0) return []
  const scale = devicePixelRatio
  canvas.width = width * scale
  canvas.height = height * scale
  context.scale(scale, scale)
  const color = colorsOf(canvas)
  const projection = geoMercator().fitExtent(
    [
      [24, 24],
      [width - 24, height - 24],
    ],
    { type: 'MultiPoint', coordinates: cornersOf(stores) },
  )
  projection.clipExtent([
    [0, 0],
    [width, height],
  ])
  context.strokeStyle = color('--line')
  context.lineWidth = 1
  context.beginPath()
  geoPath(projection, context)({ type: 'MultiLineString', coordinates: degreesOf(lines) } as never)
  context.stroke()
  const radius = stores.length > 500 ? 2.5 : 5
  const placed: Placed[] = []
  for (const sells of LAST_DRAWN) {
    context.fillStyle = color(COLORS[sells])
    context.beginPath()
    for (const dot of stores) {
      if (dot[3] !== sells) continue
      const [x = 0, y = 0] = projection([dot[1], dot[2]]) ?? []
      placed.push({ dot, x, y })
      const size = sells === 'yes' ? radius : radius * 1.6
      context.moveTo(x + size, y)
      context.arc(x, y, size, 0, 2 * Math.PI)
    }
    context.fill()
  }
  return placed
}

/** What the stores lie in, with some land around it, so that one store alone is on a map too. */
function cornersOf(stores: readonly Dot[]): [number, number][] {
  if (stores.length === 0) return ALL_OF_IT
  const [lons, lats] = [stores.map((dot) => dot[1]), stores.map((dot) => dot[2])]
  const [west, east] = [Math.min(...lons) - AROUND, Math.max(...lons) + AROUND]
  const [south, north] = [Math.max(-80, Math.min(...lats) - AROUND), Math.min(80, Math.max(...lats) + AROUND)]
  return [
    [west, south],
    [east, north],
  ]
}

/** The colours of the page, as they are in light or dark: a variable by itself would be the text of both. */
function colorsOf(canvas: HTMLCanvasElement): (variable: string) => string {
  return (variable) => {
    canvas.style.color = `var(${variable})`
    return getComputedStyle(canvas).color
  }
}

function degreesOf(lines: Outline): number[][][] {
  return lines.map((line) => {
    let [lon, lat] = [0, 0]
    const points: number[][] = []
    for (let at = 0; at < line.length; at += 2) {
      lon += line[at] ?? 0
      lat += line[at + 1] ?? 0
      points.push([lon / 100, lat / 100])
    }
    return points
  })
}
