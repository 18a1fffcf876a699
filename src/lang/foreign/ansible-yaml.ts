import { type Document, isNode, isScalar, LineCounter, parseDocument, Scalar, type ScalarTag, visit } from 'yaml'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ForeignProblem } from './ansible-ini.ts'
import { type AnsibleGroup, type AnsibleInventory, VAULT } from './ansible-model.ts'
import { expandHosts, splitPort } from './ansible-ranges.ts'

const TAGS: ScalarTag[] = [
  { tag: '!vault', resolve: () => VAULT },
  { tag: '!vault-encrypted', resolve: () => VAULT },
  { tag: '!unsafe', resolve: (text) => text },
]

/** The line on which the value at a path stands; 1 where that cannot be told. */
type LineAt = (path: readonly string[]) => number

/** YAML (or JSON) of Ansible as a value; its own tags are known. */
export function parseAnsibleYaml(text: string): {
  readonly value: JsonValue
  /** With any but losses there is no value. */
  readonly problems: readonly ForeignProblem[]
  readonly lineAt: LineAt
} {
  const lineAt = (): number => 1
  if (text.startsWith(VAULT)) return { value: VAULT, problems: [], lineAt }
  const lines = new LineCounter()
  const options = {
    customTags: TAGS,
    lineCounter: lines,
    version: '1.1',
    logLevel: 'error',
    uniqueKeys: false,
  } as const
  const document = parseDocument(text, options)
  // Never in the words of the parser, which quotes the text: it may be a secret.
  const problems = document.errors.map(({ code, pos }) => ({
    line: lines.linePos(pos[0]).line,
    what: `it is not valid YAML (${code})`,
  }))
  if (problems.length > 0) return { value: null, problems, lineAt }
  readAsPyYaml(document)
  try {
    return {
      value: plainValue(document.toJS({ maxAliasCount: 1000 })),
      problems: lostKeys(document, lines),
      lineAt: (path) => {
        const node = document.getIn(path, true)
        return isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
      },
    }
  } catch {
    return { value: null, problems: [{ line: 1, what: 'an alias refers to nothing, or to far too much' }], lineAt }
  }
}

/** Of keys that stand twice in a map PyYAML takes the last one, and Ansible warns of it. */
function lostKeys(document: Document, lines: LineCounter): readonly ForeignProblem[] {
  const lost: ForeignProblem[] = []
  visit(document, {
    Map: (_, { items }) => {
      const later = new Set<unknown>()
      for (const { key } of items.toReversed()) {
        if (!isScalar(key) || key.value === '<<') continue
        const { value, range } = key
        const what = `what stands under this "${String(value)}": it comes again in the same map, and Ansible takes the last one`
        if (later.has(value)) lost.push({ line: range ? lines.linePos(range[0]).line : 1, what, isLoss: true })
        later.add(value)
      }
    },
  })
  return lost
}

/** Reads an inventory in YAML, or the answer of `ansible-inventory --list`, into `inventory`. */
export function readAnsibleYaml(text: string, inventory: AnsibleInventory): readonly ForeignProblem[] {
  const { value, problems, lineAt } = parseAnsibleYaml(text)
  if (problems.some(({ isLoss }) => !isLoss)) return problems
  if (!isMap(value)) return [...problems, { line: 1, what: 'an inventory is a map of groups' }]
  const reading = { inventory, lineAt }
  if ('_meta' in value || (text.trimStart().startsWith('{') && hasLists(value)))
    return [...problems, ...readList(value, reading)]
  if (typeof value['plugin'] === 'string') return [...problems, { line: lineAt(['plugin']), what: PLUGIN }]
  return [...problems, ...Object.entries(value).flatMap(([name, group]) => readGroup(name, group, [name], reading))]
}

/** What is told of the settings of an inventory plugin. */
export const PLUGIN = 'it says where a plugin of Ansible asks for hosts'

/** What dynamic inventories print: without `_meta` where they are asked for each host by itself. */
function hasLists(groups: JsonObject): boolean {
  return Object.values(groups).some((group) => {
    const parts = isMap(group) ? [group['hosts'], group['children']] : [group]
    return parts.some((part) => Array.isArray(part))
  })
}

interface Reading {
  readonly inventory: AnsibleInventory
  readonly lineAt: LineAt
}
type Path = readonly string[]

function readGroup(name: string, written: JsonValue, at: Path, reading: Reading): readonly ForeignProblem[] {
  const group = reading.inventory.group(name)
  if (written === null) return []
  if (!isMap(written))
    return [{ line: reading.lineAt(at), what: `the group "${name}" is no map: this is no inventory` }]
  return Object.entries(written).flatMap(([key, value]): readonly ForeignProblem[] => {
    const there = [...at, key]
    if (key === 'hosts') return readHosts(name, value, there, reading)
    if (key === 'children') return readChildren(group, value, there, reading)
    if (key !== 'vars') {
      const what = `"${key}" of the group "${name}" is none of hosts, children and vars`
      return [{ line: reading.lineAt(there), what }]
    }
    takeUp(group.vars, value, there, reading)
    return noMap(value, `the vars of "${name}"`, there, reading)
  })
}

