import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { UploadSink } from './interpreter.ts'

/** What Windows says when it refuses, in the words of .NET. */
export class WindowsError extends Error {
  override readonly name = 'WindowsError'
}

const FULL = 'There is not enough space on the disk.'
const NO_NAME = /[<>:"|?*\p{Cc}]/u

/**
 * The disk C: of a device, in a folder of the sandbox: names are the same whatever their case, and nothing leads out of
 * it. Other drives are not there.
 */
export class WindowsFiles {
  readonly #root: string
  readonly #isFull: () => boolean
  readonly #changed: () => void

  constructor(root: string, more: { readonly isFull: () => boolean; readonly changed: () => void }) {
    this.#root = root
    this.#isFull = more.isFull
    this.#changed = more.changed
  }

  /** The path as Windows writes it: whole, with backslashes, and what is there in its own case. */
  fullPath(path: string): string {
    const drive = /^([A-Za-z]):[\\/]/.exec(path)?.[1]
    if (drive === undefined) throw new WindowsError("The given path's format is not supported.")
    return `${drive.toUpperCase()}:\\${partsOf(path).join('\\')}`
  }

  kindOf(path: string): 'absent' | 'file' | 'directory' {
    const stats = lstatSync(this.#hostPath(path), { throwIfNoEntry: false })
    if (!stats) return 'absent'
    return stats.isDirectory() ? 'directory' : 'file'
  }

  sizeOf(path: string): number {
    return statSync(this.#hostPath(path)).size
  }

  modifiedAt(path: string): Date {
    return statSync(this.#hostPath(path)).mtime
  }

  /** Rejects what is not there as .NET does. */
  read(path: string): Buffer {
    const kind = this.kindOf(path)
    if (kind === 'absent') throw new WindowsError(`Could not find file '${this.fullPath(path)}'.`)
    if (kind === 'directory') throw new WindowsError(`Access to the path '${this.fullPath(path)}' is denied.`)
    return readFileSync(this.#hostPath(path))
  }

  /** Names in a folder. */
  list(path: string): readonly string[] {
    return readdirSync(this.#hostPath(path)).sort()
  }

  write(path: string, content: Uint8Array): void {
    const sink = this.sink(path, 'w')
    const problem = (content.length > 0 ? sink.write(Buffer.from(content)) : undefined) ?? sink.close(true)
    if (problem !== undefined) throw new WindowsError(problem)
  }

  makeFolder(path: string): void {
    if (this.#isFull()) throw new WindowsError(FULL)
    mkdirSync(this.#hostPath(path), { recursive: true })
    this.#changed()
  }

  /** What is at `to` is replaced. */
  move(from: string, to: string): void {
    renameSync(this.#hostPath(from), this.#hostPath(to))
    this.#changed()
  }

  remove(path: string): void {
    rmSync(this.#hostPath(path), { recursive: true, force: true })
    this.#changed()
  }

  /** Takes a file piece by piece. `wx`: it must be new. */
  sink(path: string, flags: 'w' | 'wx'): UploadSink {
    let file: number | undefined
    let problem: string | undefined
    try {
      file = this.#open(path, flags)
    } catch (error) {
      problem = (error as Error).message
    }
    const close = (): void => {
      if (file !== undefined) closeSync(file)
      file = undefined
    }
    return {
      write: (bytes) => {
        if (problem !== undefined || file === undefined) return problem
        if (this.#isFull()) problem = FULL
        else writeSync(file, bytes)
        return problem
      },
      close: (whole) => {
        const wasOpen = file !== undefined
        close()
        if (wasOpen && (!whole || problem !== undefined)) this.remove(path)
        else if (wasOpen) this.#changed()
        return problem
      },
    }
  }

  #open(path: string, flags: 'w' | 'wx'): number {
    const full = this.fullPath(path)
    const folder = full.slice(0, full.lastIndexOf('\\'))
    if (this.kindOf(`${folder}\\`) !== 'directory') {
      throw new WindowsError(`Could not find a part of the path '${full}'.`)
    }
    if (this.kindOf(path) === 'directory') throw new WindowsError(`Access to the path '${full}' is denied.`)
    if (flags === 'wx' && this.kindOf(path) !== 'absent') throw new WindowsError(`The file '${full}' already exists.`)
    return openSync(this.#hostPath(path), flags)
  }

  /** Where it is here; of what is not there, where it would be. */
  #hostPath(path: string): string {
    if (!/^c:[\\/]/i.test(path)) {
      throw new WindowsError(`Could not find a part of the path '${path}'.`)
    }
    return partsOf(path).reduce(inFolder, this.#root)
  }
}

/** The names on the way, with dots resolved. Windows drops dots and spaces at their ends. */
function partsOf(path: string): readonly string[] {
  const parts: string[] = []
  for (const part of path.slice(3).split(/[\\/]/)) {
    if (part === '..') parts.pop()
    const name = part.replace(/[. ]+$/, '')
    if (name === '') continue
    if (NO_NAME.test(name)) throw new WindowsError('Illegal characters in path.')
    parts.push(name)
  }
  return parts
}

/** A name in a folder, in whatever case it has there. */
function inFolder(folder: string, name: string): string {
  const exact = join(folder, name)
  if (existsSync(exact) || !existsSync(folder) || !lstatSync(folder).isDirectory()) return exact
  const wanted = name.toLowerCase()
  return join(folder, readdirSync(folder).find((there) => there.toLowerCase() === wanted) ?? name)
}
