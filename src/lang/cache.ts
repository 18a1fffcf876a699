import { hash } from 'node:crypto'
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isOwn, makePrivateFolder } from '../files/private.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'

/**
 * Reads a file of the cache; undefined when there is none, or when it is not as it was written: its first line is the
 * digest of the rest, so that a half-written or rotten one is not believed.
 */
export function readSealed(file: string): Buffer | undefined {
  let bytes: Buffer
  try {
    bytes = readOwn(file)
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
    makePrivateFolder(dirname(file))
    try {
      writeFileSync(temporary, Buffer.concat([Buffer.from(seal(content)), content]), { mode: 0o600 })
      renameSync(temporary, file)
    } finally {
      rmSync(temporary, { force: true })
    }
    sweep(file)
  } catch {}
}

/** What others could have written is not believed. */
function readOwn(file: string): Buffer {
  if (!isOwn(statSync(file)) || !isOwn(statSync(dirname(file)))) throw new Error('others may write there')
  return readRegular(file, MOST_BYTES.document)
}

const ABANDONED_MS = 60_000

/** Removes what writers left that were killed. */
function sweep(file: string): void {
  const left = readdirSync(dirname(file)).filter(
    (name) => name.startsWith(`${basename(file)}.`) && name.endsWith('.tmp'),
  )
  for (const name of left) {
    const path = join(dirname(file), name)
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_MS) rmSync(path)
  }
}

const SEAL_LENGTH = 65

function seal(content: Uint8Array): string {
  return `${digest(content)}\n`
}

/** The digest of the sources, put in by the build: what one build found without fault another one checks again. */
declare const TILL_BUILD: string

/** To be raised when what is kept in the cache changes its form or its meaning. */
const FORMAT = 2

/** Who wrote to the cache, and by which rules; others do not believe it. */
export function cacheFormat(schema: object): string {
  const build = typeof TILL_BUILD === 'string' ? TILL_BUILD : digest(JSON.stringify(schema))
  return `till ${FORMAT} ${build}`
}

/** sha256 in hexadecimal. */
export function digest(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}
