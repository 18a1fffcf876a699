import type { Device, Fleet } from '../../core/fleet.ts'
import type { Report } from '../../core/report.ts'
import { CHECKLIST_REPORT } from '../../core/report-forms.ts'
import type { RunStore } from '../../core/run-store.ts'
import { checklistNote, checklistOf } from '../inventory/checklist.ts'
import { frameOf } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'

/** The checklist of a roll-out as a report, by one clock. */
export async function checklistReport(question: {
  readonly fleet: Fleet
  readonly devices: readonly Device[]
  readonly store: RunStore
  readonly period: ReportPeriod
  readonly now: Date
}): Promise<Report> {
  const { fleet, devices, store } = question
  const lines = await checklistOf(fleet, devices, store)
  const rows = lines.map(({ time_zone: _zone, ...row }) => row)
  const notes = [checklistNote(lines)]
  return { form: CHECKLIST_REPORT, ...frameOf(question), by: null, of: null, notes, rows, total: null, charts: [] }
}
