export type FileKind = 'absent' | 'file' | 'directory' | 'link' | 'other'

/** What stands at a path of a device. */
export interface FileReading {
  /** Windows has no mode, group and numbers of owners; all of that is absent then. */
  readonly system: 'posix' | 'windows'
  readonly kind: FileKind
  /** Where it really is, symbolic links followed; that is what is read and replaced. */
  readonly realPath: string
  /** What the path itself points at, when it is a symbolic link. */
  readonly linkTarget?: string
  /** Permission bits as four octal digits. */
  readonly mode?: string
  /** It has an ACL, as far as `ls` shows that; the bits of the group in `mode` are then what its entries have at most. */
  readonly hasAcl?: boolean
  /** How many names it has. */
  readonly links?: number
  readonly owner?: string
  readonly group?: string
  readonly uid?: string
  readonly gid?: string
  readonly sizeBytes?: number
  /** `sha256:…`, or `cksum:…` where the device has nothing better. Says whether a file is still the same one. */
  readonly fingerprint?: string
  /** How long ago it was written, by the clock of the device; only when it was asked for and can be told. */
  readonly ageSeconds?: number
  /** Only when it was asked for and is small enough. */
  readonly content?: Uint8Array
  /** Why it could not be read, in the words of the device. */
  readonly trouble?: string
}

export interface ReadOptions {
  readonly path: string
  /** Read what a symbolic link points at, not the link. */
  readonly follow: boolean
  /** `nothing`: only what `ls` says. */
  readonly wants: 'content' | 'nothing'
  /** Content up to this many bytes is sent… */
  readonly sendBytes: number
  /** …unless its fingerprint is this one. */
  readonly known?: string
  /** Tell how long ago it was written. */
  readonly age?: boolean
  /** Windows: the owner in this form, if it is the same account: names there depend on the language. */
  readonly owner?: string
}

/** Whose a file is to be. */
export interface Owners {
  readonly owner?: string
  readonly group?: string
}

/** What `changeAttributes` is to set: only what is desired; Windows has no groups. */
export function desiredOwner(reading: FileReading, { owner = '', group = '' }: Owners): string {
  return reading.system === 'windows' ? owner : [owner, group].join(':').replace(/:$/, '')
}

/** Whose the file that takes the place of this one is to be. Windows keeps the old owner by itself. */
export function keptOwner(reading: FileReading, desired: Owners): string {
  if (reading.system === 'windows' || reading.kind !== 'file') return desiredOwner(reading, desired)
  return `${desired.owner ?? reading.uid ?? ''}:${desired.group ?? reading.gid ?? ''}`.replace(/^:$/, '')
}

/** The mode of the file that takes the place of this one, in octal. On Windows it only says whether it is secret. */
export function keptMode(reading: FileReading, desired: string | undefined, isSecret: boolean): string {
  const fresh = isSecret ? '0600' : '0644'
  if (reading.system === 'windows') return fresh
  return desired ?? (reading.kind === 'file' ? reading.mode : undefined) ?? fresh
}

/** What people have to know of a file that is looked after, and that no change shows. */
export function fileNotes({ kind, links = 1 }: FileReading): readonly string[] {
  if (kind !== 'file' || links < 2) return []
  const names = `The file has ${links} names (hard links).`
  return [`${names} A change of its content gives this name a new file; the other names keep the old one.`]
}
