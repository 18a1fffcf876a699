import {
  type AssignmentMemory,
  type AssignmentMode,
  isContested,
  nextDue,
  type Suspension,
} from '../../core/assignment-schedule.ts'
import { InputError } from '../../core/diagnostic.ts'
import { suggest } from '../../lang/suggest.ts'
import { plainText } from '../../reporters/plain-text.ts'
import type { Project } from '../project.ts'
import { accountName } from '../run/account.ts'
import { editMemories, readMemories } from './assignment-memory.ts'

/** A line of `till assignments` (till.assignments/1). */
export interface AssignmentLine {
  readonly name: string
  readonly runbook: string
  readonly where: string | null
  readonly mode: AssignmentMode
  readonly every_ms: number | null
  readonly owner: string | null
  readonly last: { readonly at: string; readonly run: string; readonly exit_code: number } | null
  /** When it is due; null while it is suspended. */
  readonly next: string | null
  readonly suspended: Suspension | null
  /** Devices that something else changes back. */
  readonly contested: readonly string[]
  /** Since when it has meant no device, where it meant some before; null: it does, or it is meant so. */
  readonly empty_since: string | null
}

/** Every assignment, and when it was and will be gone through. */
export async function listAssignments(project: Project, now: Date): Promise<readonly AssignmentLine[]> {
  const memories = await readMemories(project)
  return project.settings.assignments.map(({ name, runbook, where, mode, everyMs, owner }) => {
    const memory = memories[name]
    const contested = Object.entries(memory?.mends ?? {}).filter(([, mends]) => isContested(mends, now.getTime()))
    return {
      name,
      runbook,
      where: where ?? null,
      mode,
      every_ms: everyMs ?? null,
      owner: owner ?? null,
      last: memory?.last ? lastOf(memory.last) : null,
      next: memory?.suspended ? null : new Date(nextDue(name, everyMs, memory, now.getTime())).toISOString(),
      suspended: memory?.suspended ?? null,
      contested: contested.map(([device]) => device).sort(),
      empty_since: memory?.empty_since ?? null,
    }
  })
}

function lastOf({ at, run, exit_code }: NonNullable<AssignmentMemory['last']>): AssignmentLine['last'] {
  return { at, run, exit_code }
}

/** Stops an assignment, on record: it is not due until it is resumed. Throws InputError for one that there is none of. */
export async function suspendAssignment(project: Project, name: string, reason: string): Promise<void> {
  refuseUnknown(project, name)
  const suspended = { by: accountName(), reason, at: new Date().toISOString() }
  await editMemories(project, (before) => ({ [name]: { ...before[name], suspended } }))
}

/** Lets it go on, fights drift anew that had come back, and takes it as meant that it has no device. */
export async function resumeAssignment(project: Project, name: string): Promise<void> {
  refuseUnknown(project, name)
  await editMemories(project, (before) => {
    const { suspended: _, mends: __, empty_since: ___, ...rest } = before[name] ?? {}
    return { [name]: rest }
  })
}

function refuseUnknown(project: Project, name: string): void {
  const names = project.settings.assignments.map((assignment) => assignment.name)
  if (names.includes(name)) return
  const hint = suggest(name, names)
  const summary = `tillwright.yaml has no assignment "${name}"`
  const detail = names.length === 0 ? 'It has none at all.' : `It has: ${names.join(', ')}.`
  throw new InputError([
    {
      code: 'USAGE_INVALID',
      severity: 'error',
      summary,
      detail,
      ...(hint !== undefined && { hint: `did you mean "${hint}"?` }),
    },
  ])
}

/** The same for people. */
export function assignmentsText(lines: readonly AssignmentLine[], now: Date): string {
  if (lines.length === 0) return 'tillwright.yaml has no assignments.\n'
  return lines.map((line) => assignmentText(line, now)).join('')
}

function assignmentText(line: AssignmentLine, now: Date): string {
  const { name, runbook, where, mode, owner, last, next, suspended, contested, empty_since: since } = line
  const what = [
    mode,
    `runbook ${runbook}`,
    where === null ? '' : `where ${where}`,
    owner === null ? '' : `owner ${owner}`,
  ]
  const rows = [`${name}  ${what.filter((part) => part !== '').join(', ')}`]
  rows.push(`  last  ${last === null ? 'never' : `${last.at}  run ${last.run}, exit code ${last.exit_code}`}`)
  if (suspended) rows.push(`  SUSPENDED since ${suspended.at} by ${suspended.by}: ${suspended.reason}`)
  else rows.push(`  next  ${next !== null && Date.parse(next) <= now.getTime() ? 'due now' : next}`)
  if (since !== null) rows.push(`  MEANS NO DEVICE since ${since}`)
  if (contested.length > 0) rows.push(`  something else changes back: ${contested.join(', ')}`)
  return rows.map((row) => `${plainText(row)}\n`).join('')
}
