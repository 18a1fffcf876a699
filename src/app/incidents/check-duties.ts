import { counted } from '../../core/counted.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import { isMap } from '../../core/json.ts'
import { type FaultCase, rowOf } from '../../core/responsibility.ts'
import type { SourceRange } from '../../core/source.ts'
import { readYamlFile } from '../../lang/read-yaml-file.ts'
import { suggest } from '../../lang/suggest.ts'
import { isTemplated } from '../../lang/template.ts'
import { valueAt } from '../../lang/value-path.ts'
import type { Project } from '../project.ts'
import { findOwnRunbook } from '../revision/runbooks.ts'
import { Duties } from './duties.ts'

/** A fault class, with the place that raises it. */
interface Raised {
  readonly fault: string
  readonly source: SourceRange
  readonly about: 'device' | 'store' | 'fleet'
}

/** The matrix of a repository over its fleet, and everything that it leaves open. */
export function openDuties(
  project: Project,
  fleet: Fleet,
): {
  readonly duties: Duties | undefined
  readonly files: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const { loaded, diagnostics } = project.settings.responsibility(project.root)
  if (!loaded) return { duties: undefined, files: [], diagnostics }
  const duties = new Duties(fleet, loaded)
  const wrong = [
    ...regionProblems(duties, fleet),
    ...contractProblems(duties, fleet),
    ...rowProblems(duties, fleet, project),
  ]
  return { duties, files: loaded.files, diagnostics: wrong }
}

function regionProblems({ responsibility }: Duties, fleet: Fleet): readonly Diagnostic[] {
  const known = [...fleet.regions.keys()]
  return responsibility.rows.flatMap(({ regions, source }) =>
    regions.flatMap((region) => {
      if (known.includes(region)) return []
      const near = suggest(region, known)
      const detail = near === undefined ? `There are ${known.join(', ')}.` : `Did you mean "${near}"?`
      return [invalid(`There is no region "${region}"`, detail, source)]
    }),
  )
}

/** Devices whose contract is not written; one message for each wrong name. */
function contractProblems(duties: Duties, fleet: Fleet): readonly Diagnostic[] {
  const { contract, contracts } = duties.responsibility
  if (!contract) return []
  const wrong = new Map<string, { readonly first: string; readonly source: SourceRange; count: number }>()
  for (const device of fleet.devices.values()) {
    const { contract: name } = duties.caseOf('', { device: device.name, store: device.store })
    if (contracts.has(name)) continue
    const seen = wrong.get(name) ?? { first: device.name, source: device.source, count: 0 }
    seen.count += 1
    wrong.set(name, seen)
  }
  return [...wrong].map(([name, { first, source, count }]) => {
    const others = count > 1 ? ` and ${counted(count - 1, 'other')}` : ''
    const what = name === '' ? 'no contract' : `a contract that is not written: "${name}"`
    const detail = `It is told by "${contract.text}". There are ${[...contracts.keys()].join(', ') || 'none'}.`
    return invalid(`${first}${others} has ${what}`, detail, source)
  })
}

/** Faults for which there is no row, in some part of the fleet. */
function rowProblems(duties: Duties, fleet: Fleet, project: Project): readonly Diagnostic[] {
  const cases = casesOf(duties, fleet)
  const { teams } = duties.responsibility
  return raisedBy(duties, project).flatMap(({ fault, source, about }) => {
    const open = cases[about].find(({ of }) => rowOf(duties.responsibility, { ...of, fault }) === undefined)
    if (!open) return []
    const { vendor, region, contract } = open.of
    const which = [vendor && `vendor ${vendor}`, region && `region ${region}`, contract && `contract ${contract}`]
    const words = which.filter(Boolean).join(', ')
    const where = words === '' ? '' : ` (${words}; for one ${open.example})`
    const detail = `Add one to the matrix: {fault: ${fault}, team: …}; teams are ${[...teams.keys()].join(', ')}.`
    return [invalid(`The responsibility matrix has no row for the fault "${fault}"${where}`, detail, source)]
  })
}

interface Case {
  readonly of: Omit<FaultCase, 'fault'>
  readonly example: string
}

/** Every combination that there is, with a place where it is so. */
function casesOf(duties: Duties, fleet: Fleet): Readonly<Record<Raised['about'], readonly Case[]>> {
  const distinct = (all: Iterable<{ readonly device: string | null; readonly store: string }>): readonly Case[] => {
    const found = new Map<string, Case>()
    for (const place of all) {
      const { fault: _, ...of } = duties.caseOf('', place)
      const key = JSON.stringify(of)
      if (!found.has(key)) found.set(key, { of, example: place.device ?? place.store })
    }
    return [...found.values()]
  }
  const devices = [...fleet.devices.values()].map(({ name, store }) => ({ device: name, store }))
  const stores = [...fleet.stores.keys()].map((store) => ({ device: null, store }))
  return {
    device: distinct(devices),
    store: distinct(stores),
    fleet: [{ of: { vendor: '', region: '', contract: '' }, example: 'the fleet' }],
  }
}

/** Faults that become incidents: of rules, of their runbooks, and a storm of them. */
function raisedBy({ responsibility }: Duties, project: Project): readonly Raised[] {
  const { rules } = project.settings.hooks()
  const storm = rules.length === 0 ? [] : [{ fault: 'storm', source: responsibility.source, about: 'fleet' } as const]
  const all = rules.flatMap((rule) => [
    { fault: rule.fault, source: rule.faultSource, about: rule.about },
    ...classifiedBy(rule, project),
  ])
  return [...new Map([...all, ...storm].map((each) => [`${each.fault} ${each.about}`, each])).values()]
}

/** Faults that the runbook of a rule names. One that is worked out on the device falls back on that of the rule. */
function classifiedBy({ runbook }: HookRule, project: Project): readonly Raised[] {
  const file = runbook === undefined ? undefined : fileOf(project, runbook)
  if (file === undefined) return []
  const { parsed } = readYamlFile(file)
  const rows = parsed ? valueAt(parsed.value, ['classify']) : null
  if (!parsed || !Array.isArray(rows)) return []
  return rows.flatMap((row, index) => {
    const fault = isMap(row) ? row['fault'] : undefined
    if (typeof fault !== 'string' || isTemplated(fault)) return []
    return [{ fault, source: parsed.rangeAt(['classify', index, 'fault']), about: 'device' as const }]
  })
}

/** That there is no such runbook is told where rules are checked. */
function fileOf(project: Project, runbook: string): string | undefined {
  try {
    return findOwnRunbook(project, runbook)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

function invalid(summary: string, detail: string, source: SourceRange): Diagnostic {
  return { code: 'RESPONSIBILITY_INVALID', severity: 'error', summary, detail, source }
}
