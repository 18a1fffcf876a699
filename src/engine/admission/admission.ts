import type { Failure } from '../../core/failure.ts'
import type { Fence } from '../../core/fence.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { GuardSeen } from '../../core/guard.ts'
import { deviceKey, type LeaseHolder, type LeaseKey, machineKey } from '../../core/lease.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { Marks } from '../../core/sample.ts'
import type { Warning, WarningSeen } from '../../core/warning.ts'
import type { Lease, LeaseKeeper } from './lease-keeper.ts'

/** Not now. */
export interface Wait {
  readonly kind: 'wait'
  readonly failure: Failure
  /** Milliseconds since 1970 at which it may be otherwise; absent where that depends on somebody. */
  readonly until?: number
  /** Only devices in progress, of whatever run, are in the way: it goes as soon as these are done. */
  readonly isPassing: boolean
  /** No device that comes behind it in the run may begin before it: a wave is not done, or has as many in flight as may fail. */
  readonly isForAll?: boolean
  /** Somebody has paused the run: it is waited for however long that lasts. */
  readonly isPaused?: true
  /** People at the device were warned: it is waited for as long as they were told. */
  readonly isWarned?: true
  /** It stands in the queues for what it waits for, so that `Admission.nextAfter` names it when it comes first. */
  readonly isQueued?: boolean
  /** What people at the device are to be told; whoever has told them asks again, and says what they said. */
  readonly warn?: readonly Warning[]
}

export interface Refusal {
  readonly kind: 'refuse'
  readonly failure: Failure
}

export type ChangeAnswer = { readonly kind: 'begin' } | Wait | Refusal

/** What is so while leave to change a device is asked for. */
export interface AskedFor {
  readonly isTouched: boolean
  readonly warned?: readonly WarningSeen[]
}

/** Leave to work on a device; given back when it is done. */
export interface Permit {
  readonly lease: Lease
  /** What the device is given along with each change. */
  readonly fence: Fence
  /**
   * Asked before the first change is announced and sent, with what the guards of the device say; and again where one of
   * them spoke up later, `isTouched` once something was changed. A device that has to wait is let go, and looked at again
   * after it. `warned`: what people at the device said just now.
   */
  change(guards: readonly GuardSeen[], so?: AskedFor): Promise<ChangeAnswer>
  /** `outcome`: what came of the device, where it was worked on. */
  release(outcome?: DeviceOutcome): Promise<void>
}

export type PlaceAnswer = { readonly kind: 'begin'; readonly permit: Permit } | Wait | Refusal

export interface PlaceRequest {
  readonly device: string
  /** Which try at the device this is within the run, from 1. */
  readonly attempt: number
}

/**
 * The one gate before any change, for one run. Whoever changes a device holds a permit from here, whatever started the
 * run. Asked twice: before a device takes a place (nothing is connected yet), and before its first change.
 */
export interface Admission {
  place(request: PlaceRequest): Promise<PlaceAnswer>
  /** The run no longer waits for a device that was told to wait, and nobody waits behind it any more. */
  giveUp?(device: string): Promise<void>
  /** Devices of the run that come first for something that a device took, which has given its place back; told once. */
  nextAfter?(device: string): readonly string[]
  /** Has `listener` called whenever a device that waits may get another answer. */
  onChange?(listener: () => void): void
}

export interface LeaseAdmissionOptions {
  readonly run: string
  /** Name of the fleet. */
  readonly fleet: FleetKey
  /** By what a device's machine is known again, where it is: serial number, machine id. */
  readonly machineOf?: (device: string) => Promise<Marks>
  /** See core/fence.ts. Default: the name of the device. */
  readonly lockNameOf?: (device: string) => string
}

/** Admission by leases alone: one run a device at a time, over all processes that share the state store. */
export function leaseAdmission(keeper: LeaseKeeper, options: LeaseAdmissionOptions): Admission {
  return {
    async place({ device, attempt }) {
      const taken = await keeper.take(await keysOf(device, options), options.run)
      if (!taken.granted) return heldBy(taken.holder, device, options)
      const { lease } = taken
      const { epoch } = lease.token
      return {
        kind: 'begin',
        permit: {
          lease,
          fence: {
            lockName: options.lockNameOf?.(device) ?? device,
            authority: keeper.storeId,
            run: options.run,
            attempt,
            epoch,
            leftMs: () => lease.leftMs(),
          },
          change: async () => ({ kind: 'begin' }),
          release: () => lease.release(),
        },
      }
    },
  }
}

/** Also a device of the same run may be in the way: one that is the same machine. */
function heldBy({ run, pid, host, key, as }: LeaseHolder, device: string, options: LeaseAdmissionOptions): Wait {
  const isSame = key === deviceKey(options.fleet, device)
  const other = as.slice(deviceKey(options.fleet, '').length)
  const what = isSame ? 'the device' : `"${other}", which is the same machine: both gave the same ${markIn(key)}`
  const who = run === options.run ? 'This run' : `Run "${run}" (process ${pid} on ${host})`
  const message = `${who} is working on ${what}.`
  return { kind: 'wait', failure: { code: 'LEASE_HELD', phase: 'resolve', message }, isPassing: true }
}

/** `machine:shops/serial=4711`: `serial`. */
function markIn(key: LeaseKey): string {
  return key.slice(key.indexOf('/') + 1, key.indexOf('=')).replace('_', ' ')
}

/** Two names of one machine exclude each other. */
async function keysOf(device: string, { fleet, machineOf }: LeaseAdmissionOptions): Promise<readonly LeaseKey[]> {
  const marks = Object.entries((await machineOf?.(device)) ?? {})
  return [deviceKey(fleet, device), ...marks.map(([name, value]) => machineKey(fleet, name, value))]
}
