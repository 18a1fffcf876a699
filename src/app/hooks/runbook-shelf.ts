import type { Runbook } from '../../core/runbook.ts'
import { readYamlFile } from '../../lang/read-yaml-file.ts'
import type { Project } from '../project.ts'
import { findOwnRunbook, openOwnRunbook } from '../revision/runbooks.ts'
import { shownPath } from '../shown-path.ts'

/** The runbook of a rule with its values, the same one for as long as a revision is in force. Throws InputError. */
export type RunbookShelf = (reference: string, params: Readonly<Record<string, string>>) => Runbook

/** Runbooks of one revision: each file is read once, so that what it becomes later belongs to a revision that is not in force. */
export function runbookShelf(project: Project): RunbookShelf {
  const loaded = new Map<string, Runbook>()
  const files = new Map<string, ReturnType<typeof readYamlFile>>()
  return (reference, params) => {
    const key = JSON.stringify([reference, Object.entries(params).sort()])
    const known = loaded.get(key)
    if (known) return known
    const read = files.get(reference) ?? readYamlFile(shownPath(findOwnRunbook(project, reference)))
    files.set(reference, read)
    const runbook = openOwnRunbook(project, reference, params, { read })
    loaded.set(key, runbook)
    return runbook
  }
}
