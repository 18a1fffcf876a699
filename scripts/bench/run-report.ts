// npm run bench:report [-- FILE...]: shows a result again, or several as one, and renews docs/performance.md and its
// pictures from it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { merged } from './report/merge.ts'
import { renewed } from './report/page.ts'
import { picturesOf } from './report/pictures.ts'
import { type BenchmarkResult, RESULT_SCHEMA } from './report/result.ts'
import { tables } from './report/text.ts'
import { REPOSITORY } from './tools/till.ts'

const files = process.argv.length > 2 ? process.argv.slice(2) : [join(REPOSITORY, 'docs/performance/latest.json')]
const results = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as BenchmarkResult)
results.forEach(({ schema }, n) => {
  if (schema === RESULT_SCHEMA) return
  process.stderr.write(`${files[n]} is no result of npm run bench (schema ${RESULT_SCHEMA}).\n`)
  process.exit(2)
})
const result = merged(results)
process.stdout.write(tables(result))
const folder = join(REPOSITORY, 'docs/performance')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(result, null, 1)}\n`)
const pictures = picturesOf(result)
for (const picture of pictures) writeFileSync(join(folder, picture.file), picture.svg)
const page = join(REPOSITORY, 'docs/performance.md')
writeFileSync(page, renewed(readFileSync(page, 'utf8'), result, pictures))
process.stderr.write(`Renewed ${page} and ${pictures.length} pictures.\n`)
