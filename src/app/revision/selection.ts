import { formatCount } from '../../core/counted.ts'
import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { foldRun } from '../../core/fold-run.ts'
import { DEVICE_STATES, type DeviceState } from '../../core/outcome.ts'
import type { DeviceRecord } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Expression } from '../../core/runbook.ts'
import { compileSelector, selectorScope } from '../../lang/expression.ts'
import { suggest } from '../../lang/suggest.ts'
import { resolveRun } from '../history/resolve-run.ts'
import { nearest } from '../safety/device-named.ts'

export interface Selection {
  readonly where?: string | undefined
  readonly store?: readonly string[] | undefined
  readonly region?: readonly string[] | undefined
  readonly kind?: readonly string[] | undefined
  readonly device?: readonly string[] | undefined
  readonly limit?: number | undefined
  readonly 'from-run'?: string | undefined
}

/**
 * The devices of the fleet that a selection hits, in the order of the inventory; possibly none.
 * Throws InputError for names that do not exist and expressions that do not compile.
 */
export async function selectDevices(
  fleet: Fleet,
  selection: Selection,
  more: { readonly store: () => Promise<RunStore>; readonly targets?: Expression | undefined },
): Promise<readonly Device[]> {
  const diagnostics: Diagnostic[] = [
    ...unknownNames(fleet, 'store', selection.store),
    ...unknownNames(fleet, 'region', selection.region),
    ...unknownNames(fleet, 'device', selection.device),
  ]
  const where = selection.where === undefined ? undefined : compileSelector(selection.where)
  if (where && !where.ok) diagnostics.push(where.diagnostic)
  if (diagnostics.length > 0) throw new InputError(diagnostics)
  const conditions = [more.targets, where?.ok ? where.expression : undefined].filter((c) => c !== undefined)
  const from = selection['from-run']
  const earlier = from === undefined ? undefined : await devicesOfRun(from, await more.store())
  const hits: Device[] = []
  for (const name of fleet.devices.keys()) {
    // By its name first: a device that is not meant is not even built.
    if (!isNamed(name, selection) || earlier?.has(name) === false) continue
    const device = fleet.devices.get(name) as Device
    if (!isOfKind(device, selection) || !conditions.every((condition) => holds(condition, fleet, device))) continue
    hits.push(device)
    if (hits.length === selection.limit) break
  }
  return hits
}

function isNamed(name: string, { store, device }: Selection): boolean {
  return hasOrAll(device, name) && hasOrAll(store, name.slice(0, name.indexOf('/')))
}

function isOfKind({ region, kind }: Device, selection: Selection): boolean {
  return hasOrAll(selection.region, region) && hasOrAll(selection.kind, kind)
}

function hasOrAll(list: readonly string[] | undefined, value: string): boolean {
  return !list?.length || list.includes(value)
}

/** Whether an expression holds for a device; one that names a value which a device does not have does not. */
export function holds(condition: Expression, fleet: Fleet, device: Device): boolean {
  const answer = condition.evaluate(selectorScope(fleet, device))
  return answer.ok && answer.value === true
}

/** Where the names of each kind stand in a fleet. */
const KINDS = { store: 'stores', region: 'regions', device: 'devices' } as const

function unknownNames(fleet: Fleet, what: keyof typeof KINDS, wanted: readonly string[] | undefined): Diagnostic[] {
  if (!wanted?.length) return []
  const known = fleet[KINDS[what]]
  return wanted
    .filter((name) => !known.has(name))
    .map((name) => {
      // A device by its id alone is meant in one store or another.
      const near = what === 'device' ? nearest(name, fleet) : suggest(name, known.keys())
      const other = (['store', 'region', 'device'] as const).find((kind) => fleet[KINDS[kind]].has(name))
      const hint = other ? `it is a ${other}: --${other} ${name}` : near && `did you mean "${near}"?`
      return {
        code: 'INV_REFERENCE_UNKNOWN',
        severity: 'error',
        summary: `There is no ${what} "${name}" in the inventory`,
        ...(hint === undefined ? { detail: whatThereIs(known.keys()) } : { hint }),
      }
    })
}

const MOST_LISTED = 10

function whatThereIs(names: Iterable<string>): string {
  const all = [...names]
  const shown = all.slice(0, MOST_LISTED).join(', ')
  return all.length > MOST_LISTED ? `It has ${formatCount(all.length)}, as ${shown}.` : `It has ${shown || 'none'}.`
}

async function devicesOfRun(reference: string, store: RunStore): Promise<ReadonlySet<string>> {
  const colon = reference.indexOf(':')
  const ending = colon < 0 ? undefined : reference.slice(colon + 1)
  const run = await resolveRun(store, colon < 0 ? reference : reference.slice(0, colon))
  const record = await foldRun(store.events(run.run), { ended: run.state !== 'running' })
  const devices = [...record.devices.values()]
  const hits = devices.filter((device) => ending === undefined || endedSo(device, ending))
  if (hits.length > 0 || ending === undefined || DEVICE_STATES.includes(ending as DeviceState))
    return new Set(hits.map(({ device }) => device))
  const faults = [...new Set(devices.flatMap(({ classification: found }) => (found ? [found.fault] : [])))]
  const found = faults.length === 0 ? 'it found none' : faults.join(', ')
  throw inputError(
    'SCHEMA_VALUE_INVALID',
    `"${ending}" is no state of a device, and no fault that the run found`,
    `After the colon comes one of ${DEVICE_STATES.join(', ')}, or a fault of the run: ${found}.`,
  )
}

/** By its state, with or without the code of its failure, or by the fault that its runbook found, with or without the cause of it. */
function endedSo({ state, unknown, failure, classification: found }: DeviceRecord, ending: string): boolean {
  if (state === ending || (ending === 'unknown' && unknown === true)) return true
  if (failure && `${state}:${failure.code}` === ending) return true
  return found !== undefined && (found.fault === ending || `${found.fault}:${found.cause}` === ending)
}
