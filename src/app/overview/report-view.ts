import type { AvailabilitySettings } from '../../core/availability-settings.ts'
import type { Contract } from '../../core/contract.ts'
import { InputError } from '../../core/diagnostic.ts'
import type { Fleet, Store } from '../../core/fleet.ts'
import type { IncidentEyes, IncidentStore } from '../../core/incident-store.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Report, ReportRow } from '../../core/report.ts'
import { type Grouping, type NamedReport } from '../../core/report-names.ts'
import type { AvailabilityOf } from '../reports/availability-report.ts'
import { groupOf } from '../reports/groups.ts'
import { reportByName } from '../reports/report-by-name.ts'
import { type PeriodFlags, reportPeriod } from '../reports/report-period.ts'
import { contractsSeen, seesRecord } from './contracts-seen.ts'
import { type Page, pagedOf } from './paging.ts'
import { eyesOf, fleetSeen, type Sight, withoutOthers } from './sight.ts'

/** What is asked of a report; the flags of the command of that name. */
export interface ReportAsked extends PeriodFlags {
  readonly name: NamedReport
  readonly by?: Grouping | undefined
  readonly of?: AvailabilityOf | undefined
  /** Devices of these groups alone: `region` → its ids. */
  readonly among: Readonly<Partial<Record<Grouping, readonly string[]>>>
  /** Names of contracts; empty: all. */
  readonly contracts: readonly string[]
  readonly weeks?: number | undefined
}

export interface ReportTerms {
  readonly settings: AvailabilitySettings
  readonly contracts: readonly Contract[]
}

/** What answers come from, besides the sight. */
export interface ReportFrom extends ReportTerms {
  readonly incidents: IncidentStore
}

/** A report of what somebody sees. Throws InputError for a period or a grouping that makes no sense. Takes long for a chain. */
export async function reportSeen(
  sight: Sight,
  asked: ReportAsked,
  { settings, contracts, incidents }: ReportFrom,
): Promise<Report> {
  const now = new Date()
  const { name, by, of, weeks } = asked
  const among = amongOf(asked)
  const seen = fleetSeen(sight)
  const devices = [...seen.devices.values()].filter((device) => {
    const store = seen.stores.get(device.store)
    return Object.entries(among).every(([group, wanted]) => {
      return wanted.length === 0 || (store !== undefined && wanted.includes(groupOf(group as Grouping, store, device)))
    })
  })
  const own = contractsSeen(sight, contracts)
  const unknown = asked.contracts.find((one) => !own.some((contract) => contract.name === one))
  if (unknown !== undefined) throw noContract(unknown)
  const report = await reportByName({
    name,
    fleet: seen,
    // What a contract comes to hangs on the lines of its stores, too; who sees all its devices sees that.
    whole: sight.fleet,
    seesRecord: (record) => seesRecord(sight, record),
    store: sight.store,
    incidents,
    eyes: eyesAmong(sight, { fleet: seen, among, devices: new Set(devices.map((device) => device.name)) }),
    settings,
    contracts: asked.contracts.length === 0 ? own : own.filter((one) => asked.contracts.includes(one.name)),
    devices,
    isPart: Object.values(among).some((wanted) => wanted.length > 0),
    period: reportPeriod(asked, now.getTime()),
    now,
    by,
    of,
    weeks,
  })
  const { rows, notes, total, charts } = report
  const told = withoutOthers(sight, { rows, notes, total, charts } as unknown as JsonObject)
  return { ...report, ...(told as unknown as Pick<Report, 'rows' | 'notes' | 'total' | 'charts'>) }
}

/** A checklist is of tills unless it is said of what. */
function amongOf({ name, among }: ReportAsked): ReportAsked['among'] {
  const isSaid = (among.kind ?? []).length > 0 || (among.device ?? []).length > 0
  return name === 'checklist' && !isSaid ? { ...among, kind: ['till'] } : among
}

/** Groupings of stores: what is about a whole store is in them as well. */
const OF_PLACES: readonly string[] = ['region', 'store'] satisfies readonly Grouping[]

/** Of the incidents that somebody sees, those of the devices or stores that are asked for. */
function eyesAmong(
  sight: Sight,
  {
    fleet,
    among,
    devices,
  }: { readonly fleet: Fleet; readonly among: ReportAsked['among']; readonly devices: Set<string> },
): IncidentEyes {
  const wanted = Object.entries(among).filter(([, ids]) => ids.length > 0)
  const eyes = eyesOf(sight)
  if (wanted.length === 0) return eyes
  const isOfPlaces = wanted.every(([group]) => OF_PLACES.includes(group))
  const isWanted = (store: Store | undefined): boolean =>
    store !== undefined && wanted.every(([group, ids]) => ids.includes(groupOf(group as Grouping, store, undefined)))
  return {
    ...eyes,
    sees: (place) => {
      if (eyes.sees && !eyes.sees(place)) return false
      if (isOfPlaces) return place.store !== null && isWanted(fleet.stores.get(place.store))
      return place.device !== null && devices.has(place.device)
    },
  }
}

/** A page of a report as the API tells it. */
export function reportJson(
  report: Report,
  { page, order }: { readonly page: Page; readonly order: 'name' | 'worst' },
): JsonObject {
  const { form } = report
  const ordered = form.name === 'completeness' && order === 'worst' ? worstStoresFirst(report.rows) : report.rows
  const { rows, next, total: count } = pagedOf(ordered, report, page)
  const { since, until, made_at, zone, by, of, notes, total, charts } = report
  return {
    report: form.name,
    ...{ since, until, made_at, zone, by, of, notes: [...notes], count, next },
    columns: form.columns.map(({ key, title, type, aside = false }) => ({ key, title, type, aside })),
    rows: rows.map((row) => ({ ...row })),
    total: total && { ...total },
    charts: charts as unknown as JsonValue,
  }
}

/** All days of the store that lacks most come first. */
function worstStoresFirst(rows: readonly ReportRow[]): readonly ReportRow[] {
  const missing = new Map<string, number>()
  for (const { store, missing_s } of rows) {
    missing.set(String(store), (missing.get(String(store)) ?? 0) + Number(missing_s))
  }
  const of = (row: ReportRow): number => missing.get(String(row['store'])) ?? 0
  return [...rows].sort((a, b) => {
    if (a['store'] !== b['store']) return of(b) - of(a) || (String(a['store']) < String(b['store']) ? -1 : 1)
    return String(a['day']) < String(b['day']) ? -1 : 1
  })
}

function noContract(name: string): InputError {
  return new InputError([
    { code: 'USAGE_INVALID', severity: 'error', summary: `There is no contract "${name.slice(0, 80)}"` },
  ])
}
