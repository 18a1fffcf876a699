import { InputError } from '../../core/diagnostic.ts'
import { publishedSchemas } from '../../lang/schema/published.ts'
import { MODULES } from '../../modules/index.ts'
import { openProject } from '../project.ts'

/** Every published JSON Schema by its name, as `till schema NAME` prints it outside of a repository. */
export const SCHEMAS: Readonly<Record<string, object>> = publishedSchemas(MODULES)

/**
 * A schema as it is in the repository at a folder: that of runbooks knows the modules of its own. Throws InputError where
 * one of those is broken, or the repository is; no repository is no fault.
 */
export async function schemaIn(folder: string, name: string): Promise<object | undefined> {
  if (name !== 'runbook') return SCHEMAS[name]
  const project = await openProject(folder).catch((error: unknown) => {
    if (error instanceof InputError && error.diagnostics.some(({ code }) => code === 'PROJECT_UNKNOWN'))
      return undefined
    throw error
  })
  const modules = project?.modules()
  if (!modules || modules.own.length + modules.diagnostics.length === 0) return SCHEMAS[name]
  if (modules.diagnostics.length > 0) throw new InputError(modules.diagnostics)
  return publishedSchemas(modules.all)[name]
}
