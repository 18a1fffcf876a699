import type { Calendar } from '../../core/calendar.ts'
import { DAY_MS } from '../../core/duration.ts'
import type { Device, Fleet, Store, TradingHours } from '../../core/fleet.ts'
import type { ServiceTerms } from '../../core/incident.ts'
import { DEFAULT_LIMITS_MS } from '../../core/incident-clocks.ts'
import {
  type FaultCase,
  missOf,
  type Responsibility,
  type ResponsibilityRow,
  rowOf,
  type ServiceContract,
} from '../../core/responsibility.ts'
import type { Expression, Scope } from '../../core/runbook.ts'
import { selectorScope } from '../../lang/expression.ts'
import { ALWAYS_OPEN } from '../../lang/inventory/trading-hours.ts'
import type { LoadedResponsibility } from '../../lang/responsibility/load-responsibility.ts'

/** How far ahead holidays are written into an incident. */
const HOLIDAY_DAYS = 400

/** What a fault is about: a device, a whole store, or neither. */
export interface FaultPlace {
  readonly device: string | null
  readonly store: string | null
}

/** Whose a fault is, and what is promised. */
export interface Duty extends FaultCase {
  readonly row: ResponsibilityRow | undefined
  readonly partner: string | null
  readonly terms: ServiceTerms
}

/** The responsibility matrix over a fleet. */
export class Duties {
  readonly responsibility: Responsibility
  readonly #fleet: Fleet
  readonly #holidays: ReadonlyMap<string, Calendar>

  constructor(fleet: Fleet, { responsibility, holidays }: LoadedResponsibility) {
    this.#fleet = fleet
    this.responsibility = responsibility
    this.#holidays = holidays
  }

  /** What the matrix goes by, for a fault at a place. */
  caseOf(fault: string, place: FaultPlace): FaultCase {
    const { vendor, contract } = this.responsibility
    const scope = scopeOf(this.#fleet, place)
    const region = storeOf(this.#fleet, place)?.region ?? ''
    return { fault, vendor: textOf(vendor, scope), region, contract: textOf(contract, scope) }
  }

  /** Whose a fault is; without a row where there is none for it. */
  find(fault: string, place: FaultPlace, now: Date): Duty {
    const of = this.caseOf(fault, place)
    const row = rowOf(this.responsibility, of)
    const team = row && this.responsibility.teams.get(row.team)
    const zone = storeOf(this.#fleet, place)?.time_zone ?? 'UTC'
    return { ...of, row, partner: team?.partner ?? null, terms: this.#terms(of.contract, zone, now) }
  }

  /** Each row up to the one for a case, with the reason why it is not the one. */
  considered(of: FaultCase): readonly { readonly row: ResponsibilityRow; readonly miss: string | null }[] {
    const { rows } = this.responsibility
    const found = rows.findIndex((row) => missOf(row, of) === null)
    return rows.slice(0, found < 0 ? rows.length : found + 1).map((row) => ({ row, miss: missOf(row, of) }))
  }

  #terms(name: string, time_zone: string, now: Date): ServiceTerms {
    const contract = this.responsibility.contracts.get(name)
    if (!contract) return defaultTerms(time_zone)
    const { limits_ms } = contract
    return { contract: name, trading: { hours: this.#hoursOf(contract, now), time_zone }, limits_ms }
  }

  /** Hours of a contract from now on; what is promised today does not change with a calendar. */
  #hoursOf({ hours, holidays }: ServiceContract, now: Date): TradingHours {
    const calendar = holidays === undefined ? undefined : this.#holidays.get(holidays)
    if (!calendar) return hours
    const from = Math.floor(now.getTime() / DAY_MS) * DAY_MS - DAY_MS
    const closed: Record<string, readonly string[]> = {}
    for (const span of calendar.between(from, from + HOLIDAY_DAYS * DAY_MS)) {
      for (let day = Math.floor(span.from / DAY_MS) * DAY_MS; day < span.to; day += DAY_MS)
        closed[new Date(day).toISOString().slice(0, 10)] = []
    }
    return { ...hours, exceptions: { ...hours.exceptions, ...closed } }
  }
}

/** Around the clock, for what has no contract. */
export function defaultTerms(time_zone: string): ServiceTerms {
  return { contract: null, trading: { hours: ALWAYS_OPEN, time_zone }, limits_ms: DEFAULT_LIMITS_MS }
}

export function storeOf(fleet: Fleet, { device, store }: FaultPlace): Store | undefined {
  return fleet.stores.get(store ?? fleet.devices.get(device ?? '')?.store ?? '')
}

function scopeOf(fleet: Fleet, place: FaultPlace): Scope | undefined {
  const device: Device | undefined = fleet.devices.get(place.device ?? '')
  if (device) return selectorScope(fleet, device)
  const [neighbour] = storeOf(fleet, place)?.devices ?? []
  // What is about a whole store has the store's values, and none of a device.
  return neighbour && { ...selectorScope(fleet, neighbour), device: {}, vars: {} }
}

function textOf(expression: Expression | undefined, scope: Scope | undefined): string {
  const answer = scope && expression?.evaluate(scope)
  return answer?.ok && typeof answer.value === 'string' ? answer.value : ''
}
