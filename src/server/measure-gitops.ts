import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GITOPS_FILE, gitopsFolder } from '../app/gitops/gitops-folder.ts'
import { readLastPull, readOvertaken, readTrusted } from '../gitops/trust-folder.ts'
import type { Metrics } from './metrics.ts'

/** What became of the repository that this machine follows, where it follows one; NaN for what is not known. */
export function measureGitops(metrics: Metrics): void {
  const folder = gitopsFolder()
  if (!existsSync(join(folder, GITOPS_FILE))) return
  const last = () => readLastPull(folder).catch(() => undefined)
  metrics.gauge(
    'till_gitops_refused',
    '1 while the newest revision that was seen is refused, and the last good one stays in force.',
    async () => {
      const seen = await last()
      return seen === undefined ? Number.NaN : Number(seen.outcome === 'refused' || seen.refused !== undefined)
    },
  )
  metrics.gauge(
    'till_gitops_overtaken',
    '1 while another controller of the state has the revision in force that counts, and till reconcile looks at no device from here.',
    () =>
      readOvertaken(folder).then(
        (overtaken) => Number(overtaken !== undefined),
        () => Number.NaN,
      ),
  )
  metrics.gauge('till_gitops_last_look_timestamp_seconds', 'When the remote repository was last asked.', async () => {
    return Date.parse((await last())?.at ?? '') / 1000
  })
  metrics.gauge(
    'till_gitops_last_answer_timestamp_seconds',
    'When the remote repository last told where the branch is.',
    async () => Date.parse((await last())?.answered_at ?? '') / 1000,
  )
  metrics.gauge(
    'till_gitops_reached',
    '1 where the remote repository answered when it was last asked, 0 where not.',
    async () => {
      const seen = await last()
      return seen === undefined ? Number.NaN : Number(seen.outcome !== 'unreachable')
    },
  )
  metrics.gauges(
    'till_gitops_assignment_devices',
    'Devices that each assignment means by the revision in force, as it was when that came into force.',
    async () => {
      const { assignments = [] } = (await readTrusted(folder).catch(() => undefined)) ?? {}
      const own = assignments.filter(({ is }) => is !== 'gone')
      return own.map(({ assignment, devices }) => [{ assignment }, devices] as const)
    },
  )
  metrics.gauge('till_gitops_in_force_timestamp_seconds', 'When the revision in force came into force.', async () => {
    const trusted = await readTrusted(folder).catch(() => undefined)
    return Date.parse(trusted?.at ?? '') / 1000
  })
}
