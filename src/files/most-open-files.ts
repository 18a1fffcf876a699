import { readdirSync, readFileSync } from 'node:fs'

/** How many files this process may have open, connections among them; undefined where that cannot be known (Linux alone tells). */
export function mostOpenFiles(): number | undefined {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}

/** How many more files this process may open now; undefined where that cannot be known. */
export function filesLeft(): number | undefined {
  const most = mostOpenFiles()
  if (most === undefined || Number.isNaN(most)) return undefined
  try {
    return Math.max(0, most - readdirSync('/proc/self/fd').length)
  } catch {
    return 0
  }
}
