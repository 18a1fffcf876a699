import type { Runbook } from '../../core/runbook.ts'
import type { Project } from '../project.ts'
import { explainer, type Why } from './why.ts'

/** Of devices that would be changed: how many may not be now, by what; empty where all may. Lines for people. */
export async function heldBackText(
  project: Project,
  runbooks: readonly Runbook[],
  devices: Iterable<string>,
): Promise<string> {
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
  return `${who}: ${told.slice(0, MOST).join(', ')}.${whenText(held)}\n  → till why ${first.device.name}\n`
}

const MOST = 6

/** The earliest time at which one of them may. */
function whenText(held: readonly Why[]): string {
  const times = held.flatMap(({ at }) => (at === undefined ? [] : [at]))
  return times.length === 0 ? '' : ` The first of them may at ${new Date(Math.min(...times)).toISOString()}.`
}
