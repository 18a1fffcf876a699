import { statSync } from 'node:fs'
import { inputError } from '../../core/diagnostic.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { Project } from '../project.ts'
import { findOwnRunbook, openOwnRunbook } from '../revision/runbooks.ts'

/** The runbook of a rule with its values, the same one for as long as a revision is in force. Throws InputError. */
export type RunbookShelf = (reference: string, params: Readonly<Record<string, string>>) => Runbook

/**
 * Runbooks of one revision, loaded once for each set of values. A file that is another by now is not loaded any more: it
 * belongs to a revision that is not in force. Throws InputError.
 */
export function runbookShelf(project: Project): RunbookShelf {
  const loaded = new Map<string, Runbook>()
  const files = new Map<string, string>()
  return (reference, params) => {
    const key = JSON.stringify([reference, Object.entries(params).sort()])
    const known = loaded.get(key)
    if (known) return known
    const file = findOwnRunbook(project, reference)
    const { mtimeMs, size, ino } = statSync(file)
    const seen = `${mtimeMs} ${size} ${ino}`
    const first = files.get(reference) ?? seen
    if (first !== seen) {
      const summary = `The file of the runbook "${reference}" has changed, and its new form is not in force`
      throw inputError('RUNBOOK_UNKNOWN', summary, 'See what the server says of it.')
    }
    const runbook = openOwnRunbook(project, reference, params)
    files.set(reference, seen)
    loaded.set(key, runbook)
    return runbook
  }
}