/** Ansible reads no file with a list where it wants a map. */
function noMap(value: JsonValue, what: string, at: Path, { lineAt }: Reading): readonly ForeignProblem[] {
  if (value === null || isMap(value)) return []
  const hint = Array.isArray(value) ? ': in place of "- NAME" write "NAME:"' : ''
  return [{ line: lineAt(at), what: `${what} are no map${hint}` }]
}

function takeUp(vars: Record<string, JsonValue>, more: JsonValue | undefined, at: Path, reading: Reading): void {
  if (isMap(more)) reading.inventory.assign(vars, more, (name) => reading.lineAt([...at, name]))
}

function readChildren(group: AnsibleGroup, written: JsonValue, at: Path, reading: Reading): readonly ForeignProblem[] {
  const children = Object.entries(isMap(written) ? written : {}).flatMap(([child, inside]) => {
    group.children.add(child)
    return readGroup(child, inside, [...at, child], reading)
  })
  return [...noMap(written, `the children of "${at.at(-2) ?? ''}"`, at, reading), ...children]
}

function readHosts(group: string, written: JsonValue, at: Path, reading: Reading): readonly ForeignProblem[] {
  const { inventory, lineAt } = reading
  const named = typeof written === 'string' ? { [written]: null } : written
  if (!isMap(named)) return noMap(named, `the hosts of "${group}"`, at, reading)
  return Object.entries(named).flatMap(([pattern, vars]) => {
    const there = [...at, pattern]
    const { name, port } = splitPort(pattern)
    const hosts = expandHosts(name)
    if (hosts === undefined) return [{ line: lineAt(there), what: `the range of "${pattern}" cannot be` }]
    for (const host of hosts) {
      inventory.group(group).hosts.add(host)
      inventory.stands(host, lineAt(there))
      takeUp(
        inventory.host(host).vars,
        { ...(port !== undefined && { ansible_port: port }), ...(isMap(vars) ? vars : {}) },
        there,
        reading,
      )
    }
    return noMap(vars ?? null, `the variables of "${pattern}"`, there, reading)
  })
}

/** `ansible-inventory --list`, and what dynamic inventories print. */
function readList({ _meta: meta, ...groups }: JsonObject, reading: Reading): readonly ForeignProblem[] {
  const { inventory } = reading
  for (const [name, written] of Object.entries(groups)) {
    const group = inventory.group(name)
    const { hosts, children, vars } = isMap(written) ? listed(name, written) : { hosts: written }
    for (const host of textsOf(hosts)) {
      group.hosts.add(host)
      inventory.host(host)
    }
    for (const child of textsOf(children)) group.children.add(child)
    takeUp(group.vars, vars, [name, 'vars'], reading)
  }
  const hostvars = isMap(meta) && isMap(meta['hostvars']) ? meta['hostvars'] : {}
  for (const [host, vars] of Object.entries(hostvars)) {
    takeUp(inventory.host(host).vars, vars, ['_meta', 'hostvars', host], reading)
  }
  return []
}

/** A map with none of the three is a host with its variables (`_parse_group` of Ansible's inventory plugin script). */
function listed(name: string, written: JsonObject): JsonObject {
  const keys = Object.keys(written)
  const isHost = keys.length > 0 && !keys.some((key) => ['hosts', 'children', 'vars'].includes(key))
  return isHost ? { hosts: [name], vars: written } : written
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** Dates as they are written, since YAML 1.1 has them and JSON has not. */
function plainValue(value: unknown): JsonValue {
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$|\.000(?=Z$)/, '')
  if (value instanceof Set) return [...value].map(plainValue)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), plainValue(one)]))
  if (Array.isArray(value)) return value.map(plainValue)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value !== 'object' || value === null) return (value ?? null) as JsonValue
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]))
}

const PY_BOOL = /^(?:yes|no|true|false|on|off)$|^(?:Yes|No|True|False|On|Off)$|^(?:YES|NO|TRUE|FALSE|ON|OFF)$/
const PY_INT = /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const PY_FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/

/** PyYAML, which Ansible reads by, takes fewer plain words for values than YAML 1.1 has: `y` and `1e3` are text to it. */
function readAsPyYaml(document: Document): void {
  visit(document, {
    Scalar: (_, node) => {
      if (node.type !== Scalar.PLAIN || node.source === undefined || node.tag !== undefined) return
      const { source, value } = node
      const isKnown =
        (typeof value === 'boolean' && PY_BOOL.test(source)) ||
        (typeof value === 'number' && Number.isFinite(value) && (PY_INT.test(source) || PY_FLOAT.test(source)))
      if (value !== null && typeof value !== 'string' && !isKnown) node.value = source
    },
  })
}
