import type { Device } from './fleet.ts'

/** How files of the repository go to devices: `content` of tillwright.yaml. */
export interface ContentSettings {
  /** A device of the store that has a file gives it to the others. */
  readonly share: boolean
  /** Smaller files go as ever. */
  readonly aboveBytes: number
  /** Bytes a second over the line of each store, and of all stores together. */
  readonly perStore?: number
  readonly fleet?: number
  /** Whether larger files may go over lines that are paid for by what goes over them. */
  readonly metered: 'allow' | 'refuse'
}

/** A file of the repository whose bytes anybody may see, by its hash: read anew by each who reads it. */
export interface KnownContent extends AsyncIterable<Uint8Array> {
  readonly sha256: string
  readonly sizeBytes: number
  /** The bytes behind the first `offset`. */
  from(offset: number): AsyncIterable<Uint8Array>
}

/** A file that a change sends. */
export interface ContentToSend {
  readonly sha256: string
  readonly sizeBytes: number
  /** Nobody else may see it: no device of the store gives it. */
  readonly isHidden?: boolean
}

/** How a file came to a device; in a plan, how it would come. */
export interface ContentCame {
  readonly sha256: string
  readonly bytes: number
  /** Full name of the device of the store that gave it; absent where none did. */
  readonly giver?: string
  /** How many of the bytes the device had from earlier. */
  readonly kept_bytes: number
  /** How many went over the line of the store. */
  readonly line_bytes: number
  /** Why a device of the store that has it did not give it, or not all of it. */
  readonly why?: string
  /** In a plan: what is missing would go over a metered line, and is not sent. */
  readonly held?: boolean
}

/** What is around a device in its store. */
export interface StoreSide {
  /** What goes over the line of the store is paid for. */
  readonly isMetered: boolean
  /** Those that may have a file and can give it, the likeliest first. */
  readonly peers: readonly Device[]
}

/** Who has what in a store, and when bytes may go over its line: one for all devices of a process. */
export interface ContentDesk {
  readonly settings: ContentSettings
  sideOf(device: Device): StoreSide
  /** Resolves when so many bytes may go over the line of the device's store. Who waits for its copy sees by it that it goes on. */
  take(device: Device, bytes: number): Promise<void>
  /**
   * Names of devices of the store that are known to have it. Where another one is getting it, that is waited for as
   * long as it goes on; where nobody has it, the device that asks is the one that is getting it, until it says `got`.
   */
  seek(device: Device, sha256: string): Promise<readonly string[]>
  /**
   * In a plan: the device of the store that would have a file to give; undefined: none, and the device that asks is the first to get
   * it. `has`: it has it already. `mayGet`: the line may be used for it.
   */
  foresee(
    device: Device,
    sha256: string,
    of: { readonly has: boolean; readonly mayGet: boolean },
  ): Promise<string | undefined>
  /** `behalf`: the device that is worked on, where another one of the store is spoken of. */
  got(device: Device, sha256: string, whole: boolean, behalf?: Device): Promise<void>
}

export function isKnownContent(content: AsyncIterable<Uint8Array> | Uint8Array): content is KnownContent {
  return 'sha256' in content && 'from' in content
}

/** Bytes of files by the ways that they go, over a run. */
export interface ContentBytes {
  readonly line_bytes: number
  readonly neighbour_bytes: number
  readonly kept_bytes: number
  readonly held_bytes: number
}

/** Adds up by which ways files went or would go. */
export function addContent(sum: ContentBytes | undefined, came: readonly ContentCame[]): ContentBytes | undefined {
  return came.reduce<ContentBytes | undefined>((before = NO_BYTES, { bytes, kept_bytes, line_bytes, giver, held }) => {
    const rest = bytes - kept_bytes - line_bytes
    return {
      line_bytes: before.line_bytes + line_bytes,
      neighbour_bytes: before.neighbour_bytes + (giver === undefined ? 0 : rest),
      kept_bytes: before.kept_bytes + kept_bytes,
      held_bytes: before.held_bytes + (held ? rest : 0),
    }
  }, sum)
}

const NO_BYTES: ContentBytes = { line_bytes: 0, neighbour_bytes: 0, kept_bytes: 0, held_bytes: 0 }
