import { appendFileSync, existsSync } from 'node:fs'
import type { AuditAnchor, AuditHead } from '../../core/audit.ts'
import { type Diagnostic, InputError, usageError } from '../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { type DetachedSigners, signBytes, signersOf } from '../../gitops/detached-signature.ts'
import { addNote, readNotes } from '../../gitops/notes.ts'
import { checkLists, withTool } from '../revision/plan-signature.ts'
import { AUDIT_NAMESPACE } from './checkpoint-seal.ts'

const SCHEMA = 'till.audit-anchor/1'
/** Notes of git that heads are kept in. */
const NOTES = 'till-audit'

/** What is kept of a head, and signed: a line of JSON. */
function textOf({ seq, hash, at }: AuditAnchor): string {
  return JSON.stringify({ schema: SCHEMA, seq, hash, at })
}

/** The same, with the signature in it by an SSH key if one is named. Throws InputError. */
async function lineOf({ seq, hash }: AuditHead, key: string | undefined): Promise<string> {
  const text = textOf({ seq, hash, at: new Date().toISOString() })
  if (key === undefined) return text
  const made = await withTool(() => signBytes(Buffer.from(text), { key, namespace: AUDIT_NAMESPACE }))
  if (made.ok) return JSON.stringify({ ...JSON.parse(text), signature: made.armored.toString() })
  throw usageError(
    `The head cannot be signed by "${key}": ${made.why}`,
    'Name a private key without a passphrase, or a public one whose other half an ssh-agent has.',
  )
}

/** Adds a head to the end of a file. Throws InputError. */
export async function anchorInFile(file: string, head: AuditHead, key: string | undefined): Promise<void> {
  const line = await lineOf(head, key)
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o644 })
  } catch (error) {
    throw unusable('FILE_UNWRITABLE', `"${file}" cannot be written (${(error as Error).message})`)
  }
}

/** Adds a head to the note of the commit that is checked out. Throws InputError. */
export async function anchorInNote(root: string, head: AuditHead, key: string | undefined): Promise<void> {
  const why = await addNote(root, NOTES, await lineOf(head, key))
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

/** Those that somebody of a list has signed. Throws InputError for a list that cannot be used. */
export async function signedAnchors(
  anchors: readonly AuditAnchor[],
  by: DetachedSigners,
): Promise<readonly AuditAnchor[]> {
  checkLists(by)
  const good: AuditAnchor[] = []
  for (const anchor of anchors) {
    const { signature } = anchor
    if (typeof signature !== 'string') continue
    const bytes = Buffer.from(textOf(anchor))
    const names = await withTool(() => signersOf(bytes, Buffer.from(signature), { ...by, namespace: AUDIT_NAMESPACE }))
    if (names.length > 0) good.push(anchor)
  }
  return good
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
