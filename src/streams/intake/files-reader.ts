import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type EventIntake, type EventReader, MOST_AT_ONCE } from './intake.ts'
import type { RawEvent } from './map-event.ts'

const LOOK_MS = 250
const CHUNK = 256 * 1024
/** A file is known again by so many bytes of its begin. */
const HEAD_BYTES = 256
/** A last line without an end is taken when nobody has written for so long, and it is whole. */
const SETTLED_MS = 5_000
const PACKED = /\.(gz|bz2|xz|zst|zip)$/i
const NEWLINE = 0x0a
/** A place of this name says that the source was begun: what comes later is new, also where no file has a place any more. */
const BEGUN = 'begun'

/** How far a file is read. It is kept by the number of the file, which stays when it is renamed. */
interface Place {
  readonly offset: number
  readonly head: string
  /** A line that is too long was begun, and its end is looked for. */
  readonly skips?: true
}

interface Found {
  readonly path: string
  readonly part: string
  readonly size: number
  readonly changedMs: number
}

/** What a folder holds. Where something of it could not be looked at, no file can be called gone. */
interface Listing {
  readonly files: readonly Found[]
  readonly isWhole: boolean
}

/**
 * Reads lines of files as they grow. A file that is renamed is read to its end, one that was cut or replaced in place is begun
 * anew, and nothing is read twice: how far it is stands where what it gave stands.
 *
 * A folder may be a share: it is read once it is there, says nothing about its files while it is empty, and has another number of
 * its device when it comes back.
 */
export class FilesReader implements EventReader {
  readonly #path: string
  readonly #fromEnd: boolean
  readonly #intake: EventIntake
  readonly #warn: (text: string) => void
  /** Files as they were when there was nothing more in them. */
  readonly #quiet = new Map<string, string>()
  /** What could not be read, and was told. */
  readonly #told = new Set<string>()
  #isFolder = false
  #known: Map<string, string> | undefined
  #isBegun = false

  /** @param path absolute; a folder, or a file whose name may have * and ? */
  constructor(
    path: string,
    { fromEnd, warn }: { readonly fromEnd: boolean; readonly warn: (text: string) => void },
    intake: EventIntake,
  ) {
    this.#path = path
    this.#fromEnd = fromEnd
    this.#intake = intake
    this.#warn = warn
  }

  async run(signal: AbortSignal, well: () => void): Promise<void> {
    let isWell = false
    while (!signal.aborted) {
      const isMore = await this.turn(signal)
      if (!isWell) well()
      isWell = true
      if (!isMore) await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Reads what there is; whether there is more right away. */
  async turn(signal: AbortSignal): Promise<boolean> {
    this.#known ??= new Map(await this.#intake.store.places(this.#intake.settings.name))
    const known = this.#known
    const { files, isWhole } = await this.#list(known)
    await this.#carryOver(files, known)
    if (!this.#isBegun) await this.#begin(files, known)
    let isMore = false
    for (const file of files) {
      if (signal.aborted) return false
      if (this.#quiet.get(file.part) === stampOf(file) && !isSettling(file)) continue
      if (await this.#read(file, known)) isMore = true
    }
    if (isWhole && files.length > 0) {
      for (const part of goneOf(files, known)) await this.#forget(part, known)
    }
    return isMore
  }

  async #forget(part: string, known: Map<string, string>): Promise<void> {
    await this.#intake.store.forgetPart(this.#intake.settings.name, part)
    known.delete(part)
    this.#quiet.delete(part)
  }

  /** Those that match, and those that were read before under another name; the oldest first. */
  async #list(known: ReadonlyMap<string, string>): Promise<Listing> {
    this.#isFolder ||= await stat(this.#path).then(
      (seen) => seen.isDirectory(),
      () => false,
    )
    const folder = this.#isFolder ? this.#path : dirname(this.#path)
    const pattern = this.#isFolder ? /^[^.]/ : patternOf(basename(this.#path))
    const files: Found[] = []
    let isWhole = true
    for (const name of await readdir(folder)) {
      if (PACKED.test(name)) continue
      const path = join(folder, name)
      const seen = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') isWhole = false
        if (error.code !== 'ENOENT' && pattern.test(name)) this.#tell(path, error)
        return undefined
      })
      if (!seen?.isFile()) continue
      const part = `${seen.dev}-${seen.ino}`
      if (!pattern.test(name) && !known.has(part)) continue
      files.push({ path, part, size: Number(seen.size), changedMs: Number(seen.mtimeMs) })
    }
    files.sort((one, other) => one.changedMs - other.changedMs || (one.path < other.path ? -1 : 1))
    return { files, isWhole }
  }

