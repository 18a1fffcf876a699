import { InputError } from '../core/diagnostic.ts'
import type { SandboxStatus } from './control.ts'
import type { DeviceSpec, ListenerSpec, PrinterSpec, WindowsSpec } from './device-spec.ts'
import { type FaultRule, parseFault } from './fault.ts'
import type { SandboxOverlay } from './sandbox-folder.ts'

export interface SandboxOptions {
  /** Where files, keys and the overlay are put; made if it is not there. */
  readonly folder: string
  readonly devices: readonly DeviceSpec[]
  readonly windows?: readonly WindowsSpec[]
  readonly printers?: readonly PrinterSpec[]
  /** Other devices without a shell, on whose ports something is to answer. */
  readonly listeners?: readonly ListenerSpec[]
  /** Decides what drifts and which devices a share of faults hits. Default: 1. */
  readonly seed?: number
  /** Share of devices, from 0 to 1, that are not as the inventory wants when they are made. Default: 0. */
  readonly drift?: number
  /** As in `parseFault`. */
  readonly faults?: readonly string[]
  /** The files of the devices outlive the sandbox. */
  readonly keep?: boolean
}

export interface Sandbox {
  readonly overlay: SandboxOverlay
  /** Adds faults as in `parseFault`, from the next connection on. Throws InputError. */
  setFault(...faults: readonly string[]): Promise<void>
  status(): Promise<SandboxStatus>
  /** Ends all processes and takes the files away. */
  stop(): Promise<void>
  /** Resolves with what happened if a worker dies. */
  readonly broken: Promise<string>
}

/** Rules of `--fault`; throws InputError with all that are wrong. */
export function readFaults(texts: readonly string[]): readonly FaultRule[] {
  const parsed = texts.map((text) => ({ text, result: parseFault(text) }))
  const wrong = parsed.flatMap(({ text, result }) => ('problem' in result ? [{ text, detail: result.problem }] : []))
  if (wrong.length > 0) {
    throw new InputError(
      wrong.map(({ text, detail }) => ({
        code: 'SCHEMA_VALUE_INVALID',
        severity: 'error',
        summary: `"${text}" is no fault that the sandbox can make`,
        detail,
      })),
    )
  }
  return parsed.flatMap(({ result }) => ('rule' in result ? [result.rule] : []))
}
