import type { Candidate, Wanted } from './command-line.ts'
import { errorCodes, type RepositoryNames } from './names.ts'

/** Files or folders are completed by the shell, which does it better. */
export type Answer = readonly Candidate[] | ':files' | ':folders'

type Value = Extract<Wanted, { kind: 'value' }>
type Source = (names: RepositoryNames, value: Value, context: { readonly sandbox: boolean }) => Answer | Promise<Answer>

const devices: Source = (names, { prefix }) => names.devices(prefix)
const incidents: Source = (names, _, context) => names.incidents(context)
const runs: Source = (names, { prefix }, { sandbox }) => names.runs(prefix, { sandbox, states: false })
const files: Source = () => ':files'
const folders: Source = () => ':folders'
const storesOrDevices: Source = (names, { prefix }) =>
  prefix.includes('/') ? names.devices(prefix) : [...names.stores(), ...names.devices('')]
const runbooks: Source = (names, { prefix }) => {
  const known = names.runbooks()
  return known.some(({ value }) => value.startsWith(prefix)) ? known : ':files'
}

/** `NAME=WHO` of a fault: what can be wrong, then with whom. */
const faults: Source = async (names, { prefix }) => {
  const [, fault] = /^([^=]*=)/.exec(prefix) ?? []
  if (fault === undefined) return names.faults()
  const who = prefix.slice(fault.length)
  const last = who.slice(0, who.lastIndexOf(',') + 1)
  const all = last === '' ? [{ value: `${fault}all`, about: 'every device' }] : []
  const known = names.devices(who.slice(last.length)).map(({ value }) => ({ value: `${fault}${last}${value}` }))
  return [...all, ...known]
}

/** What stands behind a flag, by its name. */
const FLAGS: Readonly<Record<string, Source>> = {
  store: (names) => names.stores(),
  region: (names) => names.regions(),
  device: devices,
  'from-run': (names, { prefix }, { sandbox }) => names.runs(prefix, { sandbox, states: true }),
  runbook: runbooks,
  param: (names, { given }) => names.params(given[0]),
  fault: (names, value, context) => (value.command === 'sandbox:up' ? faults(names, value, context) : []),
  project: folders,
  output: files,
}

/** The same by what the help says of its value. */
const FLAG_VALUES: Readonly<Record<string, Source>> = { FILE: files, PATH: files, KEY: files, FOLDER: folders }

/** What stands for an argument, by its name; where that says too little, by its command, too. */
const ARGS: Readonly<Record<string, Source>> = {
  run: runs,
  first: runs,
  second: runs,
  device: devices,
  runbook: runbooks,
  incident: incidents,
  episode: (names, _, context) => names.episodes(context),
  outage: (names, _, context) => names.outages(context),
  assignment: (names) => names.assignments(),
  sink: (names) => names.keysOf('sinks'),
  list: (names) => names.keysOf('device_lists'),
  what: storesOrDevices,
  fault: faults,
  file: files,
  path: files,
  folder: folders,
  'apply what': runbooks,
  'explain code': () => errorCodes(),
  'hold:release what': (names, _, context) => names.holds(context),
  'inventory:show name': storesOrDevices,
  'module:show name': (names) => names.modules({ own: false }),
  'module:test name': (names) => names.modules({ own: true }),
  'report:send name': (names) => names.keysOf('reports'),
}

export function sourceOf({ command, of }: Value): Source | undefined {
  if (of.flag !== undefined) return FLAGS[of.flag] ?? FLAG_VALUES[of.help ?? '']
  return ARGS[`${command} ${of.arg}`] ?? ARGS[of.arg ?? '']
}
