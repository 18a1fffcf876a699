import ICAL from 'ical.js'
import type { Calendar, WallSpan } from '../../core/calendar.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { LineIndex } from '../source-text.ts'
import { eventsOf } from './calendar-events.ts'
import { CalendarProblem, type JcalComponent } from './jcal.ts'

/**
 * Reads an iCal file (RFC 5545). Only what its clocks show is taken of it, with the names of their zones; what these
 * mean as instants is for core/zoned-time to say. A calendar with an event that is not understood is not used at all.
 */
export function readCalendar(
  text: string,
  file: string,
): { readonly calendar?: Calendar; readonly diagnostics: readonly Diagnostic[] } {
  try {
    const events = calendarsIn(text).flatMap(eventsOf)
    const calendar: Calendar = {
      name: file,
      between(from, to) {
        const spans = events.flatMap((event): readonly WallSpan[] => event.between(from, to))
        return [...spans].sort((a, b) => a.from - b.from)
      },
    }
    return { calendar, diagnostics: [] }
  } catch (error) {
    if (!(error instanceof CalendarProblem)) throw error
    return { diagnostics: [diagnosticOf(error, text, file)] }
  }
}

function calendarsIn(text: string): readonly JcalComponent[] {
  let parsed: unknown
  try {
    // Editors of Windows put a byte order mark before it.
    parsed = ICAL.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new CalendarProblem('The file is not an iCal file', `${(error as Error).message}.`, '')
  }
  const list = (Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed]) as readonly JcalComponent[]
  const calendars = list.filter((component) => component?.[0] === 'vcalendar')
  if (calendars.length > 0) return calendars
  throw new CalendarProblem('The file is not an iCal file', 'It has no BEGIN:VCALENDAR.', '')
}

function diagnosticOf({ message, detail, near }: CalendarProblem, text: string, file: string): Diagnostic {
  const at = near === '' ? 0 : Math.max(0, text.indexOf(near))
  const source = new LineIndex(text).range(file, at, at + near.length)
  return { code: 'CALENDAR_INVALID', severity: 'error', summary: message, detail, source }
}
