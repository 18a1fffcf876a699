import { type Document, isNode, LineCounter, parseDocument, Scalar, type ScalarTag, visit } from 'yaml'
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
  readonly problems: readonly ForeignProblem[]
  readonly lineAt: LineAt
} {
  const lineAt = (): number => 1
  if (text.startsWith(VAULT)) return { value: VAULT, problems: [], lineAt }
  const lines = new LineCounter()
  const document = parseDocument(text, { customTags: TAGS, lineCounter: lines, version: '1.1', logLevel: 'error' })
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
      problems,
      lineAt: (path) => {
        const node = document.getIn(path, true)
        return isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
      },
    }
  } catch {
    return { value: null, problems: [{ line: 1, what: 'an alias refers to nothing, or to far too much' }], lineAt }
  }
}

/** Reads an inventory in YAML, or the answer of `ansible-inventory --list`, into `inventory`. */
export function readAnsibleYaml(text: string, inventory: AnsibleInventory): readonly ForeignProblem[] {
  const { value, problems, lineAt } = parseAnsibleYaml(text)
  if (problems.length > 0) return problems
  if (!isMap(value)) return [{ line: 1, what: 'an inventory is a map of groups' }]
  const reading = { inventory, lineAt }
  if ('_meta' in value) return readList(value, reading)
  return Object.entries(value).flatMap(([name, group]) => readGroup(name, group, [name], reading))
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
    return []
  })
}

function takeUp(vars: Record<string, JsonValue>, more: JsonValue | undefined, at: Path, reading: Reading): void {
  if (isMap(more)) reading.inventory.assign(vars, more, (name) => reading.lineAt([...at, name]))
}

function readChildren(group: AnsibleGroup, written: JsonValue, at: Path, reading: Reading): readonly ForeignProblem[] {
  return Object.entries(isMap(written) ? written : {}).flatMap(([child, inside]) => {
    group.children.add(child)
    return readGroup(child, inside, [...at, child], reading)
  })
}

function readHosts(group: string, written: JsonValue, at: Path, reading: Reading): readonly ForeignProblem[] {
  const { inventory, lineAt } = reading
  const entries = Object.entries(isMap(written) ? written : typeof written === 'string' ? { [written]: null } : {})
  return entries.flatMap(([pattern, vars]) => {
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
    return []
  })
}

/** `ansible-inventory --list`, and what dynamic inventories print. */
function readList({ _meta: meta, ...groups }: JsonObject, reading: Reading): readonly ForeignProblem[] {
  const { inventory } = reading
  for (const [name, written] of Object.entries(groups)) {
    const group = inventory.group(name)
    const { hosts, children, vars } = isMap(written) ? written : { hosts: written }
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
