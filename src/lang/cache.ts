import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Reads a file of the cache; undefined when there is none, or when it is not as it was written: its first line is the
 * digest of the rest, so that a half-written or rotten one is not believed.
 */
export function readSealed(file: string): Buffer | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    return undefined
  }
  const rest = bytes.subarray(SEAL_LENGTH)
  return bytes.toString('latin1', 0, SEAL_LENGTH) === seal(rest) ? rest : undefined
}

/**
 * Writes a file of the cache, whole or not at all. That it cannot be written (disk full, no permission) is no error:
 * it is only a cache.
 */
export function writeSealed(file: string, content: Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(file), { recursive: true })
    try {
      writeFileSync(temporary, Buffer.concat([Buffer.from(seal(content)), content]))
      renameSync(temporary, file)
    } finally {
      rmSync(temporary, { force: true })
    }
  } catch {}
}

const SEAL_LENGTH = 65

function seal(content: Uint8Array): string {
  return `${digest(content)}\n`
}

/** sha256 in hexadecimal. */
export function digest(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}
