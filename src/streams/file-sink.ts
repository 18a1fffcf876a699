import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Message } from './message.ts'
import { held, type SendResult, type Sink, taken } from './sink.ts'

const BATCH = 1_000
const MEGABYTE = 1_000_000
const NEWLINE = 0x0a

/** Lines of JSON in a file, which is renamed to FILE.1, FILE.2 … when it has grown to its size. What is taken is on disk. */
export class FileSink implements Sink {
  readonly batch = BATCH
  readonly #path: string
  readonly #most: number
  readonly #files: number
  #file: FileHandle | undefined
  #size = 0

  constructor(path: string, limits: { readonly megabytes: number; readonly files: number }) {
    this.#path = path
    this.#most = limits.megabytes * MEGABYTE
    this.#files = limits.files
  }

  async send(messages: readonly Message[]): Promise<SendResult> {
    try {
      const lines = Buffer.from(messages.map(({ body }) => `${body}\n`).join(''))
      if (this.#file && !(await this.#isInPlace(this.#file))) await this.close()
      if (this.#file && this.#size > 0 && this.#size + lines.length > this.#most) await this.#rotate()
      this.#file ??= await this.#open()
      const { written, error } = await writeAll(this.#file, lines)
      await this.#file.datasync()
      this.#size += written
      if (!error) return taken(messages)
      // The begin of a line stays until the file is opened again, which takes it away.
      await this.close()
      return { settled: linesIn(lines.subarray(0, written)), refused: [], trouble: `${this.#path}: ${error.message}` }
    } catch (error) {
      await this.close()
      return held(`${this.#path}: ${(error as Error).message}`)
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => undefined)
  }

  /** A last line without its end was written by a process that died in the middle: it comes again whole. */
  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true })
    const file = await open(this.#path, 'a+', 0o600)
    try {
      const { size } = await file.stat()
      this.#size = await endOfLines(file, size)
      if (this.#size < size) await file.truncate(this.#size)
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Others may have renamed, deleted or cut the file: what is written into one that is away nobody finds. */
  async #isInPlace(file: FileHandle): Promise<boolean> {
    const own = await file.stat({ bigint: true })
    const there = await stat(this.#path, { bigint: true }).catch(ifMissing)
    this.#size = Number(own.size)
    return there?.ino === own.ino && there.dev === own.dev
  }

  async #rotate(): Promise<void> {
    await this.close()
    await rm(`${this.#path}.${this.#files}`, { force: true })
    for (let number = this.#files - 1; number >= 1; number -= 1) {
      await rename(`${this.#path}.${number}`, `${this.#path}.${number + 1}`).catch(ifMissing)
    }
    if (this.#files > 0) await rename(this.#path, `${this.#path}.1`).catch(ifMissing)
    else await rm(this.#path, { force: true })
  }
}

/** A disk that becomes full takes a part of what is written, and says so only to the next write (write(2)). */
async function writeAll(
  file: FileHandle,
  bytes: Buffer,
): Promise<{ readonly written: number; readonly error?: NodeJS.ErrnoException }> {
  let written = 0
  try {
    while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten
    return { written }
  } catch (error) {
    return { written, error: error as NodeJS.ErrnoException }
  }
}

function linesIn(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}

const BLOCK = 64 * 1024

/** Where the last whole line ends. */
async function endOfLines(file: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    const begin = Math.max(0, end - BLOCK)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - begin), 0, end - begin, begin)
    const at = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (at >= 0) return begin + at + 1
    end = begin
  }
  return 0
}
