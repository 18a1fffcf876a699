import type { Device, Fleet } from '../../core/fleet.ts'
import type { HookSettings, SilenceSettings, SystemSettings } from '../../core/hook-rule.ts'
import type { Silencing } from '../../hooks/systems/system.ts'
import { selectorScope } from '../../lang/expression.ts'
import { openSystem } from '../hooks/open-systems.ts'
import type { Project } from '../project.ts'

/** By what a system knows the alerts, or the host, of a device. */
export type SilenceNames =
  | { readonly ok: true; readonly matchers: Readonly<Record<string, string>>; readonly hosts: readonly string[] }
  | { readonly ok: false; readonly why: string }

/** A system in which Tillwright makes silences of its own. */
export interface Silencer {
  readonly source: SystemSettings['source']
  readonly silencing: Silencing
  readonly lastsMs: number
  namesOf(device: Device): SilenceNames
}

/** Systems of the repository that are to be silenced while devices are worked on; those whose token cannot be read are told. */
export async function openSilencers(
  project: Project,
  fleet: Fleet,
  warn: (text: string) => void,
): Promise<readonly Silencer[]> {
  // A sandbox has devices of the same names as the real ones, of which monitoring goes on to tell.
  if (project.isSandbox) return []
  const { systems, hostnames } = project.settings.hooks()
  const opened = systems.map(async (settings): Promise<readonly Silencer[]> => {
    const { source, silence } = settings
    if (!silence) return []
    const system = await openSystem(project, settings)
    if ('why' in system) {
      warn(`No silence is made: ${system.why}`)
      return []
    }
    const { silencing } = system
    return [
      {
        source,
        silencing,
        lastsMs: silence.lastsMs,
        namesOf: (device) => namesOf(device, { fleet, silence, hostnames }),
      },
    ]
  })
  return (await Promise.all(opened)).flat()
}

/** What a device has no value for is not silenced: an alert without that label would be silenced everywhere. */
function namesOf(
  device: Device,
  of: { readonly fleet: Fleet; readonly silence: SilenceSettings; readonly hostnames: HookSettings['hostnames'] },
): SilenceNames {
  const scope = selectorScope(of.fleet, device)
  const hosts = of.hostnames.flatMap((expression) => {
    const answer = expression.evaluate(scope)
    return answer.ok && typeof answer.value === 'string' ? [answer.value] : []
  })
  const matchers: Record<string, string> = {}
  for (const { label, value } of of.silence.matchers) {
    const answer = value.evaluate(scope)
    const text = answer.ok && (typeof answer.value === 'string' || typeof answer.value === 'number') ? answer.value : ''
    if (text === '') return { ok: false, why: `the device has no value for the label ${label} of silence.matchers` }
    matchers[label] = String(text)
  }
  if (of.silence.matchers.length === 0) matchers['device'] = device.name
  return { ok: true, matchers, hosts: [device.name, ...hosts] }
}
