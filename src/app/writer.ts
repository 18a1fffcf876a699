import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  createWriteStream,
  fstatSync,
  openSync,
  rmSync,
  type WriteStream,
  writeSync,
} from 'node:fs'
import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { inputError } from '../core/diagnostic.ts'
import { DAY_MS } from '../core/duration.ts'
import { EXIT } from '../core/outcome.ts'
import { answersSignal } from '../files/answers-signal.ts'

/** Somewhere to write text; resolves when more may follow. */
export interface Writer {
  /** Never fails: a full disk must not stop a run in the middle of a change. */
  write(text: string | Uint8Array): void | Promise<void>
  /** Flushes; a file appears under its name only now, whole. Throws UnwritableError when text was lost. */
  close(): Promise<void>
}

/** Of a file: what was begun can be taken back. */
export interface FileWriter extends Writer {
  /** What is written now is lost; for those who write long and need not go on. */
  readonly failed: boolean
  /** In the place of `close`: nothing of it is left. */
  abandon(): Promise<void>
}

export interface Lost {
  readonly what: string
  readonly cause: NodeJS.ErrnoException
}

/** What was to be written is lost, a file or several; what was done is not, and the history of runs has it. */
export class UnwritableError extends Error {
  readonly lost: readonly Lost[]

  constructor(lost: readonly Lost[]) {
    super(lost.map(({ what, cause }) => `${what} cannot be written: ${reasonOf(cause)}`).join('\nerror '))
    this.lost = lost
  }
}

let stdoutIsBegun = false

/** Something of a run stands on stdout: another document behind it would make both unreadable. */
export function isStdoutBegun(): boolean {
  return stdoutIsBegun
}

/** stdout with back-pressure. Whether it took everything is told by `watchOutput` at the end of the process. */
export function stdoutWriter(): Writer {
  return {
    write(text) {
      stdoutIsBegun = true
      if (process.stdout.destroyed || process.stdout.write(text)) return undefined
      return drained(process.stdout)
    },
    async close() {},
  }
}

/**
 * Takes over the errors of stdout and stderr for the whole process. A reader that went away is none: what it wanted, it
 * has. Any other (a full disk) must not end a run in the middle of a change; of stdout it is told at the end, with exit
 * code 1. Where stderr cannot be written, there is nobody to tell.
 */
export function watchOutput(): void {
  process.stderr.on('error', () => undefined)
  let failure: NodeJS.ErrnoException | undefined
  process.stdout.removeAllListeners('error')
  writeWhole()
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
  })
  process.on('exit', () => {
    if (!failure) return
    process.stderr.write(`error ${new UnwritableError([{ what: 'stdout', cause: failure }]).message}\n`)
    process.exitCode = EXIT.bug
  })
}

/** Resolves when stdout has taken all that was written, or can take nothing any more: oclif waits for a drain that never comes there. */
export function stdoutFlushed(): Promise<void> {
  return new Promise((done) => {
    process.stdout.write('', () => done())
  })
}

/** To a file Node.js writes once, and takes no note of how much of it a disk that becomes full has taken (write(2)). */
function writeWhole(): void {
  if (!fstatSync(process.stdout.fd).isFile()) return
  process.stdout._write = (chunk: string | Uint8Array, encoding, done) => {
    try {
      let left = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
      while (left.length > 0) left = left.subarray(writeSync(process.stdout.fd, left))
      done()
    } catch (error) {
      done(error as NodeJS.ErrnoException)
    }
  }
}

/**
 * A file that is written beside its name and takes it when it is whole; a device or a pipe is written as it comes.
 * Folders above it are made. Throws InputError (FILE_UNWRITABLE), before anything is written, when it cannot be.
 */
