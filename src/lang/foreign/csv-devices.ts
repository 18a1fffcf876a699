import type { Diagnostic } from '../../core/diagnostic.ts'
import { DEVICE_KINDS, OS_FAMILIES } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { didYouMean } from '../suggest.ts'
import { isKind } from './ansible-devices.ts'
import { type CsvRow, parseCsv } from './csv.ts'
import { foreignError, foreignWarning } from './foreign-diagnostic.ts'
import { type ImportedDevice, type ImportedStore, nameFrom } from './imported-device.ts'

/** What columns of a list may mean; `vars.NAME` is a value for runbooks. */
export const CSV_FIELDS = [
  ...['store', 'device', 'address', 'kind', 'os', 'tags'],
  ...['transport', 'port', 'user', 'key', 'via'],
  ...['store_name', 'street', 'postcode', 'city', 'country', 'time_zone'],
] as const

export interface ImportedRows {
  readonly devices: readonly ImportedDevice[]
  readonly stores: ReadonlyMap<string, ImportedStore>
  readonly diagnostics: readonly Diagnostic[]
}

/** Rows of a list as devices. `map` names columns by field; a column that is named as a field needs no mention. */
export function csvDevices(text: string, map: ReadonlyMap<string, string>, file: string): ImportedRows {
  const nothing = { devices: [], stores: new Map() }
  const [head, ...rows] = parseCsv(text) ?? []
  if (head === undefined)
    return { ...nothing, diagnostics: [foreignError(file, 1, 'it is empty, or a quote is never closed')] }
  const columns = columnsOf(head, map)
  const twice = head.cells.filter((name, index) => name !== '' && head.cells.indexOf(name) < index)
  if (twice.length > 0) {
    const detail = 'Which of them is meant cannot be told: rename one, or take it out.'
    return { ...nothing, diagnostics: [foreignError(file, head.line, `it has two columns "${twice[0]}"`, detail)] }
  }
  const missing = [...map]
    .filter(([, column]) => !head.cells.includes(column))
    .map(([field, column]) => `"${column}" for ${field}`)
  const needed = ['store', 'device'].filter((field) => !columns.has(field)).map((field) => `one for ${field}`)
  if (missing.length + needed.length > 0) {
    const detail = `There are ${head.cells.join(', ')}. Name them by --map FIELD=COLUMN; fields are ${CSV_FIELDS.join(', ')} and vars.NAME.`
    const what = `it has no column ${[...missing, ...needed].join(', ')}`
    return { ...nothing, diagnostics: [foreignError(file, head.line, what, detail)] }
  }
  const stores = new Map<string, ImportedStore>()
  const diagnostics: Diagnostic[] = []
  const devices = rows.flatMap((row) => {
    const cell = (field: string): string => row.cells[columns.get(field) ?? -1] ?? ''
    const problem = problemOf(row, head, cell)
    if (problem !== undefined) diagnostics.push(foreignError(file, row.line, problem))
    if (problem !== undefined) return []
    const store = nameFrom(cell('store'))
    const [known = {}, own] = [stores.get(store), storeKeys(cell)]
    for (const key of Object.keys(own).filter((key) => key in known && !same(own[key], known[key]))) {
      const detail = `Rows above say otherwise: ${said(known[key])}. What stands first was taken.`
      diagnostics.push(foreignWarning(file, `the ${key} of ${store}, ${said(own[key])}`, detail, row.line))
    }
    stores.set(store, { ...own, ...known })
    return [{ ...deviceOf(store, cell, columns), place: { file, line: row.line } }]
  })
  const unused = head.cells.filter((name, index) => name !== '' && ![...columns.values()].includes(index))
  if (unused.length > 0) {
    const detail = 'Name what you need of them: --map vars.serial=COLUMN.'
    diagnostics.push(foreignWarning(file, `the columns ${unused.join(', ')}`, detail))
  }
  return { devices, stores, diagnostics }
}

function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function said(value: JsonValue | undefined): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value)
}

function columnsOf(head: CsvRow, map: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const own = head.cells.flatMap((name, index): [string, number][] => {
    const field = name.toLowerCase().replace(/[ -]/g, '_')
    return (CSV_FIELDS as readonly string[]).includes(field) ? [[field, index]] : isValue(name) ? [[name, index]] : []
  })
  return new Map([...own, ...[...map].map(([field, column]): [string, number] => [field, head.cells.indexOf(column)])])
}

/** `vars.NAME`, or deeper; a name that JavaScript keeps for itself is none. */
export function isValue(field: string): boolean {
  const [first, ...names] = field.split('.')
  return first === 'vars' && names.length > 0 && names.every((name) => name !== '' && name !== '__proto__')
}

function problemOf(row: CsvRow, head: CsvRow, cell: (field: string) => string): string | undefined {
  const kind = cell('kind')
  const family = cell('os')
  const port = cell('port')
  if (row.cells.length > head.cells.length) return `it has ${row.cells.length} cells, the head ${head.cells.length}`
  if (cell('store') === '' || cell('device') === '') return 'the store or the device is empty'
  if (kind !== '' && !isKind(kind)) {
    const { hint } = didYouMean(kind, DEVICE_KINDS)
    return `"${kind}" is no kind of device (${hint ?? DEVICE_KINDS.join(', ')})`
  }
  if (family !== '' && !(OS_FAMILIES as readonly string[]).includes(family))
    return `"${family}" is none of ${OS_FAMILIES.join(', ')}`
  if (port !== '' && !/^\d{1,5}$/.test(port)) return `"${port}" is no port`
  return undefined
}

function deviceOf(
  store: string,
  cell: (field: string) => string,
  columns: ReadonlyMap<string, number>,
): ImportedDevice {
  const given = (field: string, as: (text: string) => JsonValue = String): JsonObject =>
    cell(field) === '' ? {} : { [field === 'transport' ? 'type' : field]: as(cell(field)) }
  const vars = [...columns.keys()].filter((field) => field.startsWith('vars.') && cell(field) !== '')
  const key = cell('key')
  return {
    store,
    id: nameFrom(cell('device')),
    kind: cell('kind') || 'till',
    family: (cell('os') || 'linux') as ImportedDevice['family'],
    address: cell('address'),
    transport: {
      ...given('transport'),
      ...given('port', Number),
      ...given('user'),
      ...given('via'),
      ...(key !== '' && { keys: [key] }),
    },
    vars: nested(vars.map((field) => [field.slice('vars.'.length).split('.'), cell(field)])),
    tags: cell('tags')
      .split(/[\s,;|]+/)
      .filter((tag) => tag !== '')
      .map(nameFrom),
  }
}

/** Values by dotted paths as maps in one another. */
function nested(entries: readonly (readonly [readonly string[], string])[]): JsonObject {
  const root: Record<string, JsonValue> = {}
  for (const [path, value] of entries) {
    let map = root
    for (const key of path.slice(0, -1)) {
      const inner = map[key]
      const next =
        typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Record<string, JsonValue>) : {}
      map[key] = next
      map = next
    }
    map[path.at(-1) ?? ''] = value
  }
  return root
}

function storeKeys(cell: (field: string) => string): ImportedStore {
  const [street, postcode, city, country] = ['street', 'postcode', 'city', 'country'].map(cell)
  const name = cell('store_name')
  const zone = cell('time_zone')
  return {
    ...(name !== '' && { name }),
    ...(zone !== '' && { time_zone: zone }),
    ...(city !== '' && {
      address: { street: street ?? '', postcode: postcode ?? '', city: city ?? '', ...(country && { country }) },
    }),
  }
}
