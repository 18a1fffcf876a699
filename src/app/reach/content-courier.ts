import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { ShellAnswer, ShellChannel, UploadOptions } from '../../core/channel.ts'
import {
  type ContentCame,
  type ContentDesk,
  type ContentToSend,
  isKnownContent,
  type KnownContent,
} from '../../core/content.ts'
import { type Failure, SessionLost } from '../../core/failure.ts'
import type { Device } from '../../core/fleet.ts'
import { Secret } from '../../core/secret.ts'
import { FETCH } from '../../devices/content/fetch.ts'
import { GIVE, STOP_GIVING } from '../../devices/content/give.ts'
import { EXIT, KEPT_DAYS, KEPT_KILOBYTES, LOOK_AT, LOOK_FOR, TAKE } from '../../devices/content/place.ts'
import { parseFields, printable } from '../../shell/tool-answer.ts'
import { Stopwatch } from './line-limits.ts'

/** Another device of the store, connected to when it is first asked. */
export interface Peer {
  readonly shell: ShellChannel
  close(): Promise<void>
}

export interface CourierDependencies {
  readonly desk: ContentDesk
  readonly openPeer: (peer: Device) => Peer
}

type Content = AsyncIterable<Uint8Array> | Uint8Array

/** Where nothing says how long a change may take. */
const USUAL_MS = 300_000
/** What comes by the LAN comes within this, or by the line. */
const LAN_MS = 120_000
/** A giver outlives what it gives by so much, where nobody ends it. */
const GIVER_MORE_S = 30
/** Of devices that are not known to have a file so many are asked: each costs a login. */
const MOST_ASKED = 2
/** It may have to make a checksum of the whole. */
const LOOK_MS = 60_000
const SLICE_BYTES = 64 * 1024

/** What a device says of a file. */
interface Found {
  readonly isWhole: boolean
  readonly have: number
  readonly part: string
  readonly tool: string | undefined
}

/** How far devices of the store have brought a file. */
interface Brought {
  /** Absent where the device can keep it no more. */
  readonly found?: Found
  readonly giver?: string
  readonly why?: string
}

/**
 * Brings files to one device: from what it has kept, from a device of its store, and only then over the store's line, from the
 * byte at which it was cut short. Whatever does not work on the way is passed over; what arrives is what its hash says.
 */
export class ContentCourier {
  readonly #device: Device
  readonly #shell: ShellChannel
  readonly #dependencies: CourierDependencies

  constructor(device: Device, shell: ShellChannel, dependencies: CourierDependencies) {
    this.#device = device
    this.#shell = shell
    this.#dependencies = dependencies
  }

  async upload(path: string, content: Content, options: UploadOptions = {}): Promise<ShellAnswer> {
    const { desk } = this.#dependencies
    const known = isKnownContent(content) ? content : undefined
    const size = known?.sizeBytes ?? (content instanceof Uint8Array ? content.length : options.sizeBytes)
    if (size !== undefined && size <= desk.settings.aboveBytes) return this.#send(path, content, options)
    if (known && desk.settings.share && this.#shell.dialect === 'posix') return this.#bring(path, known, options)
    return this.#metered(size) ?? this.#send(path, content, options)
  }

  /** By which way a file would come, for all that can be seen without logging in at others: never less over the line. */
  async foresee({ sha256, sizeBytes, isHidden }: ContentToSend): Promise<ContentCame | undefined> {
    const { desk } = this.#dependencies
    if (sizeBytes <= desk.settings.aboveBytes) return undefined
    const isShared = desk.settings.share && this.#shell.dialect === 'posix' && isHidden !== true
    const kept = isShared ? await this.#kept(sha256, sizeBytes) : 0
    const rest = sizeBytes - kept
    const held = this.#metered(rest) !== undefined
    const giver = isShared ? await desk.foresee(this.#device, sha256, { has: rest === 0, mayGet: !held }) : undefined
    const came = { sha256, bytes: sizeBytes, kept_bytes: kept, line_bytes: 0 }
    if (rest === 0) return came
    if (giver !== undefined) return { ...came, giver }
    return held ? { ...came, held } : { ...came, line_bytes: rest }
  }

  /** How many bytes of a file the device has kept. */
  async #kept(sha256: string, bytes: number): Promise<number> {
    const answer = await this.#shell.ask({ script: LOOK_AT, values: { sha256, bytes }, timeoutMs: LOOK_MS })
    const have = Number(answer.text.trim())
    return answer.exitCode === 0 && Number.isInteger(have) && have <= bytes ? have : 0
  }

  /** By the line, as fast as is allowed. The waiting for that is none of the device's time. */
  #send(path: string, content: Content, options: UploadOptions): Promise<ShellAnswer> {
    const { perStore, fleet } = this.#dependencies.desk.settings
    const isAwaited = options.from !== undefined
    if (perStore === undefined && fleet === undefined && !isAwaited) return this.#shell.upload(path, content, options)
    const waiting = new Stopwatch()
    return this.#shell.upload(path, this.#paced(content, waiting), { ...options, waitedMs: () => waiting.ms })
  }

