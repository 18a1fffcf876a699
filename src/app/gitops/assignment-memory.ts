import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AssignmentMemory } from '../../core/assignment-schedule.ts'
import type { RememberedAssignments } from '../../core/assignment-store.ts'
import { inputError } from '../../core/diagnostic.ts'
import type { RunStore } from '../../core/run-store.ts'
import { editFile } from '../../files/edit-file.ts'
import type { Project } from '../project.ts'

export type AssignmentMemories = Readonly<Record<string, AssignmentMemory>>

/** So long an assignment stays taken by a process of which nothing is heard. */
const TTL_MS = 60_000

/** Beside the state store: what is remembered of assignments outlives a revision. */
function fileOf(project: Project): string {
  return join(dirname(project.paths.state), 'assignments.json')
}

/** What is remembered of every assignment, by name. Throws InputError where the file is damaged. */
export async function readMemories(project: Project): Promise<AssignmentMemories> {
  if ('file' in project.state) return ofFile(project)
  return known(project, await (await project.store()).assignments.read())
}

/** Changes what is remembered of some assignments; of others it stays. */
export async function editMemories(
  project: Project,
  edit: (before: AssignmentMemories) => AssignmentMemories,
): Promise<void> {
  if (!('file' in project.state)) {
    const { assignments } = await project.store()
    return assignments.edit((texts) => {
      const before = known(project, texts)
      return textsOf({ ...(texts.size === 0 && before), ...edit(before) })
    })
  }
  ofFile(project)
  await editFile(
    fileOf(project),
    (before) => `${JSON.stringify({ ...parsed(before), ...edit(parsed(before)) }, null, 1)}\n`,
    {
      mode: 0o600,
    },
  )
}

/** Assignments that this process goes through, with what was remembered when it took them. */
export interface Taken {
  readonly memories: AssignmentMemories
  readonly names: ReadonlySet<string>
  /** They are gone through, or left. */
  leave(): Promise<void>
}

/**
 * Takes the assignments that are `wanted`. Where several machines share the memory, those that another one goes through are left
 * to it; on one machine a lock of the folder keeps a second pass away.
 */
export async function takeAssignments(
  project: Project,
  wanted: (memories: AssignmentMemories) => readonly string[],
): Promise<Taken> {
  if ('file' in project.state) {
    const memories = ofFile(project)
    return { memories, names: new Set(wanted(memories)), leave: async () => undefined }
  }
  const { assignments } = await project.store()
  let memories: AssignmentMemories = {}
  const names = await assignments.take((texts) => {
    memories = known(project, texts)
    return wanted(memories)
  }, TTL_MS)
  const keep = (): void => void assignments.keep(names, TTL_MS).catch(() => undefined)
  const timer = names.length > 0 ? setInterval(keep, TTL_MS / 4) : undefined
  timer?.unref()
  return {
    memories,
    names: new Set(names),
    async leave() {
      clearInterval(timer)
      if (names.length > 0) await assignments.leave(names)
    },
  }
}

/** Of a state that was in a file until now: what was remembered beside it holds. */
function known(project: Project, texts: RememberedAssignments): AssignmentMemories {
  if (texts.size === 0) return ofFile(project)
  return Object.fromEntries([...texts].map(([name, text]) => [name, JSON.parse(text) as AssignmentMemory]))
}

/** Takes along what a file remembers into a store that remembers nothing yet. Throws InputError where the file is damaged. */
export async function carryMemories(project: Project, { assignments }: Pick<RunStore, 'assignments'>): Promise<void> {
  const memories = ofFile(project)
  await assignments.edit((before) => (before.size > 0 ? {} : textsOf(memories)))
}

function textsOf(memories: AssignmentMemories): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(memories).map(([name, memory]) => [name, JSON.stringify(memory)]))
}

function ofFile(project: Project): AssignmentMemories {
  const file = fileOf(project)
  try {
    return parsed(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    const summary = `"${file}" cannot be read`
    const detail =
      'It holds when assignments were gone through, and which are suspended. Mend it, or remove it: all are due then.'
    throw inputError('FILE_UNREADABLE', summary, detail)
  }
}

function parsed(text: string): AssignmentMemories {
  if (text === '') return {}
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('It is no map')
  return value as AssignmentMemories
}
