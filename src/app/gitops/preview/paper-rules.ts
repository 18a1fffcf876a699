import { isDeepStrictEqual } from 'node:util'
import type { Device, Fleet } from '../../../core/fleet.ts'
import { isMap, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { readYamlFile } from '../../../lang/read-yaml-file.ts'

/**
 * Modules that look by constant programs of their own, at what their parameters name on the device. All others run what a
 * runbook says, or go where it says, already when they look.
 */
const LOOKS_ONLY: ReadonlySet<string> = new Set([
  'agent',
  'assert',
  'clock',
  'config',
  'directory',
  'disk',
  'facts',
  'file',
  'log',
  'package',
  'process',
  'reboot',
  'registry',
  'scheduled_task',
  'service',
  'spooler',
  'user',
])
/** Modules that do what their parameters say and nothing else: as literals that were reviewed they are the same anywhere. */
const BY_PARAMETERS: ReadonlySet<string> = new Set(['command', 'dns', 'http', 'ping', 'script', 'tcp', 'wait'])
/** Parameters by which a module reads files of the controller. */
const READS_HERE: readonly string[] = ['source', 'file', 'template']

/** A step as it is written: the module that it names, and everything about it. */
export interface WrittenStep {
  readonly module: string
  readonly text: string
  readonly params: JsonValue
}

/** The steps of a runbook that a plan looks at, as they are written; those of `rollback` and `on_failure` it never does. */
export function writtenSteps(file: string, modules: ReadonlySet<string>): readonly WrittenStep[] {
  const { parsed } = readYamlFile(file)
  const value = parsed?.value
  const steps = isMap(value) && Array.isArray(value['steps']) ? value['steps'].filter(isMap) : []
  return steps.map((step: JsonObject) => {
    const module = Object.keys(step).find((key) => modules.has(key)) ?? ''
    return { module, text: JSON.stringify(step), params: step[module] ?? null }
  })
}

/** Which of the steps may not be looked at for a device before somebody reviewed them; undefined where all may. */
export function unreviewedStep(
  steps: readonly WrittenStep[],
  reviewed: ReadonlySet<string>,
  { own, isSame }: { readonly own: ReadonlySet<string>; readonly isSame: boolean },
): WrittenStep | undefined {
  return steps.find(({ module, text, params }) => {
    const isLiteral = BY_PARAMETERS.has(module) && !text.includes('${{')
    if (reviewed.has(text) && (isSame || isLiteral)) return false
    return !(LOOKS_ONLY.has(module) || own.has(module)) || readsHere(params)
  })
}

function readsHere(params: JsonValue): boolean {
  return isMap(params) && READS_HERE.some((name) => name in params)
}

/** Whether a device is there already and is reached as before: by its own way, and by those that it hangs on. */
export function isReachedAsBefore(device: Device, before: Fleet, after: Fleet): boolean {
  const names = [device.name]
  const { via } = device.transport
  const gateway = after.stores.get(device.store)?.gateway
  for (const id of [device.attached_to, via === 'gateway' ? gateway : via])
    if (id !== undefined) names.push(id.includes('/') ? id : `${device.store}/${id}`)
  return names.every((name) => {
    const [was, is] = [before.devices.get(name), after.devices.get(name)]
    return was !== undefined && is !== undefined && isDeepStrictEqual(wayTo(was), wayTo(is))
  })
}

/** Secrets are sent to wherever this leads. Printers and fiscal devices say in their variables how they are spoken to. */
function wayTo({ address, transport, os, attached_to, vars }: Device): object {
  return { address, transport, os, attached_to, printer: vars['printer'], fiscal: vars['fiscal'] }
}
