import type { Incident } from '../../core/incident.ts'
import { readClocks } from '../../core/incident-clocks.ts'
import type { IncidentStore } from '../../core/incident-store.ts'

/** Incidents of which something is overdue at an instant: a clock that ran out and is not met, or a corrective action. */
export async function overdueIncidents(
  store: IncidentStore,
  { now, partner }: { readonly now: Date; readonly partner?: string | undefined },
): Promise<readonly Incident[]> {
  const all = await store.incidents({ closed: true, partner })
  return all.filter((incident) => isOverdue(incident, now))
}

function isOverdue(incident: Incident, now: Date): boolean {
  const { action, closed_at } = incident
  if (action && action.done_at === null && action.due < now.toISOString().slice(0, 10)) return true
  return closed_at === null && readClocks(incident, now.getTime()).some(({ late, state }) => late && state !== 'met')
}
