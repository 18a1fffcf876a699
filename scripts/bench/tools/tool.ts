import { existsSync } from 'node:fs'
import type { Lab } from '../lab/lab.ts'
import type { Work } from './work.ts'

/** A device to work on. */
export interface Host {
  readonly address: string
  readonly port: number
}

/** What a tool is asked to do. */
export interface Job {
  readonly lab: Lab
  readonly hosts: readonly Host[]
  readonly work: Work
  /** Whether something is different and is to be changed: `till` has a command for each. */
  readonly change: boolean
  /** An empty folder for files of this job. */
  readonly folder: string
}

/** How a tool does it. */
export interface Command {
  readonly argv: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Tool {
  readonly id: string
  readonly name: string
  /** floor: nothing but the protocol, in a compiled language. */
  readonly kind: 'tillwright' | 'peer' | 'floor'
  /** Debian packages that bring it. */
  readonly debian: string
  /** Paths that must be there. */
  readonly needs: readonly string[]
  /** Its version, by asking it. */
  version(): string
  /** How it is configured here, for the reader. */
  readonly configuration: string
  /** Writes what it needs into the job's folder and says how to run it. */
  prepare(job: Job): Command
  /** Addresses that it names as not done, in what it printed (stdout and stderr) or wrote; undefined if it names none. */
  failed?(output: string, job: Job): readonly string[]
}

/** Devices at a time of all peers: more would overrun the queue of 128 that a sshd listens with. */
export const IN_FLIGHT = 64
/** Seconds after which all tools give a device up that does not answer. */
export const CONNECT_TIMEOUT_S = 10

export function isThere(tool: Pick<Tool, 'needs'>): boolean {
  return tool.needs.every((path) => existsSync(path))
}
