import type { Device, Fleet } from '../../core/fleet.ts'
import { grouped } from '../../core/grouped.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ListedDevice } from './read-list.ts'

/** A field of a device that the list says otherwise. */
export interface FieldDifference {
  readonly field: string
  readonly is: JsonValue
  readonly listed: JsonValue
  /** Where the inventory says it; null: nowhere. */
  readonly at: string | null
}

/**
 * `add`: the inventory has no such device; `change`: it says something else; `missing`: the list has no such device; `no-store`: the
 * inventory does not have its store either.
 */
export interface DeviceDifference {
  readonly action: 'add' | 'change' | 'missing' | 'no-store'
  /** Full name. */
  readonly device: string
  readonly fields: readonly FieldDifference[]
}

/** What a list says otherwise than the inventory. Pure. `answersFor`: devices that it has to have. */
export function inventoryDifference(
  fleet: Fleet,
  listed: readonly ListedDevice[],
  answersFor: (device: Device) => boolean,
): { readonly differences: readonly DeviceDifference[]; readonly same: number } {
  const differences: DeviceDifference[] = []
  const named = new Set(listed.map(({ device }) => device))
  let same = 0
  for (const one of listed) {
    const device = fleet.devices.get(one.device)
    const fields = fieldsOf(fleet, device, one)
    if (device && fields.length === 0) same += 1
    else if (device) differences.push({ action: 'change', device: one.device, fields })
    else {
      const [store = ''] = one.device.split('/')
      differences.push({ action: fleet.stores.has(store) ? 'add' : 'no-store', device: one.device, fields })
    }
  }
  for (const device of fleet.devices.values())
    if (!named.has(device.name) && answersFor(device))
      differences.push({ action: 'missing', device: device.name, fields: [] })
  return { differences, same }
}

function fieldsOf(fleet: Fleet, device: Device | undefined, { fields }: ListedDevice): readonly FieldDifference[] {
  return [...fields].flatMap(([field, listed]) => {
    const is = device ? inventoryValue(device, field) : null
    // Lists have numbers where YAML has text, and the other way about.
    if (is !== null && String(is) === String(listed)) return []
    const source = device && fleet.explain(device.name).get(field)?.source
    return [{ field, is, listed, at: source ? `${source.file}:${source.line}` : null }]
  })
}

function inventoryValue(device: Device, field: string): JsonValue {
  if (field === 'address') return device.address
  if (field === 'profile') return device.profile
  if (field === 'note') return device.note ?? null
  if (field === 'attached_to') return device.attached_to ?? null
  let value: JsonValue | undefined = device.vars
  for (const key of field.split('.').slice(1)) value = isMap(value ?? null) ? (value as JsonObject)[key] : undefined
  return value ?? null
}

/** The difference as entries of the inventory, to be taken over by hand; what they stand in the place of is told beside. */
export function proposalYaml(differences: readonly DeviceDifference[]): string {
  const byStore = grouped(differences, ({ device }) => device.split('/')[0] ?? '')
  const lines = [...byStore].flatMap(([store, own]) => [
    `  ${quoted(store)}:`,
    ...(own.some(({ action }) => action === 'no-store') ? ['    # the inventory does not have this store'] : []),
    '    devices:',
    ...own.flatMap(deviceLines),
  ])
  return lines.length === 0 ? '' : `stores:\n${lines.join('\n')}\n`
}

function deviceLines({ action, device, fields }: DeviceDifference): readonly string[] {
  const id = quoted(device.split('/')[1] ?? '')
  if (action === 'missing') return [`      # ${id}: the list does not have it`]
  const head = action === 'change' ? [] : ['        # new; its profile, and what else it needs, is to be written']
  return [`      ${id}:`, ...head, ...fieldLines(fields)]
}

function fieldLines(fields: readonly FieldDifference[]): readonly string[] {
  const beside = ({ is, at }: FieldDifference): string =>
    is === null ? '' : `  # ${JSON.stringify(is)}${at === null ? '' : ` at ${at}`}`
  const plain = fields.filter(({ field }) => !field.startsWith('vars.'))
  const vars = fields.filter(({ field }) => field.startsWith('vars.'))
  const tree = new Tree()
  for (const one of vars) tree.put(one.field.split('.').slice(1), `${JSON.stringify(one.listed)}${beside(one)}`)
  return [
    ...plain.map((one) => `        ${one.field}: ${JSON.stringify(one.listed)}${beside(one)}`),
    ...(vars.length > 0 ? ['        vars:', ...tree.lines('          ')] : []),
  ]
}

/** Values by path as maps in one another. */
class Tree {
  readonly #inner = new Map<string, Tree | string>()

  put([key = '', ...rest]: readonly string[], text: string): void {
    if (rest.length === 0) {
      this.#inner.set(key, text)
      return
    }
    const found = this.#inner.get(key)
    const tree = found instanceof Tree ? found : new Tree()
    this.#inner.set(key, tree)
    tree.put(rest, text)
  }

  lines(indent: string): readonly string[] {
    return [...this.#inner].flatMap(([key, inner]) =>
      typeof inner === 'string'
        ? [`${indent}${quoted(key)}: ${inner}`]
        : [`${indent}${quoted(key)}:`, ...inner.lines(`${indent}  `)],
    )
  }
}

/** A key as YAML takes it, whatever it looks like. */
function quoted(key: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(key) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(key)
    ? key
    : JSON.stringify(key)
}
