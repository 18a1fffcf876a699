import type { DeviceFinished, RunEvent, RunStarted, StepConverging } from './events.ts'
import type { DeviceState } from './outcome.ts'
import type { DeviceRecord } from './run.ts'

/** That an attempt of a run at a device ended. */
export type DeviceEnd = RunEvent & DeviceFinished

/** Which ends are asked for. Times are ISO 8601 in UTC; `from` and `until` count themselves. */
export interface EndsOf {
  readonly devices: readonly string[]
  readonly run?: string | undefined
  readonly from: string
  readonly until?: string | undefined
  readonly limit: number
}

/** That a step of a run began to change a device. */
export type ChangeBegun = RunEvent & StepConverging

/** What pages and programs ask of the history, each in a few milliseconds however long that is. */
export interface RunReads {
  /** Ends of devices, newest first. */
  ends(of: EndsOf): Promise<readonly DeviceEnd[]>
  /** A device of a run with its steps, as `end` left it; undefined where nothing is known. */
  record(end: DeviceEnd): Promise<DeviceRecord | undefined>
  /** Steps that began to change a device, newest first: at most `limit`, none later than `until` (ISO 8601 in UTC). */
  changes(device: string, of: { readonly until: string; readonly limit: number }): Promise<readonly ChangeBegun[]>
  /** How a run began; undefined where nothing of it is kept. */
  started(run: string): Promise<(RunEvent & RunStarted) | undefined>
  /** How devices of a run have ended so far. */
  states(run: string): Promise<ReadonlyMap<string, DeviceState>>
  /** Events of these types in a run, in order, without those between them. */
  ofTypes<T extends RunEvent['type']>(
    run: string,
    types: readonly T[],
  ): Promise<readonly Extract<RunEvent, { type: T }>[]>
  /** Ids of the runs that take back what this one has changed, in the order in which they began. */
  undoing(run: string): Promise<readonly string[]>
  /** Names of the series that modules have noted of a device, in order. */
  series(device: string): Promise<readonly string[]>
  /** How many of these devices ended how, by run; runs that none of them was part of are left out. */
  countsAmong(
    runs: readonly string[],
    devices: readonly string[],
  ): Promise<ReadonlyMap<string, Readonly<Partial<Record<DeviceState, number>>>>>
}
