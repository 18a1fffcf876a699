import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { isVerdict } from '../../core/ledger.ts'
import type { Report, ReportForm, ReportRow } from '../../core/report.ts'
import { HORIZON_REPORT, VISITS_REPORT } from '../../core/report-forms.ts'
import type { RunStore } from '../../core/run-store.ts'
import { severityRank } from '../../core/severity.ts'
import { frameOf } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'
import { objectOf, textOf, toldByRuns, toldNote } from './told-by-runs.ts'

export interface RunsQuestion {
  readonly fleet: Fleet
  readonly store: RunStore
  readonly period: ReportPeriod
  readonly devices: readonly Device[]
  readonly runs: number
  readonly now: Date
}

/** Something that somebody has to see to. */
interface Item {
  readonly device: Device
  readonly condition: string
  readonly due: string | null
  readonly daysLeft: number | null
  readonly severity: string | null
  readonly owner: string | null
  readonly remedy: string | null
  readonly at: string
  readonly run: string
}

/** What is due on devices, by when and whose it is: the lists of `fiscal` steps. */
export async function horizonReport(question: RunsQuestion): Promise<Report> {
  const { items, told } = await dueOf(question)
  const rows = items.map(({ device, condition, due, daysLeft, severity, owner, remedy, at, run }): ReportRow => {
    const what = { condition, due, days_left: daysLeft, severity, owner, remedy }
    return { device: device.name, ...what, seen_at: at, run }
  })
  return framed(question, { form: HORIZON_REPORT, rows, told })
}

/** Stores that somebody has to go to: what is due and what is wrong there, so that one visit will do. */
export async function visitsReport(question: RunsQuestion): Promise<Report> {
  const [wrong, due] = [await wrongOf(question), await dueOf(question)]
  const all = [...wrong.items, ...due.items]
  const visits = new Map<string, Item[]>()
  for (const item of all) {
    const key = JSON.stringify([item.device.store, item.owner])
    const own = visits.get(key)
    if (own === undefined) visits.set(key, [item])
    else if (!own.some((one) => one.device === item.device && one.condition === item.condition)) own.push(item)
  }
  const rows = [...visits.values()].map((items) => ({
    items: items.sort(worstFirst),
    row: visitOf(question.fleet, items),
  }))
  rows.sort((a, b) => worstFirst(a.items[0] as Item, b.items[0] as Item))
  return framed(question, {
    form: VISITS_REPORT,
    rows: rows.map(({ row }) => row),
    told: [...wrong.told, ...due.told],
  })
}

interface Found {
  readonly items: Item[]
  /** Names of the devices that were told of. */
  readonly told: readonly string[]
}

function framed(
  question: RunsQuestion,
  { form, rows, told }: { readonly form: ReportForm; readonly rows: readonly ReportRow[] } & Pick<Found, 'told'>,
): Report {
  const notes = [toldNote(question, told)]
  return { form, ...frameOf(question), by: null, of: null, notes, rows, total: null, charts: [] }
}

function visitOf(fleet: Fleet, items: readonly Item[]): ReportRow {
  const [first] = items as [Item, ...Item[]]
  const dues = items.flatMap(({ due }) => (due === null ? [] : [due])).sort()
  return {
    store: first.device.store,
    city: fleet.stores.get(first.device.store)?.address.city ?? null,
    owner: first.owner,
    severity: first.severity,
    devices: new Set(items.map(({ device }) => device.name)).size,
    items: items.length,
    due: dues[0] ?? null,
    seen_at: items.map(({ at }) => at).sort()[0] ?? null,
    what: items.map(({ device, condition }) => `${device.id}: ${condition}`).join('; '),
  }
}

async function dueOf(question: RunsQuestion): Promise<Found> {
  const places = new Map(question.devices.map((device) => [device.name, device]))
  const told = await toldByRuns({
    ...question,
    pick: (event) => {
      if (event.type !== 'step.finished') return undefined
      const { due } = objectOf(event.value)
      return Array.isArray(due) ? (due as readonly JsonValue[]) : undefined
    },
  })
  const items = told.flatMap(({ device: name, value, ...seen }) => {
    const device = places.get(name)
    return device ? value.map((due) => itemOf(device, objectOf(due), seen)) : []
  })
  return { items: items.sort(worstFirst), told: told.map(({ device }) => device) }
}

function itemOf(device: Device, due: JsonObject, seen: { readonly at: string; readonly run: string }): Item {
  const { days_left: left } = due
  return {
    device,
    condition: textOf(due['condition']) ?? 'unknown',
    due: textOf(due['due_at']),
    daysLeft: typeof left === 'number' ? left : null,
    severity: textOf(due['severity']),
    owner: textOf(due['owner']),
    remedy: textOf(due['remedy']),
    ...seen,
  }
}

/** What the last word of each set of runbooks found wrong: a look that does not get there leaves what was found before. */
async function wrongOf(question: RunsQuestion): Promise<Found> {
  const places = new Map(question.devices.map((device) => [device.name, device]))
  const told = await toldByRuns({
    ...question,
    ofEach: 'runbooks',
    pick: (event) =>
      event.type === 'device.finished' && isVerdict(event) ? { found: event.classification } : undefined,
  })
  const items = told.flatMap(({ device: name, value: { found }, ...seen }): Item[] => {
    const device = places.get(name)
    if (found === undefined || device === undefined) return []
    const { fault, cause, severity, owner = null, remedy = null } = found
    return [{ device, condition: cause ?? fault, due: null, daysLeft: null, severity, owner, remedy, ...seen }]
  })
  return { items, told: told.map(({ device }) => device) }
}

function worstFirst(a: Item, b: Item): number {
  const rank = ({ severity }: Item): number => severityRank(severity)
  const days = ({ daysLeft }: Item): number => daysLeft ?? Number.MAX_SAFE_INTEGER
  return rank(a) - rank(b) || days(a) - days(b) || (a.device.name < b.device.name ? -1 : 1)
}
