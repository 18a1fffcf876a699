import { presentable } from '../../core/change.ts'
import type { DeviceState, StepState } from '../../core/outcome.ts'
import type { DeviceRecord, RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { DevicesInFlight } from '../../reporters/devices-in-flight.ts'

/** How a device ended, in short. */
export interface Ending {
  readonly state: DeviceState
  readonly unknown: boolean
  readonly code: string | null
}

/** A step that did not end the same in both runs; null: it was not in that run. */
export interface StepDifference {
  readonly runbook: string
  readonly step: string
  readonly before: StepState | null
  readonly after: StepState | null
}

/** A device that did not end the same in both runs; null: it was not in that run. */
export interface DeviceDifference {
  readonly device: string
  readonly before: Ending | null
  readonly after: Ending | null
  /** Empty when the device was in one of the runs only. Equal states stand here when the changes were others. */
  readonly steps: readonly StepDifference[]
}

interface Outline {
  readonly ending: Ending
  /** By runbook and step; the text says all that is compared. */
  readonly steps: ReadonlyMap<
    string,
    { readonly runbook: string; readonly step: string; readonly state: StepState; readonly text: string }
  >
}

/** Devices that ended differently in the second run than in the first, by name. */
export async function compareRuns(store: RunStore, first: RunSummary, second: RunSummary): Promise<DeviceDifference[]> {
  const [before, after] = [await outlinesOf(store, first), await outlinesOf(store, second)]
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((device) => compareDevice(device, before.get(device), after.get(device)) ?? [])
}

async function outlinesOf(store: RunStore, run: RunSummary): Promise<Map<string, Outline>> {
  const outlines = new Map<string, Outline>()
  const inFlight = new DevicesInFlight()
  for await (const event of store.events(run.run)) {
    const record = await inFlight.add(event)
    if (record) outlines.set(record.device, outlineOf(record))
  }
  if (run.state === 'running') return outlines
  const [lost, neverBegun] = [await inFlight.lost(), await inFlight.neverBegun()]
  for (const device of [...lost, ...neverBegun]) outlines.set(device.device, outlineOf(device))
  return outlines
}

function outlineOf(record: DeviceRecord): Outline {
  const steps = record.steps.map(({ runbook, step, state, changes = [], failure }) => {
    const text = JSON.stringify([state, changes.map(presentable), failure?.code])
    return [`${runbook}\n${step}`, { runbook, step, state, text }] as const
  })
  const { state, unknown = false, failure } = record
  return { ending: { state, unknown, code: failure?.code ?? null }, steps: new Map(steps) }
}

function compareDevice(device: string, before?: Outline, after?: Outline): DeviceDifference | undefined {
  if (!before || !after) return { device, before: before?.ending ?? null, after: after?.ending ?? null, steps: [] }
  const keys = [...new Set([...before.steps.keys(), ...after.steps.keys()])]
  const steps = keys.flatMap((key): StepDifference[] => {
    const [old, now] = [before.steps.get(key), after.steps.get(key)]
    const { runbook, step } = old ?? now ?? { runbook: '', step: '' }
    return old?.text === now?.text ? [] : [{ runbook, step, before: old?.state ?? null, after: now?.state ?? null }]
  })
  const same = JSON.stringify(before.ending) === JSON.stringify(after.ending)
  return same && steps.length === 0 ? undefined : { device, before: before.ending, after: after.ending, steps }
}
