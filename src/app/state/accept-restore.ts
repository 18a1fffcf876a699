import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type InputError, inputError } from '../../core/diagnostic.ts'
import type { PresentController } from '../../core/lease.ts'
import type { Project } from '../project.ts'
import { accountName } from '../run/account.ts'

/** What is known of the moment of the backup. */
export interface AcceptedRestore {
  /** The file, or the database as people may see it. */
  readonly where: string
  /** Runs that were in progress then. */
  readonly runs: readonly string[]
  /** Devices that they had leases for. */
  readonly devices: readonly string[]
}

const LOOK_EVERY_MS = 500
const SLACK_MS = 5_000

/**
 * Takes the state as what a backup held: leases that are given from now on are later than those that devices remember. Waits for what
 * controllers of the backup can still be heard of; throws InputError with STATE_IN_USE where one is.
 */
export async function acceptRestore(project: Project): Promise<AcceptedRestore> {
  const store = await project.store()
  const { where } = await store.facts()
  const began = performance.now()
  const first = new Map<string, number>()
  for (;;) {
    const entry = { at: new Date().toISOString(), kind: 'state.restored', by: accountName(), host: hostname() }
    const answer = await store.leases.acceptRestore(entry)
    if (answer.there === undefined) return { where, runs: answer.runs, devices: answer.devices }
    const waited = performance.now() - began
    for (const controller of answer.there) {
      const { id, beats, ttlMs } = controller
      const known = first.get(id) ?? beats
      first.set(id, known)
      if (beats > known || waited > ttlMs + SLACK_MS) throw inUse(controller)
    }
    await delay(LOOK_EVERY_MS)
  }
}

function inUse({ host, pid }: PresentController): InputError {
  const summary = `Process ${pid} of ${host} works with this state store`
  const detail =
    'End all runs, `till serve` and workers first: what they do since the restore is what counts. Then say this again.'
  return inputError('STATE_IN_USE', summary, detail)
}
