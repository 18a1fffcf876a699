import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { ScheduledReport } from '../../core/report-schedule.ts'
import { suggest } from '../../lang/suggest.ts'
import type { ValuePath } from '../../lang/value-path.ts'
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

/** The key of a report that names them, and where they stand. */
const KEYS = {
  contact: { key: 'to', stand: '`responsibility.contacts`' },
  account: { key: 'as', stand: '`server.accounts`' },
  region: { key: 'region', stand: 'the inventory' },
  store: { key: 'store', stand: 'the inventory' },
  kind: { key: 'kind', stand: 'the inventory' },
  contract: { key: 'contract', stand: '`contracts`' },
} as const

function problemsOf(
  report: ScheduledReport,
  { project, fleet, duties }: { readonly project: Project; readonly fleet: Fleet; readonly duties: Duties | undefined },
): readonly Diagnostic[] {
  const { contacts, channels } = duties?.responsibility ?? { contacts: new Map(), channels: new Map() }
  const wrong = (summary: string, detail: string, at: ValuePath): Diagnostic => {
    const shown = `The report "${report.name}": ${summary}`
    const source = project.settings.placeOf(['reports', report.name, ...at]) ?? report.source
    return { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary: shown, detail, source }
  }
  const unknown = (
    what: keyof typeof KEYS,
    wanted: readonly string[],
    known: readonly string[],
  ): readonly Diagnostic[] =>
    wanted.flatMap((name, index) => {
      if (known.includes(name)) return []
      const near = suggest(name, known)
      const there =
        known.length === 0 ? `There are none in ${KEYS[what].stand}.` : `There are ${known.slice(0, 20).join(', ')}.`
      const { key } = KEYS[what]
      const at = key === 'as' ? [key] : [key, index]
      return [wrong(`there is no ${what} "${name}"`, near === undefined ? there : `Did you mean "${near}"?`, at)]
    })
  const accounts = project.settings.server().accounts.map(({ name }) => name)
  const mailed = report.to.filter((name) => contacts.has(name))
  return [
    ...unknown('contact', report.to, [...contacts.keys()]),
    ...mailed
      .filter((name) => channels.get(contacts.get(name)?.channel ?? '')?.kind !== 'smtp')
      .map((name) =>
        wrong(`the contact "${name}" is not told by e-mail`, 'Name one with a channel of `smtp`.', [
          'to',
          report.to.indexOf(name),
        ]),
      ),
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
