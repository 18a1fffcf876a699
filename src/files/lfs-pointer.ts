import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

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

/** What is wrong with a file that is a pointer of Git LFS, and what to do. */
export const POINTER_WORDS = {
  message: (path: string): string => `"${path}" is a pointer of Git LFS: its content is not here.`,
  hint: '`git lfs pull` brings it to a work tree. A controller that follows a repository has no LFS: keep the file in git itself, or name one of that machine by its absolute path.',
} as const
