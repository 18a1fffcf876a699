import { resolve } from 'node:path'
import { type InputError, inputError } from '../core/diagnostic.ts'
import type { ErrorCode } from '../core/error-catalog.ts'
import { claimNetwork } from './address-plan.ts'
import { RunningSandbox } from './running-sandbox.ts'
import { clearFolder, holderOf, prepareFolder, writeOwner } from './sandbox-folder.ts'
import { readFaults, type Sandbox, type SandboxOptions } from './sandbox-options.ts'

/**
 * Starts a fleet on this machine. Throws InputError: SANDBOX_RUNNING if the folder has one already,
 * SANDBOX_UNAVAILABLE if devices cannot be isolated here, SCHEMA_VALUE_INVALID for faults that are none.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const folder = resolve(options.folder)
  const rules = readFaults(options.faults ?? [])
  const holder = holderOf(folder)
  if (holder?.alive) {
    throw problem(
      'SANDBOX_RUNNING',
      `A sandbox is running in "${folder}" already (process ${holder.pid})`,
      'End it with `till sandbox down`.',
    )
  }
  // Without a holder, what is there was kept on purpose.
  await clearFolder(folder, { keep: holder?.keep ?? true })
  const network = await claimNetwork(folder)
  if (network === undefined)
    throw problem('SANDBOX_UNAVAILABLE', 'No loopback network is free', 'All are taken by other sandboxes.')
  const keys = prepareFolder(folder)
  writeOwner(folder, { network: network.prefix, keep: options.keep ?? false })
  const running = new RunningSandbox(folder, { options, network, keys, rules })
  try {
    await running.start()
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

function problem(code: ErrorCode, summary: string, detail: string): InputError {
  return inputError(code, summary, detail)
}
