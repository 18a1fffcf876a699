import { alertKey } from '../../core/alert.ts'
import { type Episode, faultOf } from '../../core/episode.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import { type IncidentOpening, type IncidentOrigin, STORM_KEY } from '../../core/incident.ts'
import { shownPath } from '../shown-path.ts'
import { type Duties, defaultTerms, storeOf } from './duties.ts'

/** What begins an incident, before it is known whose it is. */
export interface IncidentCall {
  readonly key: string
  readonly origin: IncidentOrigin
  readonly fault: string
  /** What it counts as where the matrix has no row for `fault`. */
  readonly broader?: string | undefined
  readonly severity: string
  readonly title: string
  readonly device: string | null
  readonly store: string | null
  readonly by: string
}

/** What whose an incident is depends on. */
export interface Answerable {
  readonly fleet: Fleet
  /** undefined: the repository has no matrix. */
  readonly duties: Duties | undefined
}

/** The fault of an episode that needs people. */
export function callOfEpisode(episode: Episode, rule: HookRule | undefined): IncidentCall {
  const { device, store, alert, values = {} } = episode
  // Two services of one till have two incidents, which only this tells apart.
  const taken = Object.entries(values).map(([name, value]) => ` ${name}=${value}`)
  const broader = rule?.fault ?? episode.fault ?? episode.rule
  return {
    key: JSON.stringify(['episode', ...faultOf(episode)]),
    origin: 'episode',
    fault: episode.attempts.findLast((attempt) => attempt.fault != null)?.fault ?? broader,
    broader,
    severity: alert.severity,
    title: `${alert.name}${taken.join(',')}: ${device ?? store ?? alertKey(alert)}`,
    device,
    store,
    by: 'till',
  }
}

/** So many faults at once that nothing is done by itself: one outage. */
export function callOfStorm(why: string): IncidentCall {
  const nothing = { device: null, store: null } as const
  const title = why.replace(/: nothing is done.*$/, '.')
  return { key: STORM_KEY, origin: 'storm', fault: 'storm', severity: 'critical', title, ...nothing, by: 'till' }
}

/** A revision of the repository that is not taken into force. */
export function callOfRefusedRevision(
  commit: string,
  { why, by }: { readonly why: string; readonly by: string },
): IncidentCall {
  const nothing = { device: null, store: null } as const
  const title = `The revision ${commit.slice(0, 12)} is refused: ${why}`
  const fault = 'revision-refused'
  return {
    key: JSON.stringify(['revision', commit]),
    origin: 'revision',
    fault,
    severity: 'high',
    title,
    ...nothing,
    by,
  }
}

/** Of a remote that has not told for long where its branch is: devices are kept to something old. */
export function callOfSilentRemote(
  since: string,
  { why, by }: { readonly why: string; readonly by: string },
): IncidentCall {
  return ofController(
    'remote',
    { since, by },
    `The repository that is followed has brought nothing since ${since}: ${why}`,
  )
}

/** Of a controller that has another revision in force than counts: it reconciles no device. */
export function callOfOvertaken(
  { commit, on, since }: { readonly commit: string; readonly on: string; readonly since: string },
  { why, by }: { readonly why: string; readonly by: string },
): IncidentCall {
  const title = `REVISION_OVERTAKEN, ${by}: it reconciles no device, since ${on} has the revision ${commit.slice(0, 12)} in force${why}`
  return ofController('overtaken', { since, by }, title)
}

/** Each controller has its own, each time that it begins. */
function ofController(
  what: string,
  { since, by }: { readonly since: string; readonly by: string },
  title: string,
): IncidentCall {
  const nothing = { device: null, store: null } as const
  const key = JSON.stringify(['revision', what, by, since])
  return { key, origin: 'revision', fault: 'revision-refused', severity: 'high', title, ...nothing, by }
}

/** A call with whose it is and what is promised. */
export function incidentOpening({ fleet, duties }: Answerable, call: IncidentCall, now = new Date()): IncidentOpening {
  const { broader, ...said } = call
  const store = storeOf(fleet, call)
  const place = { device: call.device, store: store?.id ?? call.store }
  const head = { ...said, ...place, region: store?.region ?? null }
  if (!duties) {
    const why = 'The repository names nobody: it has no `responsibility`.'
    const terms = defaultTerms(store?.time_zone ?? 'UTC')
    return { ...head, vendor: '', team: null, partner: null, why, steps: [], terms }
  }
  const own = duties.find(call.fault, place, now)
  const duty = own.row || broader === undefined ? own : duties.find(broader, place, now)
  const { row, vendor, partner, terms } = duty
  const why = row
    ? `By the row at ${shownPath(row.source.file)}:${row.source.line}, for ${duty.fault}.`
    : `The matrix has no row for "${call.fault}".`
  return { ...head, vendor, team: row?.team ?? null, partner, why, steps: row?.steps ?? [], terms }
}
