import { stateUnusable } from './state-unusable.ts'

/** Primary result codes of SQLite by number (sqlite.org/rescode.html); libsql does not know the names of all extended ones. */
const RESULT_CODES: Readonly<Record<number, string>> = {
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
}

/** What went wrong with the file, by code, and what to do about it. */
const CAUSES: Readonly<Record<string, readonly [problem: string, advice: string]>> = {
  SQLITE_NOTADB: [
    'is not a state file of Tillwright',
    'Move it away, or name another file as `state` in tillwright.yaml.',
  ],
  SQLITE_CORRUPT: [
    'is damaged',
    'End every process that uses it, put back a copy from a backup, and say `till state accept-restore`. Without one, move it away: a new one is made, which knows no history, holds or leases, nor which devices are in doubt.',
  ],
  SQLITE_FULL: ['cannot grow, the disk is full', 'Make room on the disk that holds it.'],
  SQLITE_BUSY: ['is locked by another process', 'See `till runs list` for runs in progress, and wait for them.'],
  SQLITE_READONLY: ['is read-only for you', 'Make the file and its folder writable for you.'],
  SQLITE_PERM: ['may not be opened by you', 'Make the file and its folder writable for you.'],
  SQLITE_CANTOPEN: ['cannot be opened', 'Make the file and its folder readable and writable for you.'],
  SQLITE_IOERR: ['could not be read or written', 'Check the disk that holds it.'],
  ENOTDIR: ['cannot be made, a part of its path is a file', 'Name another place as `state` in tillwright.yaml.'],
  ENOENT: ['cannot be made, a part of its path leads nowhere', 'Look for a broken symbolic link in its path.'],
  EISDIR: ['is a folder', 'Name a file as `state` in tillwright.yaml.'],
}

/** Other codes with the same cause. */
const ALIASES: Readonly<Record<string, string>> = {
  SQLITE_LOCKED: 'SQLITE_BUSY',
  EACCES: 'SQLITE_PERM',
  EPERM: 'SQLITE_PERM',
  EROFS: 'SQLITE_READONLY',
  EEXIST: 'ENOTDIR',
  ENOSPC: 'SQLITE_FULL',
  EDQUOT: 'SQLITE_FULL',
  EIO: 'SQLITE_IOERR',
}

function codeOf(error: unknown): string {
  const { rawCode, code, message } = error as { rawCode?: number; code?: string; message?: string }
  if (rawCode !== undefined) return RESULT_CODES[rawCode & 0xff] ?? ''
  // The one failure that libsql reports by its text alone.
  if (message?.startsWith('ConnectionFailed')) return 'SQLITE_CANTOPEN'
  return code ?? ''
}

/** Another process has a lock on the file. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_BUSY'
}

/** What `work` gives; throws InputError with STATE_UNUSABLE for what happens to the state file at `path` meanwhile. */
export function explained<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw unusable(path, error)
  }
}

/** What to throw for what happened to the state file at `path`; bugs of ours stay as they are. */
export function unusable(path: string, error: unknown): unknown {
  const code = codeOf(error)
  const cause = CAUSES[ALIASES[code] ?? code]
  return cause ? stateUnusable(`The state file "${path}" ${cause[0]} (${code})`, cause[1]) : error
}
