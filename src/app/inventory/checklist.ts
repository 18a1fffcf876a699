import { counted } from '../../core/counted.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { RunStore } from '../../core/run-store.ts'
import { readTime } from '../../core/written-time.ts'
import { wallTime } from '../../core/zoned-time.ts'
import type { Sheet } from '../../reporters/sheet.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import { type KnownMarks, knownMarks } from '../history/known-marks.ts'

/** One line of the checklist of a roll-out. Times are ISO 8601 in UTC; null is never. */
export interface ChecklistRow {
  readonly device: string
  readonly store: string
  readonly city: string
  readonly address: string
  readonly till: string
  /** By which others know it; null where neither the inventory nor a run says. */
  readonly id: string | null
  readonly seen_at: string | null
  readonly ip: string | null
  readonly last_receipt_at: string | null
  readonly time_zone: string
}

/** What the inventory and earlier runs say of devices, in their order. Asks none of them. */
export async function checklistOf(
  fleet: Fleet,
  devices: readonly Device[],
  store: RunStore,
): Promise<readonly ChecklistRow[]> {
  const marks = await knownMarks(store)
  const seen = new Map<string, string | null>()
  for await (const { device, seen_at } of store.status()) seen.set(device, seen_at)
  return devices.map((device) => {
    const shop = fleet.stores.get(device.store)
    const zone = shop?.time_zone ?? 'UTC'
    const hanging = (shop?.devices ?? []).filter(({ attached_to }) => attached_to === device.id)
    return {
      device: device.name,
      store: device.store,
      city: shop?.address.city ?? '',
      address: shop?.address.street ?? '',
      till: device.id,
      id: idOf(device, marks.get(device.name)),
      seen_at: seen.get(device.name) ?? null,
      ip: device.address === '' ? null : device.address,
      last_receipt_at: latest(
        [device, ...hanging].map(({ name }) => marks.get(name)?.get('last_receipt_at')?.value),
        zone,
      ),
      time_zone: zone,
    }
  })
}

const ID_VARS = [['pos_id'], ['tillapp', 'pos_id'], ['fiscal', 'unique_number'], ['agent', 'hostname']] as const
const ID_MARKS = ['unique_number', 'serial', 'machine_id'] as const

function idOf(device: Device, marks: KnownMarks | undefined): string | null {
  for (const path of ID_VARS) {
    const value = path.reduce<JsonValue | undefined>(
      (at, key) =>
        typeof at === 'object' && at !== null ? (at as Readonly<Record<string, JsonValue>>)[key] : undefined,
      device.vars,
    )
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value)
  }
  return ID_MARKS.map((name) => marks?.get(name)?.value).find((value) => value !== undefined) ?? null
}

/** Of times as they were noted: fiscal printers tell them by a clock of their own, without an offset. */
function latest(noted: readonly (string | undefined)[], zone: string): string | null {
  const now = Date.now()
  const times = noted.flatMap((text) => (text === undefined ? [] : (readTime(text, { zone, now }) ?? [])))
  return times.length === 0 ? null : new Date(Math.max(...times)).toISOString()
}

/** By the clock of the store, to the minute. */
function shown(time: string | null, zone: string): string {
  if (time === null) return '-'
  return new Date(wallTime(Date.parse(time), zone)).toISOString().slice(0, 16).replace('T', ' ')
}

const COLUMNS: readonly TableColumn<ChecklistRow>[] = [
  { title: 'City', value: ({ city }) => city, flexible: true },
  { title: 'Address', value: ({ address }) => address, flexible: true },
  { title: 'Till', value: ({ device }) => device },
  { title: 'Id', value: ({ id }) => id ?? '-', flexible: true },
  { title: 'Last seen', value: ({ seen_at, time_zone }) => shown(seen_at, time_zone) },
  { title: 'IP', value: ({ ip }) => ip ?? '-' },
  { title: 'Last receipt', value: ({ last_receipt_at, time_zone }) => shown(last_receipt_at, time_zone) },
]

/** For a terminal; without `width` nothing is cut. */
export function checklistTable(rows: readonly ChecklistRow[], width: number | undefined): string {
  const columns = COLUMNS.map((column) => ({ ...column, title: column.title.toUpperCase() }))
  return `${formatTable(rows, columns, { width }).join('\n')}\n`
}

/** For a page, a workbook or a list. */
export function checklistSheet(rows: readonly ChecklistRow[], now: Date): Sheet {
  const made = `Made at ${now.toISOString().slice(0, 16).replace('T', ' ')} UTC. Other times are by the clock of each store; - is never.`
  return {
    title: 'Checklist',
    notes: [checklistNote(rows), made],
    columns: COLUMNS.map(({ title }) => title),
    rows: rows.map((row) => COLUMNS.map(({ value }) => value(row))),
  }
}

/** How many there are, and of how many something is known. */
export function checklistNote(rows: readonly ChecklistRow[]): string {
  const receipts = rows.filter(({ last_receipt_at }) => last_receipt_at !== null).length
  const seen = rows.filter(({ seen_at }) => seen_at !== null).length
  return `${counted(rows.length, 'device')}: seen ${seen}, sold with ${receipts}.`
}
