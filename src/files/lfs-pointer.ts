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
      return POINTER.test(bytes.toString('latin1', 0, readSync(opened, bytes, 0, MOST_BYTES, 0)))
    } finally {
      closeSync(opened)
    }
  } catch {
    return false
  }
}
