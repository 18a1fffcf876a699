/** Writes `schemas/*.schema.json`; `--check` only says whether they are up to date (exit code 1 when not). */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishedSchemas } from '../src/lang/schema/published.ts'
import { MODULES } from '../src/modules/index.ts'

const folder = join(import.meta.dirname, '..', 'schemas')
const check = process.argv.includes('--check')
const stale: string[] = []

mkdirSync(folder, { recursive: true })
for (const [name, schema] of Object.entries(publishedSchemas(MODULES))) {
  const file = join(folder, `${name}.schema.json`)
  const text = `${JSON.stringify(schema, null, 2)}\n`
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  stale.push(`schemas/${name}.schema.json`)
  if (!check) writeFileSync(file, text)
}
if (stale.length === 0) console.log('All schemas are up to date.')
else
  console.log(`${check ? 'Not up to date (run npx tsx scripts/generate-schemas.ts)' : 'Written'}: ${stale.join(', ')}`)
if (check && stale.length > 0) process.exitCode = 1
