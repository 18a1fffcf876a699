import { counted } from '../../core/counted.ts'
import type { Fleet } from '../../core/fleet.ts'
import { INCIDENT_CLOCKS, type IncidentClock } from '../../core/incident.ts'
import type { IncidentEyes, IncidentStore } from '../../core/incident-store.ts'
import type { Report, ReportChart, ReportRow } from '../../core/report.ts'
import { INCIDENTS_REPORT } from '../../core/report-forms.ts'
import { type IncidentView, incidentView } from '../incidents/incident-view.ts'
import { frameOf } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'

/** Bars of a chart. */
const MOST_BARS = 20

export interface IncidentsQuestion extends IncidentEyes {
  readonly fleet: Fleet
  readonly incidents: IncidentStore
  readonly period: ReportPeriod
  readonly now: Date
}

/** Incidents that were opened in a period, newest first, with what their clocks came to. */
export async function incidentsReport(question: IncidentsQuestion): Promise<Report> {
  const { incidents, now, partner, sees } = question
  const frame = frameOf(question)
  const all = await incidents.incidents({ closed: true, since: frame.since, partner, sees })
  const views = all.filter(({ opened_at }) => opened_at < frame.until).map((one) => incidentView(one, now))
  const late = INCIDENT_CLOCKS.map((clock) => [clock, views.filter((view) => isLate(view, clock)).length] as const)
  const open = views.filter(({ closed_at }) => closed_at === null).length
  const notes = [
    `${counted(views.length, 'incident was', 'incidents were')} opened; not closed: ${open}.`,
    `Late: ${late.map(([clock, count]) => `${clock} ${count}`).join(', ')}.`,
  ]
  const charts = [
    chartOf('Incidents by fault', views, ({ fault }) => fault),
    chartOf('Incidents by team', views, ({ team }) => team ?? 'nobody'),
  ]
  const rows = views.map(rowOf)
  return { form: INCIDENTS_REPORT, ...frame, by: null, of: null, notes, rows, total: null, charts }
}

function rowOf(view: IncidentView): ReportRow {
  const { incident, opened_at, state, fault, severity, title, device, store, team, owner, cause, closed_at } = view
  const seconds = (clock: IncidentClock): number =>
    Math.round((view.clocks.find((one) => one.clock === clock)?.elapsed_ms ?? 0) / 1000)
  const late = INCIDENT_CLOCKS.filter((clock) => isLate(view, clock))
  return {
    ...{ incident, opened_at, state, fault, severity, title, device, store, team, owner },
    reaction_s: seconds('reaction'),
    diagnosis_s: seconds('diagnosis'),
    fix_s: seconds('fix'),
    late: late.length === 0 ? null : late.join(', '),
    cause,
    closed_at,
  }
}

function isLate({ clocks }: IncidentView, clock: IncidentClock): boolean {
  return clocks.some((one) => one.clock === clock && one.late)
}

function chartOf(title: string, views: readonly IncidentView[], of: (view: IncidentView) => string): ReportChart {
  const counts = new Map<string, number>()
  for (const view of views) counts.set(of(view), (counts.get(of(view)) ?? 0) + 1)
  const points = [...counts].map(([label, value]) => ({ label, value })).sort((a, b) => b.value - a.value)
  return { title, kind: 'bars', type: 'count', points: points.slice(0, MOST_BARS) }
}
