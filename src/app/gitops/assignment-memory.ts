import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AssignmentMemory } from '../../core/assignment-schedule.ts'
import { InputError } from '../../core/diagnostic.ts'
import { editFile } from '../../files/edit-file.ts'
import type { Project } from '../project.ts'

export type AssignmentMemories = Readonly<Record<string, AssignmentMemory>>

/** Beside the state store: what is remembered of assignments outlives a revision. */
function fileOf(project: Project): string {
  return join(dirname(project.paths.state), 'assignments.json')
}

/** What is remembered of every assignment, by name. Throws InputError where the file is damaged. */
export function readMemories(project: Project): AssignmentMemories {
  const file = fileOf(project)
  try {
    return parsed(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    const summary = `"${file}" cannot be read`
    const detail =
      'It holds when assignments were gone through, and which are suspended. Mend it, or remove it: all are due then.'
    throw new InputError([{ code: 'FILE_UNREADABLE', severity: 'error', summary, detail }])
  }
}

/** Changes what is remembered of some assignments; of others it stays. */
export async function editMemories(
  project: Project,
  edit: (before: AssignmentMemories) => AssignmentMemories,
): Promise<void> {
  readMemories(project)
  await editFile(
    fileOf(project),
    (before) => `${JSON.stringify({ ...parsed(before), ...edit(parsed(before)) }, null, 1)}\n`,
    {
      mode: 0o600,
    },
  )
}

function parsed(text: string): AssignmentMemories {
  if (text === '') return {}
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('It is no map')
  return value as AssignmentMemories
}
