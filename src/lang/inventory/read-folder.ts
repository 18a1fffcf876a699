import { join } from 'node:path'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { listFiles } from '../../files/list-files.ts'
import { MIB, MOST_BYTES, readRegular } from '../../files/read-regular.ts'

/** The bytes of one file of a folder. */
export interface FolderFile {
  /** Path below the folder, with `/`. */
  readonly name: string
  readonly file: string
  readonly bytes: Uint8Array
}

/**
 * Reads every YAML file in a folder and the folders below it, in the order of their names; links are followed, hidden files
 * are left out.
 */
export function readYamlFolder(folder: string): {
  readonly files: readonly FolderFile[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const files: FolderFile[] = []
  const { names, unread } = listFiles(folder)
  const diagnostics = unread.map(({ name, error }) => unreadable(join(folder, name), reasonOf(error)))
  for (const name of names) {
    if (!/\.ya?ml$/i.test(name)) continue
    const file = join(folder, name)
    try {
      files.push({ name, file, bytes: readRegular(file, MOST_BYTES.yaml) })
    } catch (error) {
      const isLarge = (error as NodeJS.ErrnoException).code === 'EFBIG'
      diagnostics.push(isLarge ? tooLarge(file) : unreadable(file, reasonOf(error)))
    }
  }
  return { files, diagnostics }
}

/** Why the system does not let a file or folder be read, in words. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'It does not exist.',
    ENOTDIR: 'It is not a folder.',
    ENXIO: 'It is not a regular file.',
    ENOTFILE: 'It is not a regular file.',
    EISDIR: 'It is a folder.',
    EMFILE: 'This process has too many files open: raise the limit (`ulimit -n 4096`).',
    EACCES: 'You may not read it.',
    ELOOP: 'Its symbolic links lead in a circle.',
  }
  return known[code ?? ''] ?? `The system says ${code ?? String(error)}.`
}

function unreadable(file: string, detail: string): Diagnostic {
  return {
    code: 'FILE_UNREADABLE',
    severity: 'error',
    summary: `"${file}" cannot be read`,
    detail,
    source: start(file),
  }
}

function tooLarge(file: string): Diagnostic {
  const detail = `It has more than ${MOST_BYTES.yaml / MIB} MiB. Split it into several files.`
  return {
    code: 'YAML_LIMIT_EXCEEDED',
    severity: 'error',
    summary: 'The file is too large',
    detail,
    source: start(file),
  }
}

function start(file: string): NonNullable<Diagnostic['source']> {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1 }
}
