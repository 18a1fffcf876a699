import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { fail, success } from '../core/failure.ts'
import type { SecretSource } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'

/**
 * `file:PATH`: the contents of a file of the controller, without the line end at its end and without a byte order mark at
 * its head. `~/` is the home folder.
 */
export const fileSecrets: SecretSource = {
  name: 'file',
  async read(path) {
    try {
      const text = textOf(readRegular(secretFile(path), MOST_BYTES.secret))
      if (text !== undefined) return success(new Secret(text.replace(/\r?\n$/, '')))
      const message = `The file "${path}" is no text in UTF-8, nor in UTF-16 with its byte order mark.`
      return fail({ code: 'SECRET_UNREADABLE', phase: 'resolve', message })
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
      return fail({
        code: 'SECRET_UNREADABLE',
        phase: 'resolve',
        message: `The file "${path}" cannot be read: ${reason}.`,
      })
    }
  },
}

/** Where the file of such a reference lies. */
export function secretFile(path: string): string {
  return resolve(path.replace(/^~(?=\/)/, homedir()))
}

/** Notepad and PowerShell put a mark at the head; in a password it would be a letter that nobody sees. */
function textOf(bytes: Uint8Array): string | undefined {
  const label =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
