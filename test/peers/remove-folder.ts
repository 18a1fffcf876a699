import { readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Removes a folder, after what works in it has ended: a `till` that a test has left, and the commands that one which was killed had
 * begun, would go on writing into it.
 */
export async function removeFolder(folder: string): Promise<void> {
  for (let left = workingIn(folder); left.length > 0; left = workingIn(folder)) {
    for (const pid of left) end(pid)
    await delay(10)
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
}

/** Processes whose working directory is a folder or below it; one that has ended has none. */
function workingIn(folder: string): readonly number[] {
  const root = pathOr(folder, () => realpathSync(folder))
  return pids().filter((pid) => {
    const at = pathOr('', () => readlinkSync(`/proc/${pid}/cwd`))
    return at === root || at.startsWith(root + sep)
  })
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function pathOr(otherwise: string, read: () => string): string {
  try {
    return read()
  } catch {
    return otherwise
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
