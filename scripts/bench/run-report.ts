// npm run bench:report [-- FILE]: shows a result again, and renews docs/performance.md and its pictures from it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { goalsOf } from './report/goals.ts'
import { renewed } from './report/page.ts'
import { picturesOf } from './report/pictures.ts'
import { type BenchmarkResult, RESULT_SCHEMA } from './report/result.ts'
import { figuresOf } from './report/statistics.ts'
import { tables } from './report/text.ts'
import { REPOSITORY } from './tools/till.ts'

const file = process.argv[2] ?? join(REPOSITORY, 'docs/performance/latest.json')
const read = JSON.parse(readFileSync(file, 'utf8')) as BenchmarkResult
if (read.schema !== RESULT_SCHEMA) {
  process.stderr.write(`${file} is no result of npm run bench (schema ${RESULT_SCHEMA}).\n`)
  process.exit(2)
}
// Anew from the samples, so that a page is never older than the rules.
const figures = figuresOf(read.samples)
const result = { ...read, figures, goals: goalsOf(figures) }
process.stdout.write(tables(result))
const folder = join(REPOSITORY, 'docs/performance')
mkdirSync(folder, { recursive: true })
const pictures = picturesOf(result)
for (const picture of pictures) writeFileSync(join(folder, picture.file), picture.svg)
const page = join(REPOSITORY, 'docs/performance.md')
writeFileSync(page, renewed(readFileSync(page, 'utf8'), result, pictures))
process.stderr.write(`Renewed ${page} and ${pictures.length} pictures.\n`)
