import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface WindowsService {
  readonly name: string
  readonly display: string
  status: 'Running' | 'Stopped'
  /** As the registry has it: 2 automatic, 3 manual, 4 disabled. */
  start: number
  delayed: boolean
  account: string
  /** FailureActions of the registry, in base64. */
  recovery: string
  readonly needs: readonly string[]
  /** Its command line. */
  readonly image: string
}

/** A product as Windows Installer and the list of programs have it. */
export interface InstalledProduct {
  readonly name: string
  readonly version: string
  readonly publisher: string
  readonly code: string
}

export interface ScheduledTask {
  readonly xml: string
  readonly enabled: boolean
}

export interface RegistryValue {
  readonly name: string
  readonly kind: string
  readonly data: string | number | readonly string[]
}

export interface PrintQueue {
  /** PRINTER_STATUS bits. */
  readonly status: number
  /** With JOB_STATUS bits, and when they were handed in (ISO 8601). */
  jobs: readonly { readonly id: number; readonly status: number; readonly at: string }[]
}

/** What a Windows device keeps beside its files. Names in lower case are keys. */
export interface MachineState {
  readonly services: Record<string, WindowsService>
  readonly products: Record<string, InstalledProduct>
  /** By path (`hklm\software\…`), then by name. */
  readonly registry: Record<string, Record<string, RegistryValue>>
  /** By name. */
  readonly queues?: Record<string, PrintQueue>
  /** Who owns a file, by its path; Administrators where it is not said. */
  readonly owners: Record<string, string>
  /** By folder and name. */
  readonly tasks: Record<string, ScheduledTask>
  /** Why Windows waits for a restart; empty when it does not. */
  pendingReboot: string[]
  /** In the words of Windows. */
  timeZone: string
  /** How often it was restarted since it was made. */
  boots: number
  /** ISO 8601. */
  bootedAt: string
}

const FILE = 'machine.json'

export function loadState(folder: string): MachineState {
  return JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as MachineState
}

/** Whole or not at all. */
export function saveState(folder: string, state: MachineState): void {
  const file = join(folder, FILE)
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 1)}\n`)
  renameSync(`${file}.new`, file)
}
