import type { DeviceListSettings } from '../../core/device-list.ts'
import { InputError, RunBroken } from '../../core/diagnostic.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Expression, Scope } from '../../core/runbook.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { askJson } from '../../hooks/systems/ask-json.ts'
import { suggest } from '../../lang/suggest.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader } from '../reach/secrets.ts'

const MOST_PAGES = 2_000
const MOST_DEVICES = 200_000
const NOTHING: Scope = { store: {}, device: {}, params: {}, vars: {}, steps: {} }

/** What a list says of one device, by field of the inventory; what it says nothing of is not there. */
export interface ListedDevice {
  readonly device: string
  readonly fields: ReadonlyMap<string, JsonValue>
}

export interface ReadList {
  readonly devices: readonly ListedDevice[]
  /** Entries that are none that could be understood, and why; it is not known of which devices they speak. */
  readonly unreadable: readonly string[]
  readonly pages: number
  /** null: it does not say. */
  readonly asOf: string | null
}

/** The list of that name. Throws InputError where there is none. */
export function deviceListOf(project: Project, name: string): DeviceListSettings {
  const lists = project.settings.deviceLists()
  const list = lists.find((one) => one.name === name)
  if (list) return list
  throw unknownList(
    name,
    lists.map((one) => one.name),
  )
}

/**
 * Reads all pages of a list; once more where it changed between them, so that one that was passed over is not missed. Throws
 * RunBroken (DEVICE_LIST_UNUSABLE) for what is no whole, fresh list: half of one would have devices missed that there are.
 */
export async function readDeviceList(project: Project, list: DeviceListSettings): Promise<ReadList> {
  const token = await tokenOf(project, list)
  let read = await readPages(list, token)
  if (read.half !== undefined) read = await readPages(list, token)
  if (read.half !== undefined) throw unusable(list, read.half)
  const { items, pages, asOf } = read
  return { ...listedOf(list, items), pages, asOf }
}

interface ReadPages {
  readonly items: readonly JsonValue[]
  readonly pages: number
  readonly asOf: string | null
  /** Why these are not all devices of the list. */
  readonly half?: string
}

async function readPages(list: DeviceListSettings, token: string | undefined): Promise<ReadPages> {
  const items: JsonValue[] = []
  const seen = new Set<string>()
  let last: Page | undefined
  for (let url: string | undefined = list.url; url !== undefined; url = last.next) {
    const at = `page ${seen.size + 1}`
    if (seen.has(url)) throw unusable(list, `${at} is one that was there before`)
    seen.add(url)
    if (seen.size > MOST_PAGES) throw unusable(list, `it has more than ${MOST_PAGES} pages`)
    const answer = await askJson(url, { token, timeoutMs: list.timeoutMs })
    if (!answer.ok) throw unusable(list, `${at}: ${answer.why}`)
    const page = pageOf(list, answer.value, { at, url })
    const { asOf, total } = page
    if (last && last.total !== total) {
      const half = `${at} says that there are ${total} devices, and page ${seen.size - 1} that there are ${last.total}`
      return { items, pages: seen.size, asOf, half }
    }
    last = page
    items.push(...page.items)
    if (items.length > MOST_DEVICES) throw unusable(list, `it has more than ${MOST_DEVICES} devices`)
  }
  if (items.length === 0) throw unusable(list, 'it has no devices at all')
  return { items, pages: seen.size, asOf: last?.asOf ?? null, ...halfOf(items, last) }
}

function halfOf({ length }: readonly JsonValue[], last: Page | undefined): Pick<ReadPages, 'half'> {
  if (last?.total === undefined || last.total === length) return {}
  return { half: `it has ${length} devices on its pages, and says that there are ${last.total}` }
}

interface Page {
  readonly items: readonly JsonValue[]
  readonly next: string | undefined
  readonly asOf: string | null
  readonly total: number | undefined
}

function pageOf(
  list: DeviceListSettings,
  payload: JsonValue,
  { at, url }: { readonly at: string; readonly url: string },
): Page {
  const value = (name: string, expression: Expression | undefined): JsonValue => {
    const found = expression?.evaluate({ ...NOTHING, payload, item: null })
    // Many leave the key away on the last page.
    if (found && !found.ok && found.missing && name === 'next') return null
    if (found && !found.ok) throw unusable(list, `${at}: ${name}: ${found.error}`)
    return found?.value ?? null
  }
  const items = value('items', list.items)
  if (!Array.isArray(items)) throw unusable(list, `${at}: "items" gives no list`)
  return {
    items: items as readonly JsonValue[],
    asOf: freshOf(list, at, value('as_of', list.asOf)),
    total: list.total && totalOf(list, at, value('total', list.total)),
    next: nextOf(list, { at, url, next: value('next', list.next) }),
  }
}

