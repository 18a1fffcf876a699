// The pages of the dashboard: one script, one style, and the borders of countries, all of them ours to serve.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { mesh } from 'topojson-client'
import { bundledPackages, noticesOf } from './third-party.mjs'

const PAGES = 'src/pages'
/** Natural Earth at 1:50 million, public domain, by way of the package world-atlas. */
const BORDERS = 'node_modules/world-atlas/countries-50m.json'
/** Steps of a hundredth of a degree: a kilometre, less than a dot on the map. */
const STEPS = 100

/** Writes the pages to a folder, with the notices of what is in them. */
export async function buildPages(folder) {
  const { metafile } = await build({
    entryPoints: { main: `${PAGES}/main.ts` },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  })
  for (const name of ['index.html', 'main.css', 'icon.svg']) cpSync(`${PAGES}/${name}`, `${folder}/${name}`)
  writeFileSync(`${folder}/outline.json`, JSON.stringify(outline()))
  writeFileSync(`${folder}/THIRD-PARTY-NOTICES.txt`, noticesOf(bundledPackages(metafile)))
}

/** Each border once, as a place and the steps from there; what is shorter than a step is left out. */
function outline() {
  const world = JSON.parse(readFileSync(BORDERS, 'utf8'))
  const lines = mesh(world, world.objects.countries).coordinates
  return lines.map(stepsOf).filter((steps) => steps.length > 4)
}

function stepsOf(line) {
  const steps = []
  let [x, y] = [0, 0]
  for (const [lon, lat] of line) {
    const [toX, toY] = [Math.round(lon * STEPS), Math.round(lat * STEPS)]
    if (steps.length > 0 && toX === x && toY === y) continue
    steps.push(toX - x, toY - y)
    ;[x, y] = [toX, toY]
  }
  return steps
}