export async function fileWriter(path: string): Promise<FileWriter> {
  const { stream, finish } = await openForWriting(path).catch((error: NodeJS.ErrnoException) => {
    const summary = `"${path}" cannot be written: ${reasonOf(error)}`
    throw inputError('FILE_UNWRITABLE', summary, 'Name another file.')
  })
  let failure: NodeJS.ErrnoException | undefined
  stream.on('error', (error) => {
    failure ??= error
  })
  return {
    get failed() {
      return failure !== undefined
    },
    write(text) {
      if (failure || stream.write(text)) return undefined
      return drained(stream)
    },
    async close() {
      if (!stream.destroyed) {
        await new Promise<void>((done) => {
          // The end is told before the error event that belongs to it.
          stream.end((error?: NodeJS.ErrnoException | null) => {
            failure ??= error ?? undefined
            done()
          })
        })
      }
      await finish(failure === undefined).catch((error) => {
        failure ??= error
      })
      if (failure) throw new UnwritableError([{ what: `"${path}"`, cause: failure }])
    },
    async abandon() {
      stream.destroy()
      await finish(false).catch(() => undefined)
    },
  }
}

/** Opening a pipe waits until somebody reads it, for good if need be (fifo(7)): one that nobody reads is refused. */
async function openedPipe(path: string): Promise<WriteStream> {
  const waitsForNobody = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    return await opened(path)
  } finally {
    // Not before: a reader whose only writer leaves takes it for the end.
    closeSync(waitsForNobody)
  }
}

interface OpenedFile {
  readonly stream: WriteStream
  /** Gives the file its name, or takes away what there is of it. */
  readonly finish: (whole: boolean) => Promise<void>
}

async function openForWriting(path: string): Promise<OpenedFile> {
  if (path === '') throw Object.assign(new Error(), { code: 'ENOENT' })
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
  // Taking the name of /dev/null would be the end of it.
  if (there && !there.isFile()) {
    const stream = await (there.isFIFO() ? openedPipe(path) : opened(path))
    return { stream, finish: async () => undefined }
  }
  await mkdir(dirname(resolve(path)), { recursive: true })
  const target = there ? await realpath(path) : join(await realpath(dirname(resolve(path))), basename(path))
  if (partials.has(target)) throw new Error('another output of this command goes to the same file')
  // Processes in containers that share a volume may have the same number.
  const partial = `${target}.partial-${process.pid}-${randomBytes(3).toString('hex')}`
  const stream = await opened(partial)
  await removeAbandoned(target)
  if (partials.size === 0) process.once('exit', removePartials)
  partials.set(target, partial)
  const finish = async (whole: boolean): Promise<void> => {
    partials.delete(target)
    await (whole ? rename(partial, target) : rm(partial, { force: true }))
  }
  return { stream, finish }
}

/**
 * What processes that were killed have left of this file. Others of containers that share a volume cannot be asked: theirs must be old too.
 */
async function removeAbandoned(target: string): Promise<void> {
  const folder = dirname(target)
  const head = `${basename(target)}.partial-`
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid] = /^(\d+)-[0-9a-f]{6}$/.exec(name.startsWith(head) ? name.slice(head.length) : '') ?? []
    if (pid === undefined || answersSignal(Number(pid))) continue
    const left = join(folder, name)
    const there = await stat(left).catch(() => undefined)
    if (there && Date.now() - there.mtimeMs > DAY_MS) await rm(left, { force: true }).catch(() => undefined)
  }
}

/** Of files that are being written, by what they will be. */
const partials = new Map<string, string>()

/** What was begun, and came to no end as the command could not. */
function removePartials(): void {
  for (const partial of partials.values()) rmSync(partial, { force: true })
}

async function opened(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { mode: 0o600 })
  await new Promise<void>((done, failed) => {
    stream.once('open', () => done())
    stream.once('error', failed)
  })
  return stream
}

function drained(stream: WriteStream | NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done).off('error', done)
      resolve()
    }
    stream.on('drain', done).on('close', done).on('error', done)
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  ENOENT: 'the folder is not there and cannot be made',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENXIO: 'nobody reads from this pipe yet',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const code = error.code ?? error.message
  const reason = REASONS[code]
  return reason === undefined ? code : `${reason} (${code})`
}
