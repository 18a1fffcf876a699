import type { Project } from '../app/project.ts'
import type { Credentials } from '../app/reach/credentials.ts'
import type { SecretReader } from '../app/reach/secrets.ts'
import type { RunEnd } from '../app/run/run-request.ts'
import type { RunStore, Transport } from '../core/ports.ts'
import type { LeaseKeeper } from '../engine/admission/lease-keeper.ts'
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

/** What runs of one controller have in common. */
export interface Shared {
  readonly store: RunStore
  readonly keeper: LeaseKeeper
  readonly masker: Masker
  readonly budgets: Budgets
  readonly transports: ReadonlyMap<string, Transport>
  readonly warn: (text: string) => void
  /** Reads secrets as a repository names them; once for all runs. */
  secretsOf(project: Project): SecretReader
  /** What devices say of passwords, over all runs. */
  readonly credentials: Credentials
}
