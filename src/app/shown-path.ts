import { relative } from 'node:path'

/** A path as messages name it: from the folder in which the command was given. */
export function shownPath(path: string): string {
  return relative(process.cwd(), path) || path
}
