// For `npm run coverage`: the coverage of Vitest's own processes, and with it that of every `till` that tests start. Node.js writes
// down what a process has run as it ends (NODE_V8_COVERAGE), so one that is killed leaves nothing. The maps of dist lead back to src.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import v8 from '@vitest/coverage-v8'
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js'

const DIST = pathToFileURL(join(import.meta.dirname, '../dist/')).href
/** Tells Vitest's workers where their children write. */
const FOLDER = 'TILL_COVERAGE_OF_CHILDREN'

class CoverageProvider extends V8CoverageProvider {
  async clean(clean) {
    await super.clean(clean)
    process.env[FOLDER] = join(this.coverageFilesDirectory, 'children')
    mkdirSync(process.env[FOLDER])
  }

  async generateCoverage(context) {
    const map = await super.generateCoverage(context)
    let [branches, known] = [0, 0]
    for (const { url, file, functions } of chunksRun(process.env[FOLDER], (sources) => sources.some((one) => this.isIncluded(one)))) {
      const sources = { code: readFileSync(file, 'utf8'), map: mapOf(file) }
      const found = await this.remapCoverage(url, 0, sources, functions)
      for (const [source, ran] of Object.entries(found)) {
        if (!map.files().includes(source)) continue
        const { all, matched } = addTo(map.fileCoverageFor(source).data, ran)
        branches += all
        known += matched
      }
    }
    console.log(`Of the branches of what children ran, ${known} of ${branches} were found again in the sources.`)
    return map
  }
}

export default {
  ...v8,
  async startCoverage(options) {
    process.env.NODE_V8_COVERAGE = process.env[FOLDER]
    // What comes out of a cache does not count what it runs.
    process.env.NODE_DISABLE_COMPILE_CACHE = '1'
    await v8.startCoverage(options)
  },
  getProvider: async () => new CoverageProvider(),
}

/** The files of dist in which any process ran something, and how often each place of them was run, all processes together. */
function chunksRun(folder, isWanted) {
  const chunks = new Map()
  for (const name of readdirSync(folder)) {
    for (const { url, functions } of resultOf(join(folder, name))) {
      if (!url.startsWith(DIST)) continue
      if (!chunks.has(url)) chunks.set(url, chunkOf(url, isWanted))
      const chunk = chunks.get(url)
      if (chunk) count(chunk.hits, functions)
    }
  }
  return [...chunks].flatMap(([url, chunk]) =>
    chunk ? [{ url, file: chunk.file, functions: [{ functionName: '', ranges: rangesOf(chunk.hits), isBlockCoverage: true }] }] : [],
  )
}

/** A process that was killed as it wrote leaves half of it. */
function resultOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).result
  } catch {
    return []
  }
}

function chunkOf(url, isWanted) {
  const file = fileURLToPath(url)
  if (!existsSync(`${file}.map`)) return undefined
  const sources = mapOf(file).sources.map((source) => new URL(source, url).pathname)
  return isWanted(sources) ? { file, hits: new Float64Array(readFileSync(file, 'utf8').length) } : undefined
}

function mapOf(file) {
  return JSON.parse(readFileSync(`${file}.map`, 'utf8'))
}

/** V8 names outer ranges before those within them. */
function count(hits, functions) {
  const own = new Float64Array(hits.length)
  for (const { ranges } of functions) for (const { startOffset, endOffset, count } of ranges) own.fill(count, startOffset, endOffset)
  for (let at = 0; at < own.length; at += 1) hits[at] += own[at]
}

function rangesOf(hits) {
  const ranges = []
  for (let from = 0, at = 1; at <= hits.length; at += 1) {
    if (at < hits.length && hits[at] === hits[from]) continue
    ranges.push({ startOffset: from, endOffset: at, count: hits[from] })
    from = at
  }
  return ranges
}

/** Counts of dist to those of the sources: branches, functions and statements that begin at the same place. */
function addTo(known, ran) {
  let [all, matched] = [0, 0]
  const branchAt = placesOf(ran.branchMap, ({ type, loc }) => [type, loc.start])
  for (const [id, { type, loc, locations }] of Object.entries(known.branchMap)) {
    const counts = ran.b[branchAt(type, loc.start)]
    all += 1
    if (counts?.length !== locations.length) continue
    matched += 1
    known.b[id] = known.b[id].map((n, arm) => n + Math.max(0, counts[arm]))
  }
  const functionAt = placesOf(ran.fnMap, ({ loc }) => ['', loc.start])
  for (const [id, { loc }] of Object.entries(known.fnMap)) known.f[id] += ran.f[functionAt('', loc.start)] ?? 0
  const statementAt = placesOf(ran.statementMap, ({ start }) => ['', start])
  for (const [id, { start }] of Object.entries(known.statementMap)) known.s[id] += ran.s[statementAt('', start)] ?? 0
  return { all, matched }
}

/** Finds by place; where esbuild's maps name another column, by the line, if one alone begins there. */
function placesOf(entries, placeOf) {
  const [exact, byLine] = [new Map(), new Map()]
  for (const [id, entry] of Object.entries(entries)) {
    const [kind, { line, column }] = placeOf(entry)
    exact.set(`${kind}:${line}:${column}`, id)
    byLine.set(`${kind}:${line}`, byLine.has(`${kind}:${line}`) ? undefined : id)
  }
  return (kind, { line, column }) => exact.get(`${kind}:${line}:${column}`) ?? byLine.get(`${kind}:${line}`)
}
