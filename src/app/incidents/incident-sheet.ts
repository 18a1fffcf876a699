import type { IncidentClock } from '../../core/incident.ts'
import type { Sheet } from '../../reporters/sheet.ts'
import type { IncidentView } from './incident-view.ts'

type Column = readonly [title: string, value: (view: IncidentView) => string | null]

/** Minutes that a clock took, and whether that was too long. */
function clockColumns(clock: IncidentClock): readonly Column[] {
  const of = ({ clocks }: IncidentView) => clocks.find((each) => each.clock === clock)
  return [
    [`${clock}_minutes`, (view) => ((of(view)?.elapsed_ms ?? 0) / 60_000).toFixed(1)],
    [`${clock}_late`, (view) => (of(view)?.late ? 'yes' : 'no')],
  ]
}

const COLUMNS: readonly Column[] = [
  ['incident', ({ incident }) => incident],
  ['state', ({ state }) => state],
  ['origin', ({ origin }) => origin],
  ['fault', ({ fault }) => fault],
  ['severity', ({ severity }) => severity],
  ['title', ({ title }) => title],
  ['device', ({ device }) => device],
  ['store', ({ store }) => store],
  ['region', ({ region }) => region],
  ['vendor', ({ vendor }) => vendor],
  ['contract', ({ contract }) => contract],
  ['team', ({ team }) => team],
  ['partner', ({ partner }) => partner],
  ['owner', ({ owner }) => owner],
  ['opened_at', ({ opened_at }) => opened_at],
  ['taken_at', ({ taken_at }) => taken_at],
  ['diagnosed_at', ({ diagnosed_at }) => diagnosed_at],
  ['cleared_at', ({ cleared_at }) => cleared_at],
  ['closed_at', ({ closed_at }) => closed_at],
  ...clockColumns('reaction'),
  ...clockColumns('diagnosis'),
  ...clockColumns('fix'),
  ['cause', ({ cause }) => cause],
  ['action', ({ action }) => action?.action ?? null],
  ['action_owner', ({ action }) => action?.owner ?? null],
  ['action_due', ({ action }) => action?.due ?? null],
  ['action_done_at', ({ action }) => action?.done_at ?? null],
]

/** Incidents as lines of a spreadsheet. */
export function incidentSheet(incidents: readonly IncidentView[]): Pick<Sheet, 'columns' | 'rows'> {
  return {
    columns: COLUMNS.map(([title]) => title),
    rows: incidents.map((view) => COLUMNS.map(([, value]) => value(view) ?? '')),
  }
}
