import { DAY_MS } from '../../core/duration.ts'
import type { Pulled } from '../../gitops/pull.ts'
import { openIncidentStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import { dutiesOf } from './duties-in-force.ts'
import { callOfRefusedRevision, callOfSilentRemote, incidentOpening } from './incident-opening.ts'

/**
 * What a pull says of incidents about refused revisions: one is opened, or, where the newest revision is in force, those that are
 * open are cleared. One that did not answer says nothing, until it has not for a day.
 */
export async function tellOfRevision(project: Project, pulled: Pulled): Promise<void> {
  // A hiccup is over with the next pull.
  if (pulled.outcome === 'undecided' && !pulled.isUndecidedStill) return
  if (pulled.code !== undefined) return openForRefused(project, pulled)
  const store = await openIncidentStore(project.state)
  const cleared = { type: 'cleared', at: new Date().toISOString() } as const
  try {
    for (const { incident, origin, cleared_at: before } of await store.incidents())
      if (origin === 'revision' && before === null)
        await store.note(incident, ({ cleared_at: at }) => (at === null ? [cleared] : []))
  } finally {
    await store.close()
  }
}

/** Opens the incident of a revision that is refused, by what the one in force says; once for each, however often it is pulled. */
async function openForRefused(project: Project, pulled: Pulled): Promise<void> {
  const call = callOf(pulled)
  if (call === undefined) return
  const fleet = await project.fleet()
  const store = await openIncidentStore(project.state)
  try {
    await store.open(incidentOpening({ fleet, duties: dutiesOf(project, fleet) }, call), new Date())
  } finally {
    await store.close()
  }
}

/** So long a remote may be away before somebody is called: a night's maintenance is not worth waking anybody. */
const SILENT_MS = DAY_MS

function callOf({ tip, code, problems, answeredAt }: Pulled): ReturnType<typeof callOfRefusedRevision> | undefined {
  const about = { why: `${code}${problems[0] ? `, ${problems[0].detail}` : ''}`, by: 'till' }
  if (tip !== null) return callOfRefusedRevision(tip, about)
  const isLong = answeredAt !== undefined && Date.now() - Date.parse(answeredAt) >= SILENT_MS
  return isLong ? callOfSilentRemote(answeredAt, about) : undefined
}
