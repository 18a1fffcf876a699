import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { compileSelector } from '../../lang/expression.ts'
import { calendarFile, loadCalendar } from '../../lang/policy/load-calendars.ts'
import type { PolicyEntry } from '../../lang/policy/policy-entries.ts'
import { didYouMean } from '../../lang/suggest.ts'
import type { Project } from '../project.ts'
import { andMore } from '../revision/and-more.ts'
import { selectorFaults } from '../revision/selector-faults.ts'

/** What policies and guards name that is not there, and selectors that cannot be judged for some devices. */
export function checkPolicies(project: Project, fleet: Fleet): readonly Diagnostic[] {
  const entries = project.settings.policyEntries()
  return [
    ...unknownRegions(project, fleet),
    ...entries.flatMap((entry) => calendarProblems(entry, project)),
    ...entries.flatMap((entry) => selectorProblems(entry, fleet)),
  ]
}

/** Regions of policies and guards that the inventory does not have: what is meant for them protects nothing. */
export function unknownRegions(project: Project, fleet: Fleet): readonly Diagnostic[] {
  // The regions of a sandbox are its own.
  if (project.isSandbox) return []
  return project.settings.policyEntries().flatMap(({ name, scope, at }) =>
    (scope.regions ?? []).flatMap((region, index): readonly Diagnostic[] => {
      if (fleet.regions.has(region)) return []
      const summary = `There is no region "${region}" in the inventory, and ${name} is meant for it`
      const source = at('regions', index)
      return [
        {
          code: 'INV_REFERENCE_UNKNOWN',
          severity: 'error',
          summary,
          ...didYouMean(region, fleet.regions.keys()),
          source,
        },
      ]
    }),
  )
}

function calendarProblems({ calendar, at }: PolicyEntry, project: Project): readonly Diagnostic[] {
  if (calendar === undefined) return []
  const { diagnostics } = loadCalendar(calendar, calendarFile(calendar, project.root), 'A policy')
  return diagnostics.map((diagnostic) => ({ source: at('calendar'), ...diagnostic }))
}

function selectorProblems({ name, holdsBack, scope, at }: PolicyEntry, fleet: Fleet): readonly Diagnostic[] {
  const compiled = scope.where === undefined ? undefined : compileSelector(scope.where)
  if (!compiled?.ok) return []
  const inScope = [...fleet.devices.values()].filter(
    ({ region, kind }) => (scope.regions?.includes(region) ?? true) && (scope.kinds?.includes(kind) ?? true),
  )
  const { hits, devices, error } = selectorFaults(compiled.expression, fleet, { of: inScope })
  const source = at('where')
  if (devices.length > 0) {
    const summary = `Whether ${name} is about a device cannot always be told: ${error}`
    const counts = holdsBack ? 'It counts as being about them.' : 'It counts as not being about them.'
    const detail = `It is so for ${andMore(devices)}. ${counts} Ask \`has(…)\` first where a value may be missing.`
    return [{ code: 'EXPRESSION_FAILED', severity: 'warning', summary, detail, source }]
  }
  if (hits.length > 0 || inScope.length === 0) return []
  const summary = `No device of the inventory is meant by ${name}`
  return [{ code: 'SELECTOR_EMPTY', severity: 'warning', summary, detail: '`where` holds for none.', source }]
}