/** Throws where it is no number: it is there so that half of a list is not taken for all of it. */
function totalOf(list: DeviceListSettings, at: string, value: JsonValue): number {
  if (typeof value === 'number') return value
  throw unusable(list, `${at}: "total" gives no number, but ${JSON.stringify(value)}`)
}

async function tokenOf(project: Project, list: DeviceListSettings): Promise<string | undefined> {
  if (list.token === undefined) return undefined
  const sources = secretSources(project.root, project.settings.secrets)
  const secret = await secretReader(sources, new Masker()).read(list.token)
  if (!secret.ok) throw unusable(list, `its token cannot be read: ${secret.failure.message}`)
  return secret.value.reveal()
}

/** Throws where it is too old, or does not say how old it is. */
function freshOf(list: DeviceListSettings, at: string, value: JsonValue): string | null {
  if (!list.asOf) return null
  const made = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(made)) throw unusable(list, `${at}: "as_of" gives no time, but ${JSON.stringify(value)}`)
  const { freshMs } = list
  if (freshMs !== undefined && Date.now() - made > freshMs)
    throw unusable(list, `${at} is stale: it was made at ${String(value)}`)
  return new Date(made).toISOString()
}

function nextOf(
  list: DeviceListSettings,
  { at, url, next }: { readonly at: string; readonly url: string; readonly next: JsonValue },
): string | undefined {
  if (next === null || next === '') return undefined
  if (typeof next !== 'string' && typeof next !== 'number')
    throw unusable(list, `${at}: "next" gives neither text nor number`)
  const isAddress = list.cursor !== undefined || URL.canParse(String(next), url)
  if (!isAddress) throw unusable(list, `${at}: "next" gives no address, but ${JSON.stringify(next)}`)
  const made = list.cursor === undefined ? new URL(String(next), url) : new URL(list.url)
  if (list.cursor !== undefined) made.searchParams.set(list.cursor, String(next))
  // The token goes along.
  if (made.origin !== new URL(list.url).origin) throw unusable(list, `${at} leads to another server, ${made.origin}`)
  return made.href
}

function listedOf(list: DeviceListSettings, items: readonly JsonValue[]): Pick<ReadList, 'devices' | 'unreadable'> {
  const unreadable: string[] = []
  const devices = new Map<string, ListedDevice>()
  for (const [index, item] of items.entries()) {
    const made = listedDevice(list, item)
    const before = typeof made === 'string' ? undefined : devices.get(made.device)
    if (typeof made === 'string') unreadable.push(`Entry ${index + 1}: ${made}`)
    else if (before) unreadable.push(`Entry ${index + 1}: ${made.device} is there twice.`)
    else devices.set(made.device, made)
  }
  return { devices: [...devices.values()], unreadable }
}

function listedDevice(list: DeviceListSettings, item: JsonValue): ListedDevice | string {
  const scope = { ...NOTHING, payload: null, item }
  const name = list.device.evaluate(scope)
  if (!name.ok) return name.error
  if (typeof name.value !== 'string' || !/^[^/\s]+\/[^/\s]+$/.test(name.value))
    return `${JSON.stringify(name.value)} is no full name of a device: it is STORE/DEVICE.`
  const fields = new Map<string, JsonValue>()
  for (const { field, value } of list.fields) {
    const found = value.evaluate(scope)
    if (!found.ok && !found.missing) return `${field}: ${found.error}`
    const read = found.ok ? readField(field, found.value) : null
    if (read !== null && typeof read === 'object') return read.why
    if (read !== null) fields.set(field, read)
  }
  return { device: name.value, fields }
}

/** What the inventory would have there; null: it says nothing. */
function readField(field: string, value: JsonValue): string | number | boolean | null | { readonly why: string } {
  if (value === null || (typeof value === 'string' && value.trim() === '')) return null
  if (typeof value === 'object') return { why: `${field} is neither a text nor a number.` }
  if (field.startsWith('vars.')) return value
  return typeof value === 'boolean' ? { why: `${field} is no text, but ${value}.` } : String(value)
}

function unusable({ name }: DeviceListSettings, why: string): RunBroken {
  const summary = `The device list "${name}" cannot be used: ${why}`
  return new RunBroken([{ code: 'DEVICE_LIST_UNUSABLE', severity: 'error', summary }])
}

function unknownList(name: string, names: readonly string[]): InputError {
  const near = suggest(name, names)
  const summary = `There is no device list "${name}"`
  const detail = names.length === 0 ? 'tillwright.yaml has no `device_lists`.' : `There are ${names.join(', ')}.`
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  return new InputError([{ code: 'USAGE_INVALID', severity: 'error', summary, detail, ...hint }])
}
