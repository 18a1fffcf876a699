import { VERSION } from '../app/version.ts'
import type { HookStore } from '../core/hook-store.ts'
import type { HookLoop } from './hook-loop.ts'
import { measureGitops } from './measure-gitops.ts'
import type { Metrics } from './metrics.ts'
import type { Revisions } from './revisions.ts'

/** What this server has in hand, which revision is in force, and what the process costs, at each scrape. */
export function measureServer(
  metrics: Metrics,
  {
    store,
    loop,
    revisions,
    isOurs,
  }: {
    readonly store: HookStore
    readonly loop: HookLoop
    readonly revisions: Revisions
    readonly isOurs: () => boolean
  },
): void {
  metrics.gauge('till_repairs_running', 'Repairs under way.', () => loop.repairs)
  metrics.gauge('till_hook_inbox_pending', 'Entries of the inbox that are not worked off.', async () => {
    return (await store.count()).pending
  })
  metrics.gauge('till_episodes_open', 'Faults that are not over.', async () => (await store.count()).open)
  metrics.gauge(
    'till_revision_in_force',
    '1 where the files of the repository are in force, 0 where they cannot be used.',
    () => (revisions.rejected === undefined ? 1 : 0),
  )
  measureGitops(metrics)
  metrics.gauge(
    'till_server_works',
    '1 where this server works alerts off, 0 where it stands by for another one.',
    () => (isOurs() ? 1 : 0),
  )
  metrics.gauge('till_devices', 'Devices of the revision in force.', () => revisions.current.fleet.devices.size)
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  metrics.gauge('process_cpu_seconds', 'Processor time, user and system.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.count('till_starts_total', 'Starts of this process, by version.', { version: VERSION })
}
