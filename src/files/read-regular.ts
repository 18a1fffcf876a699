import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  type ReadStream,
  readSync,
  type Stats,
} from 'node:fs'

export const MIB = 1024 * 1024

/** Sizes that no honest file of its kind has, in bytes. */
export const MOST_BYTES = { yaml: 64 * MIB, text: 64 * MIB, document: 480 * MIB, secret: MIB } as const

/**
 * The bytes of a file that a user names. Only of a regular file (links are followed): a pipe would make this wait, a
 * device never ends. Looked at before it is read, and never read beyond `most` bytes.
 * Throws an error with `code`: that of the system, ENOTFILE, or EFBIG.
 */
export function readRegular(path: string, most: number): Buffer {
  const { file, stat } = openRegular(path)
  try {
    if (stat.size > most) throw tooLarge(most)
    return readAll(file, { size: stat.size, most })
  } finally {
    closeSync(file)
  }
}

/** The bytes of a regular file however large it is, one piece after another; `end` is the last of them. Throws as `readRegular`. */
export function streamRegular(path: string, part: { readonly start?: number; readonly end?: number } = {}): ReadStream {
  return createReadStream(path, { ...part, fd: openRegular(path).file })
}

function openRegular(path: string): { readonly file: number; readonly stat: Stats } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stat = fstatSync(file)
    if (stat.isDirectory()) throw refused('EISDIR', 'it is a folder')
    if (!stat.isFile()) throw refused('ENOTFILE', 'it is a pipe, socket or device, and no file')
    return { file, stat }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** Text of a file of people; none where there is no such file. Throws as `readRegular`. */
export function textOrNothing(path: string): string {
  try {
    return readRegular(path, MOST_BYTES.text).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** The size may be 0, as in /proc, or grow meanwhile. */
function readAll(file: number, { size, most }: { readonly size: number; readonly most: number }): Buffer {
  const chunks: Buffer[] = []
  let total = 0
  for (let room = size + 1; ; room = MIB) {
    const chunk = Buffer.allocUnsafe(Math.min(room, most + 1 - total))
    const length = readSync(file, chunk, 0, chunk.length, null)
    // One read is the rule; it is not copied.
    if (length === 0) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, total)
    chunks.push(chunk.subarray(0, length))
    total += length
    if (total > most) throw tooLarge(most)
  }
}

function tooLarge(most: number): Error {
  return refused('EFBIG', `it is larger than ${Math.round(most / MIB)} MiB`)
}

function refused(code: string, why: string): Error {
  return Object.assign(new Error(why), { code })
}
