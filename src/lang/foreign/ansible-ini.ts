import type { JsonValue } from '../../core/json.ts'
import type { AnsibleInventory } from './ansible-model.ts'
import { expandHosts, splitPort } from './ansible-ranges.ts'
import { parsePythonLiteral } from './python-literal.ts'
import { shellWords } from './shell-words.ts'

/** Something of a foreign file that is wrong, by its line. */
export interface ForeignProblem {
  readonly line: number
  readonly what: string
  /** All but this can be read. */
  readonly isLoss?: true
}

/** Reads an inventory in INI into `inventory`; what is wrong with it comes back, all at once. */
export function readAnsibleIni(text: string, inventory: AnsibleInventory): readonly ForeignProblem[] {
  const problems: ForeignProblem[] = []
  let section: Section = { name: 'ungrouped', kind: 'hosts' }
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const bad = (what: string): void => void problems.push({ line: index + 1, what })
    const head = sectionOf(line)
    if (head) section = head
    readLine(line, head, section, { inventory, bad, number: index + 1 })
  }
  for (const { children } of [...inventory.groups.values()]) for (const child of children) inventory.group(child)
  return problems
}

interface Section {
  readonly name: string
  readonly kind: string
}

type Bad = (what: string) => void
interface Reading {
  readonly inventory: AnsibleInventory
  readonly bad: Bad
  readonly number: number
}

function sectionOf(line: string): Section | undefined {
  const [, name, kind = 'hosts'] = /^\[([^:\]]+)(?::(\w+))?\](?:\s*[#;].*)?$/.exec(line) ?? []
  return name === undefined ? undefined : { name: name.trim(), kind }
}

function readLine(line: string, head: Section | undefined, { name, kind }: Section, reading: Reading): void {
  const { inventory, bad } = reading
  if (head) {
    inventory.group(name)
    if (!['hosts', 'children', 'vars'].includes(kind))
      bad(`"${kind}" is no kind of section: there are children and vars`)
  } else if (kind === 'children') inventory.group(name).children.add(shellWords(line)?.[0] ?? line)
  else if (kind === 'vars') readVariable(line, name, reading)
  else readHosts(line, name, reading)
}

function readVariable(line: string, group: string, { inventory, bad, number }: Reading): void {
  const equals = line.indexOf('=')
  const value = parsePythonLiteral(line.slice(equals + 1).trim())
  if (equals < 1) bad('the line is not NAME=VALUE')
  else inventory.assign(inventory.group(group).vars, { [line.slice(0, equals).trim()]: value }, () => number)
}

function readHosts(line: string, group: string, { inventory, bad, number }: Reading): void {
  const [pattern, ...pairs] = shellWords(line) ?? []
  const { name, port } = splitPort(pattern ?? '')
  const hosts = expandHosts(name)
  if (pattern === undefined) bad('a quote is never closed')
  else if (hosts === undefined) bad(`the range of "${name}" cannot be`)
  if (pattern === undefined || hosts === undefined) return
  const vars: Record<string, JsonValue> = port === undefined ? {} : { ansible_port: port }
  for (const [at, pair] of pairs.entries()) {
    const equals = pair.indexOf('=')
    if (equals < 1) bad(`word ${at + 2} of the line is not NAME=VALUE; a value with blanks stands in quotes`)
    else vars[pair.slice(0, equals)] = parsePythonLiteral(pair.slice(equals + 1))
  }
  for (const host of hosts) {
    inventory.group(group).hosts.add(host)
    inventory.stands(host, number)
    inventory.assign(inventory.host(host).vars, vars, () => number)
  }
}
