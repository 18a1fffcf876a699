/** Writes the pages of `docs/` that are made from the code; `--check` only says whether they are up to date. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MODULES } from '../src/modules/index.ts'
import { errorsPage } from './docs/errors-page.ts'
import { ModuleExamples } from './docs/module-examples.ts'
import { modulesPage } from './docs/modules-page.ts'

const root = join(import.meta.dirname, '..')

/** Every generated page by its path below the root of the repository. */
export function generatedPages(): Readonly<Record<string, string>> {
  return {
    'docs/modules.md': modulesPage(MODULES, new ModuleExamples(root)),
    'docs/errors.md': errorsPage(),
  }
}

function main(check: boolean): void {
  const stale: string[] = []
  for (const [path, text] of Object.entries(generatedPages())) {
    const file = join(root, path)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    stale.push(path)
    if (!check) writeFileSync(file, text)
  }
  if (stale.length === 0) console.log('All pages are up to date.')
  else
    console.log(`${check ? 'Not up to date (run npx tsx scripts/generate-docs.ts)' : 'Written'}: ${stale.join(', ')}`)
  if (check && stale.length > 0) process.exitCode = 1
}

if (process.argv[1] === import.meta.filename) main(process.argv.includes('--check'))
