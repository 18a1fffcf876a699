import type { Device } from '../../core/fleet.ts'
import type { Report, ReportRow } from '../../core/report.ts'
import { VERSIONS_REPORT } from '../../core/report-forms.ts'
import type { RunsQuestion } from './horizon-report.ts'
import { frameOf } from './report-frame.ts'
import { objectOf, textOf, toldByRuns, toldNote } from './told-by-runs.ts'

interface Seen {
  readonly system: string
  readonly version: string | null
  readonly kernel: string | null
}

/** Which systems devices run, beside what the inventory says they do: from `facts` steps. */
export async function versionsReport(question: RunsQuestion): Promise<Report> {
  const { devices } = question
  const told = await toldByRuns({
    ...question,
    pick: (event): Seen | undefined => {
      if (event.type !== 'step.finished' || event.module !== 'facts') return undefined
      const { os, kernel } = objectOf(event.value)
      const system = textOf(objectOf(os)['id'])
      return system === null ? undefined : { system, version: textOf(objectOf(os)['version']), kernel: textOf(kernel) }
    },
  })
  const known = new Map(told.map(({ device, value }) => [device, value]))
  const groups = new Map<string, { readonly of: Device; readonly seen: Seen | undefined; count: number }>()
  for (const device of devices) {
    const seen = known.get(device.name)
    const key = JSON.stringify([device.profile, device.os, seen])
    const group = groups.get(key) ?? { of: device, seen, count: 0 }
    group.count += 1
    groups.set(key, group)
  }
  const rows = [...groups.values()].map(({ of, seen, count }): ReportRow => {
    const { distribution = of.os.family, version = null } = of.os
    return {
      profile: of.profile,
      expected: [distribution, version].filter(Boolean).join(' '),
      system: seen?.system ?? null,
      version: seen?.version ?? null,
      kernel: seen?.kernel ?? null,
      devices: count,
      as_expected: seen === undefined ? 'unknown' : isAsExpected(of, seen) ? 'yes' : 'no',
    }
  })
  rows.sort((a, b) =>
    a['profile'] === b['profile']
      ? Number(b['devices']) - Number(a['devices'])
      : String(a['profile']) < String(b['profile'])
        ? -1
        : 1,
  )
  const notes = [`By steps facts. ${toldNote(question, known.keys())}`]
  return { form: VERSIONS_REPORT, ...frameOf(question), by: null, of: null, notes, rows, total: null, charts: [] }
}

/** Of a version as much as the inventory says: `12` is met by 12.7, and not by 120. */
function isAsExpected({ os }: Device, { system, version }: Seen): boolean {
  if (os.distribution !== undefined && os.distribution !== system) return false
  return os.version === undefined || version === os.version || (version ?? '').startsWith(`${os.version}.`)
}
