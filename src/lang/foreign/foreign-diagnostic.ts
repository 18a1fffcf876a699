import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { decodeText } from '../source-text.ts'

/** A foreign file as text. Throws InputError where it cannot be read, or is not UTF-8. */
export function foreignText(file: string): string {
  let bytes: Uint8Array
  try {
    bytes = readRegular(file, MOST_BYTES.text)
  } catch (error) {
    throw new InputError([foreignError(file, 1, whyUnread(error as NodeJS.ErrnoException))])
  }
  const { text, diagnostics } = decodeText(bytes, file)
  if (diagnostics.length > 0) throw new InputError(diagnostics.map((one) => ({ ...one, code: 'INV_IMPORT_INVALID' })))
  return text
}

const UNREAD: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder, and a file is wanted',
  ENOENT: 'there is no such file or folder',
  EACCES: 'this account may not read it',
  EPERM: 'this account may not read it',
}

/** Why a file or a folder cannot be read. */
export function whyUnread({ code = 'nothing' }: NodeJS.ErrnoException): string {
  return UNREAD[code] ?? `the system says ${code}`
}

/** A foreign file that cannot be read. */
export function foreignError(file: string, line: number, what: string, detail?: string): Diagnostic {
  const source = { file, line, column: 1, endLine: line, endColumn: 1 }
  const summary = `It cannot be read: ${what}`
  return { code: 'INV_IMPORT_INVALID', severity: 'error', summary, ...(detail !== undefined && { detail }), source }
}

/** Something that was not carried over, and what to do about it. */
export function foreignWarning(file: string, what: string, detail?: string, line = 1): Diagnostic {
  const source = { file, line, column: 1, endLine: line, endColumn: 1 }
  const summary = `Not carried over: ${what}`
  return { code: 'INV_IMPORT_PARTIAL', severity: 'warning', summary, ...(detail !== undefined && { detail }), source }
}

interface Place {
  readonly file: string
  readonly line: number
}

/** What could not be carried over, the same thing of many hosts once. */
export class Losses {
  readonly #found = new Map<string, { detail: string; place: Place | undefined; hosts: string[] }>()

  add(host: string, what: string, detail: string, place?: Place): void {
    const found = this.#found.get(what) ?? { detail, place, hosts: [] }
    found.hosts.push(host)
    this.#found.set(what, found)
  }

  /** Each points to where the first of them stands, as far as that is known; else to `file`. */
  diagnostics(file: string): readonly Diagnostic[] {
    return [...this.#found].map(([what, { detail, place, hosts }]) => {
      const more = hosts.length > 3 ? ` and ${hosts.length - 3} more` : ''
      const summary = `${what} (${hosts.slice(0, 3).join(', ')}${more})`
      return foreignWarning(place?.file ?? file, summary, detail, place?.line)
    })
  }
}
