import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonValue } from '../core/json.ts'

const UNUSED_MS = 7 * 86_400_000

/** Compiled forms of files by what they were compiled from. Always safe to delete; nothing in it is ever needed. */
export interface CompileCache {
  /** The entry of a key; undefined when there is none, or when it is not as it was written. */
  read(key: string): Promise<JsonValue | undefined>
  /** Written whole or not at all. That it cannot be written (disk full, no permission) is no error: it is only a cache. */
  write(key: string, value: JsonValue): Promise<void>
  /** Removes what was not used for a week, keeping `keys`. */
  prune(keys: ReadonlySet<string>): Promise<void>
}

/** A cache in a folder, which is made when something is written. Keys are hexadecimal digests. */
export function openCache(folder: string): CompileCache {
  const fileOf = (key: string): string => join(folder, `${key}.json`)
  return {
    async read(key) {
      const content = await readFile(fileOf(key), 'utf8').catch(() => undefined)
      return content === undefined ? undefined : unseal(content)
    },
    async write(key, value) {
      const temporary = join(folder, `.${key}.${process.pid}.tmp`)
      try {
        await mkdir(folder, { recursive: true })
        await writeFile(temporary, seal(JSON.stringify(value)))
        await rename(temporary, fileOf(key))
      } catch {
        await unlink(temporary).catch(() => undefined)
      }
    },
    async prune(keys) {
      const names = await readdir(folder).catch(() => [])
      const oldest = Date.now() - UNUSED_MS
      for (const name of names) {
        if (keys.has(name.replace(/\.json$/, ''))) continue
        const file = join(folder, name)
        const modified = await stat(file).then(
          (found) => found.mtimeMs,
          () => Date.now(),
        )
        if (modified < oldest) await unlink(file).catch(() => undefined)
      }
    },
  }
}

/** The first line is the digest of the rest: a half-written or rotten entry is not believed. */
function seal(text: string): string {
  return `${digest(text)}\n${text}`
}

function unseal(content: string): JsonValue | undefined {
  const end = content.indexOf('\n')
  const text = content.slice(end + 1)
  return end > 0 && content.slice(0, end) === digest(text) ? (JSON.parse(text) as JsonValue) : undefined
}

/** sha256 in hexadecimal. */
export function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
