import { existsSync } from 'node:fs'
import { InputError, inputError } from '../../core/diagnostic.ts'
import type { UserModule } from '../../core/user-module.ts'
import { openProject } from '../project.ts'
import { openModules, type RepositoryModules } from '../revision/repository-modules.ts'
import { findModule } from './module-view.ts'
import { casesFileOf } from './test/test-modules.ts'

/** The modules of the repository at or above a folder; outside of one, those that are shipped. */
export async function modulesHere(folder: string | undefined): Promise<RepositoryModules> {
  try {
    return (await openProject(folder ?? process.cwd())).modules()
  } catch (error) {
    const none = error instanceof InputError && error.diagnostics.some(({ code }) => code === 'PROJECT_UNKNOWN')
    if (none && folder === undefined) return openModules(undefined)
    throw error
  }
}

/**
 * The module of that name, or all of the repository's own. Throws InputError where one is broken, where it is no module
 * of the repository, and where there are no cases: nothing that was tried must not pass for a success.
 */
export function modulesToTest(modules: RepositoryModules, name: string | undefined): readonly UserModule[] {
  if (name === undefined && modules.diagnostics.length > 0) throw new InputError(modules.diagnostics)
  const chosen = name === undefined ? modules.own : [ownModule(modules, name)]
  if (chosen.some((module) => existsSync(casesFileOf(module)))) return chosen
  const what = name === undefined ? 'No module of this repository has cases' : `The module "${name}" has no cases`
  const where = chosen.map(casesFileOf)
  const detail =
    where.length > 0
      ? `They stand in ${where.join(', ')}. \`till module new\` writes some to begin with.`
      : 'There are no modules. `till module new NAME` writes one, with cases, to begin with.'
  throw inputError('MODULE_CASES_MISSING', what, detail)
}

function ownModule(modules: RepositoryModules, name: string): UserModule {
  const { own } = findModule(modules, name)
  if (own) return own
  const summary = `"${name}" is a shipped module`
  const detail = 'Its tests are a part of Tillwright. Name one of the repository’s own.'
  throw inputError('MODULE_CASES_MISSING', summary, detail)
}
