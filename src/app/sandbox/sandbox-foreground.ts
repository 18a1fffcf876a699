import { setTimeout as sleep } from 'node:timers/promises'
import { counted } from '../../core/counted.ts'
import { FAULTS, type Sandbox, type SandboxOptions, type SandboxStatus, startSandbox } from '../../sandbox/index.ts'
import { jsonLine } from '../json-document.ts'
import type { SandboxSelection } from './sandbox-devices.ts'

const STATUS_MS = 2_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export { FAULTS }

/** Every fault with what it does, for the help of commands. */
export const FAULT_HELP = Object.entries(FAULTS)
  .map(([name, what]) => `  ${name.padEnd(20)}${what}`)
  .join('\n')

/**
 * Runs a sandbox until a signal ends it, or one of its processes dies. `ready` is called when it is up, `tick` every
 * two seconds from then on. Resolves with what went wrong, or undefined. Throws what `startSandbox` throws.
 */
export async function runSandbox(
  options: SandboxOptions,
  show: {
    readonly ready: (sandbox: Sandbox) => Promise<void>
    readonly tick?: ((status: SandboxStatus) => void) | undefined
  },
): Promise<string | undefined> {
  let interrupt: () => void = () => undefined
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve
  })
  for (const signal of SIGNALS) process.on(signal, interrupt)
  const sandbox = await startSandbox(options)
  const ticking = new AbortController()
  try {
    await show.ready(sandbox)
    if (show.tick) void watch(sandbox, show.tick, ticking.signal)
    return await Promise.race([interrupted.then(() => undefined), sandbox.broken])
  } finally {
    ticking.abort()
    await sandbox.stop()
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}

async function watch(sandbox: Sandbox, tick: (status: SandboxStatus) => void, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      await sleep(STATUS_MS, undefined, { signal })
      tick(await sandbox.status())
    }
  } catch {
    // It ends; there is nothing to show any more.
  }
}

/** What was left out of a selection, in words; empty when nothing was. */
export function leftOutInWords({ left_out }: Pick<SandboxSelection, 'left_out'>): string {
  const parts = Object.entries(left_out).map(([reason, count]) => `${count} ${reason}`)
  return parts.length === 0 ? '' : `Not imitated: ${parts.join(', ')}.\n`
}

/** A status as a program reads it, with what is not imitated where that is known. */
export function statusJson(status: SandboxStatus, left_out?: SandboxSelection['left_out']): string {
  return jsonLine({ schema: 'till.sandbox/1', ...status, ...(left_out && { left_out }) })
}

/** A status in words, on one line. */
export function statusInWords(status: SandboxStatus): string {
  const faults = Object.entries(status.faults).map(([name, count]) => `${count} ${name}`)
  return [
    `${counted(status.devices, 'device')}${status.windows > 0 ? ` (${status.windows} ${status.windows === 1 ? 'imitates' : 'imitate'} Windows)` : ''}, ${counted(status.printers, 'printer')} and ${counted(status.listeners, 'other port')} up`,
    `${counted(status.connections, 'connection')}, ${counted(status.sessions, 'program')} now, ${status.served} so far`,
    faults.length === 0 ? 'no faults' : `faults: ${faults.join(', ')}`,
  ].join(' · ')
}
