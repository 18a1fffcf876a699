import { isAbsolute, join } from 'node:path'
import type { Calendar } from '../../core/calendar.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Policy } from '../../core/policy.ts'
import { isPointerText } from '../../files/lfs-pointer.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { readCalendar } from '../calendar/read-calendar.ts'
import { pointerAt } from '../source-text.ts'

/**
 * The iCal files that policies name, by these names; paths are relative to the folder of tillwright.yaml. Those that
 * cannot be read or used are missing, and the reasons are in `diagnostics`.
 */
export function loadCalendars(
  policies: Iterable<Policy>,
  root: string,
): { readonly calendars: ReadonlyMap<string, Calendar>; readonly diagnostics: readonly Diagnostic[] } {
  const calendars = new Map<string, Calendar>()
  const diagnostics: Diagnostic[] = []
  for (const name of new Set([...policies].flatMap(calendarsOf))) {
    const read = loadCalendar(name, calendarFile(name, root), 'A policy')
    if (read.calendar) calendars.set(name, read.calendar)
    diagnostics.push(...read.diagnostics)
  }
  return { calendars, diagnostics }
}

function calendarsOf({ freezes, rollout, repair }: Policy): readonly string[] {
  const entries = [...freezes, ...rollout.windows.flat(), ...repair.windows.flat()]
  return entries.flatMap(({ when }) => (when.type === 'calendar' ? [when.calendar] : []))
}

/** Where a calendar lies that a policy of a repository names. */
export function calendarFile(name: string, root: string): string {
  return isAbsolute(name) ? name : join(root, name)
}

/** An iCal file; `by` names it, as in "A policy". */
export function loadCalendar(name: string, file: string, by: string): ReturnType<typeof readCalendar> {
  let text: string
  try {
    text = readRegular(file, MOST_BYTES.text).toString('utf8')
  } catch (error) {
    const detail = `${by} names it as a calendar. ${(error as Error).message}`
    return {
      diagnostics: [{ code: 'FILE_UNREADABLE', severity: 'error', summary: `"${name}" cannot be read`, detail }],
    }
  }
  return isPointerText(text) ? { diagnostics: [pointerAt(file)] } : readCalendar(text, file)
}
