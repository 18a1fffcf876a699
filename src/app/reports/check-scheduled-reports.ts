import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { ScheduledReport } from '../../core/report-schedule.ts'
import { suggest } from '../../lang/suggest.ts'
import type { Duties } from '../incidents/duties.ts'
import type { Project } from '../project.ts'

/** Names that scheduled reports use and that there are not: contacts, accounts, places, contracts. */
export function checkScheduledReports(
  project: Project,
  fleet: Fleet,
  duties: Duties | undefined,
): readonly Diagnostic[] {
  return project.settings.reports().flatMap((report) => problemsOf(report, { project, fleet, duties }))
}

function problemsOf(
  report: ScheduledReport,
  { project, fleet, duties }: { readonly project: Project; readonly fleet: Fleet; readonly duties: Duties | undefined },
): readonly Diagnostic[] {
  const { contacts, channels } = duties?.responsibility ?? { contacts: new Map(), channels: new Map() }
  const wrong = (summary: string, detail: string): Diagnostic => {
    const shown = `The report "${report.name}": ${summary}`
    return { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary: shown, detail, source: report.source }
  }
  const unknown = (what: string, wanted: readonly string[], known: readonly string[]): readonly Diagnostic[] =>
    wanted
      .filter((name) => !known.includes(name))
      .map((name) => {
        const near = suggest(name, known)
        const detail =
          near === undefined ? `There are ${known.slice(0, 20).join(', ') || 'none'}.` : `Did you mean "${near}"?`
        return wrong(`there is no ${what} "${name}"`, detail)
      })
  const accounts = project.settings.server().accounts.map(({ name }) => name)
  const mailed = report.to.filter((name) => contacts.has(name))
  return [
    ...unknown('contact', report.to, [...contacts.keys()]),
    ...mailed
      .filter((name) => channels.get(contacts.get(name)?.channel ?? '')?.kind !== 'smtp')
      .map((name) => wrong(`the contact "${name}" is not told by e-mail`, 'Name one with a channel of `smtp`.')),
    ...unknown('account', report.as === undefined ? [] : [report.as], accounts),
    ...unknown('region', report.regions, [...fleet.regions.keys()]),
    ...unknown('store', report.stores, [...fleet.stores.keys()]),
    ...unknown('kind', report.kinds, [...new Set([...fleet.profiles.values()].map(({ kind }) => kind))]),
    ...unknown(
      'contract',
      report.contracts,
      project.settings.contracts().map(({ name }) => name),
    ),
  ]
}
