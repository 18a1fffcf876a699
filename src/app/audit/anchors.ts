import { appendFileSync, existsSync } from 'node:fs'
import type { AuditAnchor, AuditHead } from '../../core/audit.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { addNote, readNotes } from '../../gitops/notes.ts'

const SCHEMA = 'till.audit-anchor/1'
/** Notes of git that heads are kept in. */
const NOTES = 'till-audit'

/** A head as it is kept elsewhere: a line of JSON. */
function lineOf({ seq, hash }: AuditHead, at: string): string {
  return JSON.stringify({ schema: SCHEMA, seq, hash, at })
}

/** Adds a head to the end of a file. Throws InputError. */
export function anchorInFile(file: string, head: AuditHead): void {
  try {
    appendFileSync(file, `${lineOf(head, new Date().toISOString())}\n`, { mode: 0o644 })
  } catch (error) {
    throw unusable('FILE_UNWRITABLE', `"${file}" cannot be written (${(error as Error).message})`)
  }
}

/** Adds a head to the note of the commit that is checked out. Throws InputError. */
export async function anchorInNote(root: string, head: AuditHead): Promise<void> {
  const why = await addNote(root, NOTES, lineOf(head, new Date().toISOString()))
  if (why !== undefined) throw unusable('FILE_UNWRITABLE', `The head cannot be kept as a note of git: ${why}`)
}

/** Heads of a file, one a line. Throws InputError. */
export function anchorsOfFile(file: string): readonly AuditAnchor[] {
  if (!existsSync(file)) throw unusable('FILE_UNREADABLE', `There is no file "${file}"`)
  return anchorsIn(readRegular(file, MOST_BYTES.document).toString('utf8'), file)
}

/** Heads that notes of the repository hold; none outside of git. */
export async function anchorsOfNotes(root: string): Promise<readonly AuditAnchor[]> {
  return anchorsIn(await readNotes(root, NOTES), `the notes ${NOTES} of git`)
}

function anchorsIn(text: string, where: string): readonly AuditAnchor[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const head = parsed(line)
      if (head?.schema === SCHEMA && Number.isInteger(head.seq) && typeof head.hash === 'string')
        return head as AuditAnchor
      throw unusable('SCHEMA_VALUE_INVALID', `A line of ${where} is no head of an audit log: ${line.slice(0, 80)}`)
    })
}

function parsed(line: string): Partial<AuditAnchor & { readonly schema: string }> | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function unusable(code: Diagnostic['code'], summary: string): InputError {
  return new InputError([{ code, severity: 'error', summary }])
}