  #tell(path: string, { code }: NodeJS.ErrnoException): void {
    if (this.#told.has(path)) return
    this.#told.add(path)
    this.#warn(
      `The source "${this.#intake.settings.name}" cannot read ${path} (${code ?? 'no reason'}), and goes on without it`,
    )
  }

  /** Files of which the folder came back under another number of its device keep their places. */
  async #carryOver(files: readonly Found[], known: Map<string, string>): Promise<void> {
    const gone = goneOf(files, known)
    for (const { part, path, size } of gone.length > 0 ? files : []) {
      const before = known.has(part) ? undefined : gone.find((each) => fileNumber(each) === fileNumber(part))
      const to = before === undefined ? undefined : known.get(before)
      if (before === undefined || to === undefined || !(await isOfPlace(path, size, to))) continue
      await this.#intake.take(part, [], { from: null, to })
      known.set(part, to)
      await this.#forget(before, known)
    }
  }

  /** Where a source is to begin at the end of its files, it does so once. */
  async #begin(files: readonly Found[], known: Map<string, string>): Promise<void> {
    this.#isBegun = true
    if (!this.#fromEnd || known.has(BEGUN)) return
    if (known.size === 0) await this.#beginAtEnd(files, known)
    await this.#intake.take(BEGUN, [], { from: null, to: '{}' })
    known.set(BEGUN, '{}')
  }

  async #beginAtEnd(files: readonly Found[], known: Map<string, string>): Promise<void> {
    for (const { path, part, size } of files) {
      const file = await open(path, 'r')
      try {
        const to = JSON.stringify(await placeAt(file, { offset: size, skips: true }))
        await this.#intake.take(part, [], { from: null, to })
        known.set(part, to)
      } finally {
        await file.close()
      }
    }
  }

  /** Reads one piece of a file; whether there may be more. */
  async #read(found: Found, known: Map<string, string>): Promise<boolean> {
    const file = await open(found.path, 'r').catch((error: NodeJS.ErrnoException) => {
      // It may be gone by now.
      if (error.code !== 'ENOENT') this.#tell(found.path, error)
      return undefined
    })
    if (!file) return false
    this.#told.delete(found.path)
    try {
      const from = known.get(found.part) ?? null
      const place = await continued(file, { place: readPlace(from), size: found.size })
      const buffer = Buffer.allocUnsafe(Math.max(CHUNK, this.#intake.settings.maxBytes + 2))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, place.offset)
      const isLast = place.offset + bytesRead >= found.size
      const piece = buffer.subarray(0, bytesRead)
      const { events, used, skips } = linesOf(piece, {
        skips: place.skips === true,
        isBegin: place.offset === 0,
        takesRest: isLast && isOld(found) && this.#intake.settings.format === 'json',
        isFull: bytesRead === buffer.length,
      })
      if (used === 0) {
        this.#quiet.set(found.part, stampOf(found))
        return false
      }
      const next = { offset: place.offset + used, ...(skips && { skips: true as const }) }
      const to = JSON.stringify(await placeAt(file, next))
      const taken = await this.#intake.take(found.part, events, { from, to })
      if (taken.state === 'taken') known.set(found.part, to)
      else if (taken.place === null) known.delete(found.part)
      else known.set(found.part, taken.place)
      return true
    } finally {
      await file.close()
    }
  }
}

