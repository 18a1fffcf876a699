import { alertKey } from '../../core/alert.ts'
import type { Episode } from '../../core/episode.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import type { IncidentOpening, IncidentOrigin, ServiceTerms } from '../../core/incident.ts'
import { DEFAULT_LIMITS_MS } from '../../core/incident-clocks.ts'

/** What begins an incident, before it is known whose it is. */
export interface IncidentCall {
  readonly key: string
  readonly origin: IncidentOrigin
  readonly fault: string
  readonly severity: string
  readonly title: string
  readonly device: string | null
  readonly store: string | null
  readonly by: string
}

/** Around the clock, for what has no contract. */
const ALWAYS = ['00:00-24:00']
const EVERY_DAY = { mon: ALWAYS, tue: ALWAYS, wed: ALWAYS, thu: ALWAYS, fri: ALWAYS, sat: ALWAYS, sun: ALWAYS }

/** The fault of an episode that needs people. */
export function callOfEpisode(episode: Episode, rule: HookRule | undefined): IncidentCall {
  const { device, store, alert } = episode
  const fault = episode.attempts.findLast((attempt) => attempt.fault != null)?.fault ?? rule?.fault ?? episode.rule
  return {
    key: JSON.stringify(['episode', episode.rule, device ?? store]),
    origin: 'episode',
    fault,
    severity: alert.severity,
    title: `${alert.name}: ${device ?? store ?? alertKey(alert)}`,
    device,
    store,
    by: 'till',
  }
}

/** So many faults at once that nothing is done by itself: one outage. */
export function callOfStorm(why: string): IncidentCall {
  const nothing = { device: null, store: null } as const
  const title = why.replace(/: nothing is done.*$/, '.')
  return { key: 'storm', origin: 'storm', fault: 'storm', severity: 'critical', title, ...nothing, by: 'till' }
}

/** A call with whose it is and what is promised. */
export function incidentOpening(fleet: Fleet, call: IncidentCall): IncidentOpening {
  const store = fleet.stores.get(call.store ?? fleet.devices.get(call.device ?? '')?.store ?? '')
  const nobody = { team: null, partner: null, why: 'The repository names nobody: it has no `responsibility`.' } as const
  return {
    ...call,
    store: store?.id ?? call.store,
    region: store?.region ?? null,
    vendor: '',
    ...nobody,
    steps: [],
    terms: defaultTerms(store?.time_zone ?? 'UTC'),
  }
}

function defaultTerms(time_zone: string): ServiceTerms {
  return {
    contract: null,
    trading: { hours: { week: EVERY_DAY, exceptions: {} }, time_zone },
    limits_ms: DEFAULT_LIMITS_MS,
  }
}
