import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { Failure } from '../core/failure.ts'

/** A pointer "must be less than 1024 bytes in size" (github.com/git-lfs/git-lfs, docs/spec.md). */
const MOST_BYTES = 1023
/** The version comes first, by its address today or by that of the time before the first release (the same file); then the other keys. */
const POINTER =
  /^version https:\/\/(git-lfs|hawser)\.github\.com\/spec\/v1\r?\n(?:[a-z0-9.-]+ [^\r\n]+\r?\n)*oid [a-z0-9]+:[0-9a-f]+\r?\n/

/** Whether a file is what git keeps in the place of one whose content is with Git LFS. What cannot be read is none. */
export function isLfsPointer(file: string): boolean {
  try {
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      const stat = fstatSync(opened)
      if (!stat.isFile() || stat.size > MOST_BYTES) return false
      const bytes = Buffer.alloc(MOST_BYTES)
      return isPointerText(bytes.toString('latin1', 0, readSync(opened, bytes, 0, MOST_BYTES, 0)))
    } finally {
      closeSync(opened)
    }
  } catch {
    return false
  }
}

/** The same of the text of a file. */
export function isPointerText(text: string): boolean {
  return text.length <= MOST_BYTES && POINTER.test(text)
}

/** What to do about a file that is a pointer of Git LFS. */
export const POINTER_HINT =
  '`git lfs pull` brings it to a work tree. A controller that follows a repository has no LFS: keep the file in git itself, or name one of that machine by its absolute path.'

/** What is wrong where a file is to be checked that is one. */
export function pointerDiagnostic(path: string): Pick<Diagnostic, 'code' | 'severity' | 'summary' | 'hint'> {
  return { code: 'FILE_IS_POINTER', severity: 'error', summary: summaryOf(path), hint: POINTER_HINT }
}

/** How it ends where its content is needed. */
export function pointerFailure(path: string): Failure {
  return { code: 'FILE_IS_POINTER', phase: 'resolve', message: `${summaryOf(path)}.`, hint: POINTER_HINT }
}

function summaryOf(path: string): string {
  return `"${path}" is a pointer of Git LFS: its content is not here`
}
