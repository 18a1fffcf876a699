import type { AuditEntry } from './audit.ts'
import type { FleetKey } from './fleet-key.ts'

/** What is excluded by a lease, by name: a device of a fleet, a machine, a run. Every key names its fleet. */
export type LeaseKey = string

/** Proof of a lease, which goes along with everything that is written under it. */
export interface LeaseToken {
  readonly keys: readonly LeaseKey[]
  /** Goes up whenever somebody else gets one of the keys; a holder whose number is no longer the last has lost them. */
  readonly epoch: number
}

/** Who has a lease. */
export interface LeaseHolder {
  readonly run: string
  readonly pid: number
  readonly host: string
  /** Which of the keys that were asked for it has, and the first of those that it was asked for with. */
  readonly key: LeaseKey
  readonly as: LeaseKey
}

export type LeaseAnswer =
  | { readonly granted: true; readonly token: LeaseToken }
  | { readonly granted: false; readonly holder: LeaseHolder }

/** See `LeaseStore.acquire`. */
export interface HandingOver {
  readonly from?: number | undefined
  readonly under?: LeaseToken | undefined
}

/**
 * Leases of many runs. A controller has them as long as it is heard of: one heartbeat for all of them. Whether it still
 * is, nobody judges by the time of day: on the machine that it runs on, by its process, the boot of that machine and a clock
 * that counts sleep; elsewhere, by the store's own clock, or by whether its heartbeats go on.
 */
export interface LeaseStore {
  /** Identifies the store whose epochs these are. */
  readonly id: string
  /**
   * The controller is there for another `ttlMs`. `intact`: it has been all the time; otherwise others may have taken over
   * what it had.
   */
  beat(controller: string, ttlMs: number): Promise<{ readonly intact: boolean }>
  /**
   * All keys or none. What the same run of the same controller has already under the same first key stays with it, under the
   * same epoch; under another one it is held like anybody's. `from`: the epoch under which another controller has them for the
   * same run, and hands them over; under it, it has lost them then. `under`: nothing is granted once somebody
   * else has had a key of that lease since.
   */
  acquire(
    keys: readonly LeaseKey[],
    holder: { readonly run: string; readonly controller: string } & HandingOver,
  ): Promise<LeaseAnswer>
  /**
   * Goes on under the same epoch as another controller: what it was is over, and its run is not. False where somebody else has had one
   * of the keys since.
   */
  goOn(token: LeaseToken, holder: { readonly run: string; readonly controller: string }): Promise<boolean>
  /** Gives back what is still held under this token. */
  release(token: LeaseToken): Promise<void>
  /** The controller is gone, and all that it had is free. */
  retire(controller: string): Promise<void>
  /**
   * The store is that of a backup by now: what it gives from now on is later than all that it gave after that, as devices remember it.
   * Nothing is done while somebody is there. `entry` goes on the audit log.
   */
  acceptRestore(entry: Omit<AuditEntry, 'about'>): Promise<RestoreAnswer>
}

/** A controller of which it is not known yet, or no more, whether it is there. */
export interface PresentController {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** How often it was heard of. */
  readonly beats: number
  /** Its leases last so long without a sign of life. */
  readonly ttlMs: number
}

export type RestoreAnswer =
  | { readonly there: readonly PresentController[] }
  | {
      readonly there?: undefined
      /** Runs that had no end in the backup. */
      readonly runs: readonly string[]
      /** Devices that runs had leases for in the backup. */
      readonly devices: readonly string[]
    }

/** The key of a device. */
export function deviceKey(fleet: FleetKey, device: string): LeaseKey {
  return `device:${fleet}/${device}`
}

/** The key of a machine, by what it is known again by: `serial`, `machine_id`. Two names of one machine share it. */
export function machineKey(fleet: FleetKey, mark: string, value: string): LeaseKey {
  return `machine:${fleet}/${mark}=${value}`
}

/** The key of a run: whoever has it may write its journal. */
export function runKey(fleet: FleetKey, run: string): LeaseKey {
  return `run:${fleet}/${run}`
}

/** Whether it is the key of a run. */
export function isRunKey(key: LeaseKey): boolean {
  return key.startsWith('run:')
}

/** The key of taking a run back: whoever has it may begin to. */
export function undoKey(fleet: FleetKey, run: string): LeaseKey {
  return `undo:${fleet}/${run}`
}

/** What keys begin with of devices that workers only look at in a run: nobody else looks at them for it. */
export function lookPrefix(fleet: FleetKey, run: string): string {
  return `look:${fleet}/${run}/`
}