function patternOf(name: string): RegExp {
  const source = [...name].map((sign) =>
    sign === '*' ? '.*' : sign === '?' ? '.' : sign.replace(/[\\^$.*+?()[\]{}|]/, '\\$&'),
  )
  return new RegExp(`^${source.join('')}$`, 'su')
}

/** Parts that have a place and no file. */
function goneOf(files: readonly Found[], known: ReadonlyMap<string, string>): readonly string[] {
  const there = new Set([BEGUN, ...files.map(({ part }) => part)])
  return [...known.keys()].filter((part) => !there.has(part))
}

function fileNumber(part: string): string {
  return part.slice(part.indexOf('-') + 1)
}

/** Whether a file is the one that was read as far as a place says. */
async function isOfPlace(path: string, size: number, text: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return false
  try {
    const place = readPlace(text)
    return place !== undefined && place.offset > 0 && (await continued(file, { place, size })) === place
  } finally {
    await file.close()
  }
}

function stampOf({ size, changedMs }: Found): string {
  return `${size} ${changedMs}`
}

function isOld({ changedMs }: Found): boolean {
  return Date.now() - changedMs > SETTLED_MS
}

/** Its last line may become one to be taken without another being written. */
function isSettling({ changedMs }: Found): boolean {
  const age = Date.now() - changedMs
  return age > SETTLED_MS && age < 3 * SETTLED_MS
}

function readPlace(text: string | null): Place | undefined {
  return text === null ? undefined : (JSON.parse(text) as Place)
}

/** Where to go on: at the begin, where the file is not the one that was read. */
async function continued(
  file: FileHandle,
  { place, size }: { readonly place: Place | undefined; readonly size: number },
): Promise<Place> {
  const begin = { offset: 0, head: '' }
  if (!place || size < place.offset) return begin
  return (await headOf(file, place.offset)) === place.head ? place : begin
}

async function placeAt(file: FileHandle, place: Omit<Place, 'head'>): Promise<Place> {
  return { ...place, head: await headOf(file, place.offset) }
}

async function headOf(file: FileHandle, offset: number): Promise<string> {
  const length = Math.min(offset, HEAD_BYTES)
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, 0)
  return createHash('sha1').update(buffer.subarray(0, bytesRead)).digest('base64url')
}

interface Lines {
  readonly events: readonly RawEvent[]
  /** Bytes that are settled. */
  readonly used: number
  /** What follows belongs to a line that is too long. */
  readonly skips: boolean
}

/** Whole lines of a piece of a file, so many at most. */
function linesOf(
  piece: Buffer,
  how: {
    readonly skips: boolean
    readonly isBegin: boolean
    readonly takesRest: boolean
    /** Nothing more fitted into the piece. */
    readonly isFull: boolean
  },
): Lines {
  const events: RawEvent[] = []
  let at = 0
  if (how.skips) {
    const end = piece.indexOf(NEWLINE)
    if (end < 0) return { events, used: piece.length, skips: true }
    at = end + 1
  }
  if (how.isBegin && piece.length >= 3 && piece.readUIntBE(0, 3) === 0xefbbbf) at = 3
  while (events.length < MOST_AT_ONCE) {
    const end = piece.indexOf(NEWLINE, at)
    if (end < 0) break
    push(events, piece.toString('utf8', at, end))
    at = end + 1
  }
  if (at === 0 && how.isFull)
    return { events: [{ text: '', topic: '', isTooLong: true }], used: piece.length, skips: true }
  const rest = how.takesRest && piece.indexOf(NEWLINE, at) < 0 ? piece.toString('utf8', at) : ''
  if (rest.trim() === '' || !isJson(rest)) return { events, used: at, skips: false }
  push(events, rest)
  return { events, used: piece.length, skips: false }
}

function push(events: RawEvent[], line: string): void {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  if (text.trim() !== '') events.push({ text, topic: '' })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
