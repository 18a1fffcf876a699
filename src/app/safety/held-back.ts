import { counted } from '../../core/counted.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { Warning } from '../../core/warning.ts'
import { warningText } from '../../engine/admission/rules/warnings.ts'
import { shownLength, shownTime } from '../../engine/admission/shown-time.ts'
import { hereFlag, type Project } from '../project.ts'
import { compiledFor, policyOf, purposeOf, wavesOf } from './policy-in-force.ts'
import { explainer, type Why } from './why.ts'

/** Of devices that would be changed: how many may not be now, by what; empty where all may. Lines for people. */
export async function heldBackText(
  project: Project,
  runbooks: readonly Runbook[],
  devices: ReadonlySet<string>,
): Promise<string> {
  // Where nothing differs, nothing is held back, and no fleet has to be loaded to say so.
  if (devices.size === 0) return ''
  const fleet = await project.fleet()
  const explain = await explainer(project, { runbooks })
  const all = [...devices].flatMap((name) => fleet.devices.get(name) ?? []).map(explain)
  const held = all.filter(({ reasons }) => reasons.length > 0)
  const [first] = held
  if (first === undefined) return ''
  const counts = new Map<string, number>()
  for (const { reasons } of held) {
    for (const by of new Set(reasons.map(({ by }) => by))) counts.set(by, (counts.get(by) ?? 0) + 1)
  }
  const told = [...counts].sort((a, b) => b[1] - a[1]).map(([by, count]) => `${by} (${count})`)
  const who = `${held.length} of ${all.length} devices that differ may not be changed now`
  return `${who}: ${told.slice(0, MOST).join(', ')}.${whenText(held, fleet)}\n  → till why ${first.device.name}${hereFlag(project)}\n`
}

/** How a run goes by its waves (`goOn`: it does not pause), and of which classes of devices the first one has none; empty where all are one wave. */
export function wavesText(
  project: Project,
  runbooks: readonly Runbook[],
  of: { readonly devices: readonly Device[]; readonly goOn?: boolean | undefined },
): string {
  const { devices, goOn = false } = of
  const policy = policyOf(project, runbooks)
  const rules = policy[purposeOf(runbooks)]
  const { waves, classes, unclassified } = wavesOf(devices, rules, runbooks)
  if (waves.length < 2 || rules.waves === undefined) return ''
  const missing = classes
    .filter(({ inCanary }) => inCanary === 0)
    .map(({ class: name, devices: count }) => `${name} (${count})`)
  if (unclassified > 0) missing.push(`devices of which the system's version is not known (${unclassified})`)
  const stores = new Map(devices.map(({ name, store }) => [name, store]))
  const sizes = waves.map((wave) => {
    const count = new Set(wave.map((device) => stores.get(device))).size
    return `${counted(count, 'store')} (${wave.length})`
  })
  const { soakMs, pause } = rules.waves
  const watched = soakMs === 0 ? '' : `, each watched for ${shownLength(soakMs)}`
  const says = !goOn && (pause === 'always' || (pause === 'terminal' && process.stdout.isTTY === true))
  const paused = says ? '; behind the first somebody says that it goes on (till approve)' : ''
  const from = project.settings.hasPolicies ? '' : ', which comes with Tillwright'
  const shown = sizes.length > MOST ? [...sizes.slice(0, MOST), `${sizes.length - MOST} more waves`] : sizes
  const text = `Policy ${policy.name}${from}: ${shown.join(', then ')}${watched}${paused}.\n`
  return missing.length === 0 ? text : `${text}The first wave has none of: ${missing.slice(0, MOST).join(', ')}.\n`
}

const MOST = 6

/** What people at devices that would be changed are told before; empty where nobody is warned. */
export async function warningsText(
  project: Project,
  runbooks: readonly Runbook[],
  devices: ReadonlySet<string>,
): Promise<string> {
  const purpose = purposeOf(runbooks)
  const policy = policyOf(project, runbooks)
  if (devices.size === 0 || policy[purpose].warnings === undefined) return ''
  const compiled = compiledFor(project, await project.fleet(), policy)
  const counts = new Map<Warning, number>()
  for (const device of devices) {
    for (const warning of compiled.warningsOf(device, purpose)) counts.set(warning, (counts.get(warning) ?? 0) + 1)
  }
  const lines = [...counts].map(
    ([warning, count]) => `${counted(count, 'device')}: ${warningText(warning)}, before it is changed.\n`,
  )
  return lines.join('')
}

/** The earliest time at which one of them may, by the clocks of its store. */
function whenText(held: readonly Why[], fleet: Fleet): string {
  const [first] = held
    .flatMap(({ at, device }) => (at === undefined ? [] : [{ at, device }]))
    .sort((a, b) => a.at - b.at)
  if (first === undefined) return ''
  const zone = fleet.stores.get(first.device.store)?.time_zone ?? 'UTC'
  return ` ${held.length === 1 ? 'It' : 'The first of them'} may at ${shownTime(first.at, zone)}.`
}
