import { usageError } from '../../core/diagnostic.ts'
import type { ServiceTerms } from '../../core/incident.ts'
import type { ResponsibilityRow } from '../../core/responsibility.ts'
import type { Project } from '../project.ts'
import { workingFleet } from '../revision/targets.ts'
import { deviceNamed } from '../safety/device-named.ts'
import { dutiesOf, noRow } from './duties-in-force.ts'

/** Who is responsible for a fault of a device, and why. */
export interface Who {
  readonly device: string
  readonly fault: string
  readonly vendor: string
  readonly region: string
  readonly contract: string | null
  readonly team: string
  readonly partner: string | null
  readonly steps: readonly string[]
  readonly limits_ms: ServiceTerms['limits_ms']
  readonly row: { readonly file: string; readonly line: number }
  /** Rows before it, and why each is not the one. */
  readonly passed: readonly { readonly file: string; readonly line: number; readonly why: string }[]
}

/** Throws InputError where there is no such device, no matrix, or no row. */
export async function whoIs(
  project: Project,
  { device: name, fault, sandbox }: { readonly device: string; readonly fault: string; readonly sandbox: boolean },
): Promise<Who> {
  const fleet = await workingFleet(project, { sandbox })
  const device = deviceNamed(fleet, name)
  const duties = dutiesOf(project, fleet)
  if (!duties) {
    const summary = 'The repository does not say who is responsible'
    const detail = 'Write `responsibility` in tillwright.yaml.'
    throw usageError(summary, detail)
  }
  const place = { device: name, store: device.store }
  const { row, vendor, region, partner, terms } = duties.find(fault, place, new Date())
  if (!row) throw noRow(duties, fault)
  const passed = duties.considered(duties.caseOf(fault, place)).flatMap(({ row: other, miss }) => {
    return miss === null ? [] : [{ ...placeOf(other), why: miss }]
  })
  const { team, steps } = row
  const { contract, limits_ms } = terms
  return { device: name, fault, vendor, region, contract, team, partner, steps, limits_ms, row: placeOf(row), passed }
}

function placeOf({ source: { file, line } }: ResponsibilityRow): { readonly file: string; readonly line: number } {
  return { file, line }
}