  async *#paced(content: Content, waiting: Stopwatch): AsyncIterable<Uint8Array> {
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
        const slice = chunk.subarray(at, at + SLICE_BYTES)
        await waiting.during(this.#dependencies.desk.take(this.#device, slice.length))
        yield slice
      }
    }
  }

  /** That so much may not go over the line of the store; undefined: it may. `sent`: what went over it before, for nothing. */
  #metered(bytes: number | undefined, sent = 0): ShellAnswer | undefined {
    const { settings, sideOf } = this.#dependencies.desk
    if (settings.metered === 'allow' || !sideOf(this.#device).isMetered) return undefined
    if (bytes !== undefined && bytes <= settings.aboveBytes) return undefined
    const what = bytes === undefined ? 'a file' : `${bytes} bytes of a file`
    const before =
      sent > 0 ? `${sent} bytes had gone, but what the device had from earlier is damaged.` : 'Nothing was sent.'
    const message = `The line of the store is metered, and ${what} would go over it. ${before}`
    return refused({ code: 'LINK_METERED', phase: 'converge', message })
  }

  async #bring(path: string, known: KnownContent, options: UploadOptions): Promise<ShellAnswer> {
    const found = await this.#look(known)
    if (!found) return this.#asEver(path, known, options)
    let isWhole = false
    try {
      const by = found.isWhole ? { found } : await this.#fromStore(known, found, options)
      const kept = by.found ? (found.isWhole ? known.sizeBytes : found.have) : 0
      const answer = await (by.found
        ? this.#complete(path, known, { found: by.found, options })
        : this.#asEver(path, known, options))
      isWhole = answer.exitCode === 0 && by.found !== undefined
      const { giver, why } = by
      const came: ContentCame = {
        sha256: known.sha256,
        bytes: known.sizeBytes,
        ...(giver !== undefined && { giver }),
        kept_bytes: kept,
        line_bytes: answer.sent,
        ...(why !== undefined && { why }),
      }
      return { ...answer, came }
    } finally {
      await this.#dependencies.desk.got(this.#device, known.sha256, isWhole)
    }
  }

  /** All of it by the line, straight to its path. */
  async #asEver(
    path: string,
    known: KnownContent,
    options: UploadOptions,
  ): Promise<ShellAnswer & { readonly sent: number }> {
    const refusal = this.#metered(known.sizeBytes)
    if (refusal) return { ...refusal, sent: 0 }
    return { ...(await this.#send(path, known, options)), sent: known.sizeBytes }
  }

  /** The rest by the line, and the whole to its path. What a device had from earlier may be damaged: then all of it, once. */
  async #complete(
    path: string,
    known: KnownContent,
    of: { readonly found: Found; readonly options: UploadOptions; readonly before?: number },
  ): Promise<ShellAnswer & { readonly sent: number }> {
    const { found, options, before } = of
    const rest = found.isWhole ? 0 : known.sizeBytes - found.have
    if (rest > 0) {
      const refusal = this.#metered(rest, before)
      if (refusal) return { ...refusal, sent: 0 }
      const sent = await this.#send(found.part, known.from(found.have), { ...options, from: found.have })
      if (sent.exitCode !== 0) return { ...sent, sent: rest }
    }
    const values = { sha256: known.sha256, bytes: known.sizeBytes, path }
    const taken = await this.#shell.ask({ script: TAKE, values, ...timed(options) })
    if (taken.exitCode !== EXIT.wrong) return { ...taken, sent: rest }
    if (found.have > 0) {
      const anew = await this.#complete(path, known, { found: { ...found, have: 0 }, options, before: rest })
      return { ...anew, sent: anew.sent + rest }
    }
    const message = 'What arrived on the device has another checksum; it was thrown away.'
    return { ...taken, sent: rest, failure: { code: 'CHECKSUM_MISMATCH', phase: 'converge', message } }
  }

  /** Undefined where the device can keep nothing. */
  async #look({ sha256, sizeBytes }: KnownContent): Promise<Found | undefined> {
    const values = { sha256, bytes: sizeBytes, most: KEPT_KILOBYTES, days: KEPT_DAYS }
    const answer = await this.#shell.ask({ script: LOOK_FOR, values })
    const fields = parseFields(answer.text)
    const part = fields.get('part')
    if (answer.exitCode !== 0 || fields.get('room') !== 'yes' || part === undefined) return undefined
    const [tool] = (fields.get('by') ?? '').split(' ').filter(Boolean)
    return { isWhole: fields.get('whole') === 'yes', have: Number(fields.get('have') ?? 0), part, tool }
  }

  /** As much as devices of the store give. */
  async #fromStore(known: KnownContent, found: Found, options: UploadOptions): Promise<Brought> {
    const { desk } = this.#dependencies
    const { peers } = desk.sideOf(this.#device)
    if (peers.length === 0) return { found }
    const holders = await desk.seek(this.#device, known.sha256)
    const sure = spread(
      peers.filter(({ name }) => holders.includes(name)),
      peers.filter(({ name }) => name < this.#device.name).length,
    )
    let brought: Brought & { readonly found: Found } = { found }
    for (const peer of (sure.length > 0 ? sure : peers).slice(0, MOST_ASKED)) {
      if (brought.found.tool === undefined) return { found, why: 'it has none of curl, python3, perl and nc' }
      const said = await this.#fromPeer(peer, known, { tool: brought.found.tool, options })
      if (said !== 'absent') {
        const { found: now, ...by } = await this.#broughtBy(peer, { known, before: brought, said })
        if (!now) return by
        brought = { found: now, ...by }
      } else if (sure.length > 0) await desk.got(peer, known.sha256, false, this.#device)
      if (brought.giver !== undefined) break
    }
    return brought
  }

  /** The device itself says what there is by now. */
  async #broughtBy(
    peer: Device,
    of: {
      readonly known: KnownContent
      readonly before: Brought & { readonly found: Found }
      readonly said: string | undefined
    },
  ): Promise<Brought> {
    const { known, before, said } = of
    const found = await this.#look(known)
    if (!found) return { why: 'the device has no room left to keep it' }
    const gave = found.isWhole || found.have > before.found.have
    const why = said === undefined ? before.why : `${peer.name}: ${said}`
    return {
      found,
      ...(gave && { giver: peer.name }),
      ...(why !== undefined && !found.isWhole && { why }),
    }
  }

  /** What was in the way; undefined: nothing. Rejects where the session with our own device is lost, and only there. */
  async #fromPeer(
    peer: Device,
    { sha256, sizeBytes }: KnownContent,
    { tool, options }: { readonly tool: string; readonly options: UploadOptions },
  ): Promise<string | 'absent' | undefined> {
    const lanMs = Math.min(LAN_MS, Math.ceil((options.timeoutMs ?? USUAL_MS) / 2))
    const token = new Secret(randomBytes(32).toString('hex'))
    const seconds = Math.ceil(lanMs / 1_000) + GIVER_MORE_S
    const reachedAt = isIP(peer.address) ? peer.address : ''
    const { shell, close } = this.#dependencies.openPeer(peer)
    try {
      const given = await orLost(shell.ask({ script: GIVE, values: { sha256, token, seconds, host: reachedAt } }))
      if (given instanceof SessionLost) return given.failure.message
      if (given.exitCode === EXIT.absent) return 'absent'
      if (given.exitCode !== 0) return printable(given.errorText) || `exit code ${given.exitCode}`
      const giver = parseFields(given.text)
      const [host, port] = [giver.get('address') ?? '', Number(giver.get('port'))]
      // Another device says it, and it becomes an argument of a program on this one.
      if (isIP(host) === 0 || !(Number.isInteger(port) && port > 0 && port < 65_536))
        return 'it gave no address and port'
      const to = { host, port, token, by: tool }
      const values = { sha256, bytes: sizeBytes, ...to }
      const fetched = await this.#shell.ask({ script: FETCH, values, timeoutMs: lanMs })
      const [pid, folder] = [Number(giver.get('pid')), giver.get('folder') ?? '']
      await orLost(shell.ask({ script: STOP_GIVING, values: { pid, folder } }))
      return whyNot(fetched)
    } finally {
      await close()
    }
  }
}

/** Each device of a store, by its number, begins with another one of those that have it. */
function spread(holders: readonly Device[], number: number): readonly Device[] {
  const first = number % Math.max(1, holders.length)
  return [...holders.slice(first), ...holders.slice(0, first)]
}

function whyNot(fetched: ShellAnswer): string | undefined {
  if (fetched.exitCode === 0) return undefined
  if (fetched.timedOut) return 'it took too long'
  if (fetched.exitCode === EXIT.wrong) return 'what it gave has another checksum, and was thrown away'
  return printable(fetched.errorText) || 'it broke off'
}

async function orLost<T>(work: Promise<T>): Promise<T | SessionLost> {
  try {
    return await work
  } catch (error) {
    if (error instanceof SessionLost) return error
    throw error
  }
}

function timed({ timeoutMs }: UploadOptions): { readonly timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs }
}

function refused(failure: Failure): ShellAnswer {
  const nothing = new Uint8Array()
  const said = { stdout: nothing, stderr: nothing, text: '', errorText: '', truncated: false, timedOut: false }
  return { exitCode: 1, ...said, durationMs: 0, failure }
}
