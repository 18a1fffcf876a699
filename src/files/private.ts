import { chmodSync, mkdirSync, statSync } from 'node:fs'

const OTHERS_WRITE = 0o022

/** Whether nobody but this user (and root) could have written a file or changed what is in a folder. */
export function isOwn(stat: { readonly uid: number; readonly mode: number }): boolean {
  return (stat.uid === process.getuid?.() || stat.uid === 0) && (stat.mode & OTHERS_WRITE) === 0
}

/** Makes a folder that only this user may enter, whatever the umask is; one that is there stays as it is. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/**
 * Takes away the right of others to write to what is ours, and says so; undefined where nothing was to be done. What is
 * somebody else's is left as it is.
 */
export function madePrivate(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat || (stat.mode & OTHERS_WRITE) === 0 || stat.uid !== process.getuid?.()) return undefined
  const mode = stat.isDirectory() ? 0o700 : 0o600
  chmodSync(path, mode)
  return `Others could write to "${path}" (mode ${octal(stat.mode)}); it is ${octal(mode)} now. Look whether you trust what is in it.`
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
