import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Somewhere to write text; resolves when more may follow. */
export interface Writer {
  write(text: string): void | Promise<void>
  /** Flushes; a file appears under its name only now, whole. */
  close(): Promise<void>
}

/** stdout with back-pressure. A reader that went away is no error: what it wanted, it has. */
export function stdoutWriter(): Writer {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    write(text) {
      if (process.stdout.destroyed || process.stdout.write(text)) return undefined
      return new Promise<void>((done) => {
        process.stdout.once('drain', done)
        process.stdout.once('close', done)
      })
    },
    async close() {},
  }
}

/** A file that is written beside its name and takes it when it is whole. */
export async function fileWriter(path: string): Promise<Writer> {
  const target = resolve(path)
  const partial = `${target}.partial-${process.pid}`
  await mkdir(dirname(target), { recursive: true })
  const stream = createWriteStream(partial, { mode: 0o600 })
  await new Promise<void>((opened, failed) => {
    stream.once('open', () => opened())
    stream.once('error', failed)
  })
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure = error
  })
  return {
    write(text) {
      if (failure) throw failure
      if (stream.write(text)) return undefined
      return new Promise<void>((done) => {
        stream.once('drain', done)
        stream.once('close', done)
      })
    },
    async close() {
      await new Promise<void>((done) => stream.end(() => done()))
      if (failure) {
        await rm(partial, { force: true })
        throw failure
      }
      await rename(partial, target)
    },
  }
}
