import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { answersSignal } from './answers-signal.ts'
import { textOrNothing } from './read-regular.ts'

/** Whoever holds a lock only reads and writes one small file. */
const GIVE_UP_MS = 30_000

/**
 * Changes a file that other processes may change at the same time: takes its lock, reads what it holds by now ('' where
 * there is none), and puts what `edit` makes of it in its place, whole or not at all. A link stays a link: what it leads to
 * is changed. Throws what the system says, and an error with the code ELOCKED when another process holds it too long.
 */
export async function editFile(
  path: string,
  edit: (before: string) => string,
  options: { readonly mode: number },
): Promise<void> {
  const target = targetOf(path)
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
  const unlock = await lock(target)
  try {
    const before = textOrNothing(target)
    const after = edit(before)
    if (after !== before) replaceFile(target, after, options)
  } finally {
    unlock()
  }
}

/**
 * Writes a file whole or not at all, for those who read at this moment too. What a link leads to is replaced, not the
 * link; a file that is there keeps its mode.
 */
export function replaceFile(path: string, content: string | Uint8Array, options: { readonly mode: number }): void {
  const target = targetOf(path)
  const next = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const mode = statSync(target, { throwIfNoEntry: false })?.mode
  try {
    const file = openSync(next, 'wx', options.mode)
    try {
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (mode !== undefined) chmodSync(next, mode & 0o777)
    renameSync(next, target)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
}

/** What a path leads to, also where that is not there yet. */
function targetOf(path: string): string {
  let target = resolve(path)
  for (let steps = 0; steps < 40; steps++) {
    try {
      return realpathSync(target)
    } catch (error) {
      const next = linkAt(target)
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || next === undefined) return target
      target = resolve(dirname(target), next)
    }
  }
  return target
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

async function lock(target: string): Promise<() => void> {
  const path = `${target}.lock`
  const mine = `${process.pid} ${startOf(process.pid)} ${hostname()} ${randomBytes(8).toString('hex')}\n`
  const giveUpAt = performance.now() + GIVE_UP_MS
  while (!tryLock(path, mine)) {
    removeStale(path)
    if (performance.now() > giveUpAt) {
      const message = `"${path}" is held by process ${textAt(path)?.split(' ')[0] ?? '?'}; remove it if that is not so`
      throw Object.assign(new Error(message), { code: 'ELOCKED' })
    }
    await delay(5 + Math.random() * 20)
  }
  return () => {
    if (textAt(path) === mine) rmSync(path, { force: true })
  }
}

/** Its content is there at once: a lock without would look like one of nobody. */
function tryLock(path: string, mine: string): boolean {
  const own = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(own, mine, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

/** Of a process of this machine that is no more. Who moves away a lock that was taken meanwhile puts it back. */
function removeStale(path: string): void {
  const seen = textAt(path)
  const [pid = '', start = '', host = ''] = seen?.trim().split(' ') ?? []
  if (seen === undefined || host !== hostname() || startOf(Number(pid)) === start) return
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(path, aside)
    if (textAt(aside) !== seen) linkSync(aside, path)
  } catch {
    // Somebody else was quicker.
  } finally {
    rmSync(aside, { force: true })
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** When a process began, in ticks since the boot; `gone` when it is not there, `?` where that cannot be seen. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '?'
  } catch {
    return answersSignal(pid) ? '?' : 'gone'
  }
}
