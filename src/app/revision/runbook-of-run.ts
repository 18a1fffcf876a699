import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { InputError } from '../../core/diagnostic.ts'
import type { RunbookReference } from '../../core/events.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { Project } from '../project.ts'
import { nameIn, openRunbook, runbookFiles, textParams } from './runbooks.ts'

const YAML = /\.ya?ml$/

/**
 * The runbook that a run had, in whatever file of the repository it is by now: a run knows it by what it calls itself, which its
 * file need not be called. `another`: there is one of that name, and it is not the same.
 */
export function runbookOfRun(
  project: Project,
  { name, given = {}, digest }: RunbookReference,
): Runbook | 'another' | undefined {
  let found: 'another' | undefined
  const isCalled = (file: string): boolean => (nameIn(file) ?? basename(file).replace(YAML, '')) === name
  for (const file of new Set([...runbookFiles(project), ...yamlFiles(project)])) {
    if (!isCalled(file)) continue
    const runbook = opened(project, file, textParams(given))
    if (runbook?.digest === digest) return runbook
    found = 'another'
  }
  return found
}

/** All YAML files of the repository, but for those of the inventory, of which there are thousands. */
function* yamlFiles(project: Project, folder = project.root): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isFile() && YAML.test(entry.name)) yield path
    const isOther = entry.name.startsWith('.') || entry.name === 'node_modules' || path === project.paths.inventory
    if (entry.isDirectory() && !isOther) yield* yamlFiles(project, path)
  }
}

/** One that cannot be read as a runbook, or takes other parameters by now, is not the same. */
function opened(project: Project, file: string, params: Readonly<Record<string, string>>): Runbook | undefined {
  try {
    return openRunbook(project, file, params)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
