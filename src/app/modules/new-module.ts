import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import { STEP_KEYS } from '../../lang/schema/runbook.ts'
import { MODULES } from '../../modules/index.ts'
import { shownPath } from '../shown-path.ts'
import { caseText, moduleText } from './module-template.ts'

/**
 * Writes a module that works, and cases for it, to begin with.
 * @returns the files that were written, as messages name them
 * Throws InputError, before anything is written, for a name that cannot be, or where a file is there already.
 */
export function writeNewModule(folder: string, name: string): readonly string[] {
  checkName(name)
  const files = [
    { path: join(folder, `${name}.yaml`), text: moduleText(name) },
    { path: join(folder, `${name}.test.yaml`), text: caseText(name) },
  ]
  const taken = [...files.map(({ path }) => path), join(folder, `${name}.yml`)].filter((path) => existsSync(path))
  if (taken.length > 0) throw new InputError(taken.map(isThere))
  for (const { path, text } of files) write(path, text)
  return files.map(({ path }) => shownPath(path))
}

function checkName(name: string): void {
  const wrong = (code: Diagnostic['code'], summary: string, detail: string): never => {
    throw inputError(code, summary, detail)
  }
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(name)) {
    wrong(
      'USAGE_INVALID',
      `"${name}" is no name for a module`,
      'Small letters, digits, - and _, a letter first: till-licence.',
    )
  }
  if (MODULES.some((module) => module.name === name)) {
    wrong('MODULE_NAME_TAKEN', `There is a shipped module "${name}"`, 'Choose another name.')
  }
  if (name in STEP_KEYS) wrong('MODULE_NAME_TAKEN', `"${name}" is a key of steps`, 'Choose another name.')
}

function isThere(path: string): Diagnostic {
  const summary = `"${shownPath(path)}" is there already`
  return { code: 'FILE_UNWRITABLE', severity: 'error', summary, detail: 'Nothing was written. Choose another name.' }
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    const summary = `"${shownPath(path)}" cannot be written: ${(error as NodeJS.ErrnoException).code}`
    const detail = 'Check the folder, and that you may write there.'
    throw inputError('FILE_UNWRITABLE', summary, detail)
  }
}
