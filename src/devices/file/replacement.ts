import type { Secret } from '../../core/secret.ts'

/** Exit codes of the scripts that replace a file. */
export const EXIT = { refused: 81, moved: 82, directory: 83, incomplete: 84, noFolder: 85 } as const

/** How a file is put in the place of what is there. */
export interface Replacement {
  /** Without symbolic links: what is replaced. */
  readonly path: string
  readonly content: FileContent
  /** As chown takes it, or empty to leave it to the system. */
  readonly owner: string
  /** Octal. */
  readonly mode: string
  /** Must succeed on the new file, which it finds in `$file`, before it takes the old one's place. */
  readonly validate?: string
  readonly backup: boolean
  /** The fingerprint that the old file must still have; `absent`; `any`. */
  readonly expected: string
}

export interface FileContent {
  readonly sizeBytes: number
  /** Text without NUL, up to `VALUE_BYTES`. */
  readonly text?: string | Secret
  readonly stream?: AsyncIterable<Uint8Array> | Uint8Array
}
