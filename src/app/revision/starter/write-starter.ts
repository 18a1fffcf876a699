import { constants } from 'node:fs'
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Diagnostic, inputError } from '../../../core/diagnostic.ts'
import { jsonPage } from '../../json-document.ts'
import { SCHEMAS } from '../schemas.ts'
import type { CiSystem } from './ci-files.ts'
import { IGNORED, STARTER_SCHEMAS, starterFiles } from './starter-repository.ts'

export interface StarterOptions {
  readonly ci: readonly CiSystem[]
  /** Files in place of those of the same name; undefined leaves one out. */
  readonly instead?: Readonly<Record<string, string | undefined>>
}

export interface WrittenStarter {
  readonly folder: string
  readonly written: readonly string[]
  /** Were there, and are as they were. */
  readonly kept: readonly string[]
  /** A .gitignore of the user's own does not name what has to be ignored. */
  readonly ignoreMissing: boolean
  /** What could not be carried over from another tool. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Writes a repository to begin with; what is there stays as it is. Throws InputError where nothing can be written. */
export async function writeStarter(folder: string, options: StarterOptions): Promise<WrittenStarter> {
  const root = resolve(folder)
  const schemas = STARTER_SCHEMAS.map((name) => [`schemas/${name}.schema.json`, jsonPage(SCHEMAS[name])] as const)
  const files = { ...starterFiles(options.ci), ...Object.fromEntries(schemas), ...options.instead }
  const written: string[] = []
  const kept: string[] = []
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue
    const isNew = await writeNew(join(root, path), text)
    ;(isNew ? written : kept).push(path)
  }
  const ignore = await readFile(join(root, '.gitignore'), 'utf8')
  const ignoreMissing = !ignore.split(/\r?\n/).some((line) => line.trim().replace(/^\//, '') === IGNORED)
  return { folder: root, written, kept, ignoreMissing, diagnostics: [] }
}

/** False when something of that name is there. A file appears whole, and never takes the place of another. */
async function writeNew(file: string, text: string): Promise<boolean> {
  const partial = `${file}.${process.pid}.tmp`
  try {
    if (await stat(file).catch(() => undefined)) return false
    await mkdir(dirname(file), { recursive: true })
    await writeFile(partial, text)
    await copyFile(partial, file, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(file).catch(() => undefined))) return false
    const summary = `"${file}" cannot be written`
    const detail = `The system says ${code}. Check the folder, and that you may write there.`
    throw inputError('FILE_UNWRITABLE', summary, detail)
  } finally {
    await rm(partial, { force: true }).catch(() => undefined)
  }
}
