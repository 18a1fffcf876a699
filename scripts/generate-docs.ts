/** Writes the pages of `docs/` that are made from the code; `--check` only says whether they are up to date. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishedSchemas } from '../src/lang/schema/published.ts'
import { MODULES } from '../src/modules/index.ts'
import { commandsPage } from './docs/commands-page.ts'
import { errorsPage } from './docs/errors-page.ts'
import { ModuleExamples } from './docs/module-examples.ts'
import { modulesPage } from './docs/modules-page.ts'
import { referencePage } from './docs/reference-page.ts'

const root = join(import.meta.dirname, '..')

/** Every generated page by its path below the root of the repository. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/commands.md': await commandsPage(join(root, 'src/commands')),
    'docs/reference.md': referencePage(publishedSchemas(MODULES)),
    'docs/modules.md': modulesPage(MODULES, new ModuleExamples(root)),
    'docs/errors.md': errorsPage(),
  }
}

async function main(check: boolean): Promise<void> {
  const stale: string[] = []
  for (const [path, text] of Object.entries(await generatedPages())) {
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

if (process.argv[1] === import.meta.filename) await main(process.argv.includes('--check'))
