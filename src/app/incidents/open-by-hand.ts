import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Incident } from '../../core/incident.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import { suggest } from '../../lang/suggest.ts'
import type { Project } from '../project.ts'
import { workingFleet } from '../revision/targets.ts'
import { deviceNamed } from '../safety/device-named.ts'
import { dutiesOf, noRow } from './duties-in-force.ts'
import { incidentOpening } from './incident-opening.ts'

interface HandCall {
  readonly title: string
  readonly fault: string
  readonly severity: string
  readonly device: string | undefined
  readonly store: string | undefined
  readonly by: string
}

/** Opens an incident that somebody tells of. Throws InputError where there is no such device or store. */
export async function openByHand(
  project: Project,
  { store, sandbox }: { readonly store: IncidentStore; readonly sandbox: boolean },
  call: HandCall,
): Promise<Incident> {
  const fleet = await workingFleet(project, { sandbox })
  const { device = null, store: place = null, fault } = call
  if (device !== null) deviceNamed(fleet, device)
  if (place !== null && !fleet.stores.has(place)) throw unknownStore(fleet, place)
  const key = JSON.stringify(['hand', fault, device ?? place])
  const duties = dutiesOf(project, fleet)
  const opening = incidentOpening({ fleet, duties }, { ...call, key, origin: 'hand', device, store: place })
  if (duties && opening.team === null) throw noRow(duties, fault)
  return (await store.open(opening, new Date())).incident
}

function unknownStore(fleet: Fleet, name: string): InputError {
  const near = suggest(name, fleet.stores.keys())
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  const summary = `There is no store "${name}"`
  return new InputError([
    { code: 'USAGE_INVALID', severity: 'error', summary, detail: 'See `till inventory list`.', ...hint },
  ])
}
