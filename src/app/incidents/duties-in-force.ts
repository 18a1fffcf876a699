import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { suggest } from '../../lang/suggest.ts'
import type { Project } from '../project.ts'
import { openDuties } from './check-duties.ts'
import type { Duties } from './duties.ts'

/** The matrix of a repository. Throws InputError with everything that it leaves open. */
export function dutiesOf(project: Project, fleet: Fleet): Duties | undefined {
  const { duties, diagnostics } = openDuties(project, fleet)
  if (diagnostics.length > 0) throw new InputError(diagnostics)
  return duties
}

/** That nobody is responsible for a fault, with the nearest that somebody is. */
export function noRow({ responsibility }: Duties, fault: string): InputError {
  const faults = [...new Set(responsibility.rows.flatMap((row) => row.faults))]
  const near = suggest(fault, faults)
  const summary = `The responsibility matrix has no row for the fault "${fault}" there`
  const detail = `It knows ${faults.join(', ')}. See \`till incidents who\`.`
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  return new InputError([{ code: 'RESPONSIBILITY_INVALID', severity: 'error', summary, detail, ...hint }])
}
