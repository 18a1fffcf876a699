import { DAY_MS } from '../../core/duration.ts'
import type { Incident } from '../../core/incident.ts'
import type { Pulled } from '../../gitops/pull.ts'
import type { Overtaken } from '../../gitops/trust-folder.ts'
import { openIncidentStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import { dutiesOf } from './duties-in-force.ts'
import {
  callOfOvertaken,
  callOfRefusedRevision,
  callOfSilentRemote,
  type IncidentCall,
  incidentOpening,
} from './incident-opening.ts'

/** What a pass of a controller knows of revisions before it looks at devices. */
interface Seen {
  readonly pulled: Pulled
  readonly overtaken: Overtaken | undefined
  /** The pass before was overtaken, too. */
  readonly isOvertakenStill: boolean
  /** Name of the controller. */
  readonly controller: string
}

/**
 * What a pass says of incidents about revisions: some are opened, once for each, however often it is so; others are over. A remote
 * that did not answer says nothing, until it has not for a day.
 */
export async function tellOfRevision(project: Project, seen: Seen): Promise<void> {
  const calls = [callOfPull(seen), callOfPlace(seen)].filter((call) => call !== undefined)
  const fleet = await project.fleet()
  const store = await openIncidentStore(project.state)
  const cleared = { type: 'cleared', at: new Date().toISOString() } as const
  try {
    for (const call of calls)
      await store.open(incidentOpening({ fleet, duties: dutiesOf(project, fleet) }, call), new Date())
    for (const incident of await store.incidents())
      if (incident.origin === 'revision' && incident.cleared_at === null && isOver(incident, seen))
        await store.note(incident.incident, ({ cleared_at: at }) => (at === null ? [cleared] : []))
  } finally {
    await store.close()
  }
}

/** As whom a controller opens incidents. */
const nameOf = ({ controller }: Seen): string => `till on ${controller}`
/** What releases before controllers had names have opened as. */
const NAMELESS = 'till'

/** It is over for whoever opened it; and for all where the revision that it is about is in force. */
function isOver({ key, opened_by: by }: Incident, seen: Seen): boolean {
  const { pulled, overtaken } = seen
  const isOwn = by === nameOf(seen) || by === NAMELESS
  const [, about] = JSON.parse(key) as readonly string[]
  if (about === 'overtaken') return isOwn && overtaken === undefined
  return pulled.code === undefined && (isOwn || about === pulled.trusted.commit)
}

/** So long a remote may be away before somebody is called: a night's maintenance is not worth waking anybody. */
const SILENT_MS = DAY_MS

function callOfPull(seen: Seen): IncidentCall | undefined {
  const { outcome, tip, code, answeredAt, isUndecidedStill } = seen.pulled
  // A hiccup is over with the next pull.
  if (code === undefined || (outcome === 'undecided' && !isUndecidedStill)) return undefined
  const about = { why: whyOf(seen.pulled), by: nameOf(seen) }
  // What is in force elsewhere is no bad commit: it is this controller that does not get it.
  if (tip !== null) return tip === seen.overtaken?.commit ? undefined : callOfRefusedRevision(tip, about)
  const isLong = answeredAt !== undefined && Date.now() - Date.parse(answeredAt) >= SILENT_MS
  return isLong ? callOfSilentRemote(answeredAt, about) : undefined
}

function callOfPlace(seen: Seen): IncidentCall | undefined {
  const { pulled, overtaken, isOvertakenStill } = seen
  if (overtaken === undefined || !isOvertakenStill) return undefined
  const why = pulled.code === undefined ? '' : `: ${whyOf(pulled)}`
  return callOfOvertaken(overtaken, { why, by: nameOf(seen) })
}

function whyOf({ code, problems }: Pulled): string {
  return `${code}${problems[0] ? `, ${problems[0].detail}` : ''}`
}
