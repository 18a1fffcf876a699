import type { Handing } from '../app/history/open-store.ts'
import type { Project } from '../app/project.ts'
import type { ContentTraffic } from '../app/reach/content-desk.ts'
import type { Credentials } from '../app/reach/credentials.ts'
import type { SecretReader } from '../app/reach/secrets.ts'
import type { RunEnd } from '../app/run/run-request.ts'
import type { RunStore } from '../core/run-store.ts'
import type { Transport } from '../core/transport.ts'
import type { LeaseKeeper } from '../engine/admission/lease-keeper.ts'
import type { DeviceEnvironment } from '../engine/device/perform-device.ts'
import type { WorkerPool } from '../engine/fleet/worker-pool.ts'
import type { Masker } from '../engine/journal/mask.ts'
import type { Budgets } from './budgets.ts'

/** A run in progress. */
export interface Run {
  readonly id: string
  /**
   * Resolves when every device has its end and every reporter has seen it. Rejects with RunBroken where the state store
   * failed, with UnwritableError where a reporter could not write, and on a bug of ours.
   */
  readonly finished: Promise<RunEnd>
  /** Nothing new begins, and what is being changed is finished; asked for again, everything ends now. */
  stop(why: string): void
}

/** Those who work on the devices of a run. */
export interface Workforce {
  readonly pool: WorkerPool & { close(): Promise<void> }
  readonly environment: DeviceEnvironment
  /** Devices at a time. */
  parallel(): number
  /** Resolves when all that was told of devices has been delivered. */
  told(): Promise<void>
  /** The run has ended: what it had is there for others. */
  leave(): void
}

/** What runs of one controller have in common. */
export interface Shared {
  readonly store: RunStore
  readonly keeper: LeaseKeeper
  readonly masker: Masker
  readonly budgets: Budgets
  readonly transports: ReadonlyMap<string, Transport>
  readonly warn: (text: string) => void
  /** Secrets as a repository names them, for a run that begins now. */
  secretsOf(project: Project): SecretReader
  /** What hands work to other processes; opened when it is first asked for. Throws InputError where the state lies in a file. */
  handing(): Promise<Handing>
  /** What devices say of passwords, over all runs. */
  readonly credentials: Credentials
  /** What is known of files in stores, and how fast they are sent, over all runs. */
  readonly traffic: ContentTraffic
}
