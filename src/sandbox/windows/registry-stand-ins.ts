import { type Given, json, type StandIn } from './answering.ts'
import type { MachineState, RegistryValue } from './machine-state.ts'

const KINDS: Readonly<Record<string, string>> = {
  string: 'String',
  expand_string: 'ExpandString',
  multi_string: 'MultiString',
  dword: 'DWord',
  qword: 'QWord',
  binary: 'Binary',
}

const observe: StandIn = (machine, given) => {
  const key = machine.state.registry[keyOf(given)]
  const names = Array.from({ length: given.number('count') }, (_, n) => given.text(`name_${n + 1}`))
  const values = key === undefined ? [] : names.flatMap((name) => key[name.toLowerCase()] ?? [])
  return json({
    exists: key !== undefined,
    values: values.map(({ name, kind, data }) => ({ name, kind, data: typeof data === 'object' ? [...data] : data })),
  })
}

const converge: StandIn = (machine, given) => {
  const path = keyOf(given)
  machine.change(({ registry }) => {
    if (given.flag('absent')) removeKey(registry, path)
    else setValues(registry, path, given)
  })
  return {}
}

function removeKey(registry: MachineState['registry'], path: string): void {
  for (const key of Object.keys(registry)) if (key === path || key.startsWith(`${path}\\`)) delete registry[key]
}

function setValues(registry: MachineState['registry'], path: string, given: Given): void {
  for (const above of waysTo(path)) registry[above] ??= {}
  const key = registry[path] ?? {}
  for (let n = 1; n <= given.number('count'); n++) {
    const name = given.text(`name_${n}`)
    const value = registryValue(name, given.text(`type_${n}`), given.text(`data_${n}`))
    if (value) key[name.toLowerCase()] = value
    else delete key[name.toLowerCase()]
  }
}

/** As it is read again: numbers as digits, binary in hexadecimal. Undefined: it is to go. */
function registryValue(name: string, type: string, data: string): RegistryValue | undefined {
  const kind = KINDS[type]
  if (kind === undefined) return undefined
  if (type === 'multi_string') return { name, kind, data: JSON.parse(data) as string[] }
  return { name, kind, data: type === 'binary' ? Buffer.from(data, 'base64').toString('hex') : data }
}

/** 32-bit programs have a registry of their own. */
function keyOf(given: Given): string {
  const view = given.text('view') === 'Registry32' ? '32:' : ''
  return `${view}${given.text('hive')}\\${given.text('key')}`.toLowerCase()
}

/** A key is made with all that it lies in. */
function waysTo(path: string): readonly string[] {
  const parts = path.split('\\')
  return parts.map((_, n) => parts.slice(0, n + 1).join('\\')).slice(1)
}

export const REGISTRY_STAND_INS: Readonly<Record<string, StandIn>> = {
  'registry.observe': observe,
  'registry.converge': converge,
}
