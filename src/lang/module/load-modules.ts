import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type LoadedModule, loadModule } from './load-module.ts'

const MODULE_FILE = /(?<!\.test)\.ya?ml$/

/**
 * Every module of a folder, in the order of their names; none when there is no such folder. Cases to test them by
 * (`NAME.test.yaml`) and what is no file are passed over.
 * @param show how a file is named in messages, by its path
 */
export function loadModules(
  folder: string,
  options: { readonly shipped: readonly string[]; readonly show: (path: string) => string },
): readonly LoadedModule[] {
  const seen = new Set<string>()
  return moduleFiles(folder).map((file) => {
    const loaded = loadModule(options.show(join(folder, file)), options.shipped)
    if (!seen.has(loaded.name)) {
      seen.add(loaded.name)
      return loaded
    }
    const summary = `There are two files for the module "${loaded.name}"`
    const detail = 'One ends in .yaml, the other in .yml. Keep one of them.'
    const source = { file: loaded.file, line: 1, column: 1, endLine: 1, endColumn: 1 }
    const { name } = loaded
    return {
      name,
      file: loaded.file,
      diagnostics: [{ code: 'MODULE_NAME_TAKEN', severity: 'error', summary, detail, source }],
    }
  })
}

function moduleFiles(folder: string): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names
    .filter((name) => MODULE_FILE.test(name))
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() !== false)
    .sort()
}
