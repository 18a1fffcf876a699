import { relative } from 'node:path'
import type { RunbookReference } from '../../../core/events.ts'
import type { Runbook } from '../../../core/runbook.ts'
import { deviceDigest } from '../../revision/device-digest.ts'
import { runbookOfRun } from '../../revision/runbook-of-run.ts'
import { openOwnRunbook } from '../../revision/runbooks.ts'
import { filesText, storeText } from '../../revision/wanted-digest.ts'
import type { Side } from '../preview/repository-objects.ts'

/** A runbook as two runs had it, and a device that it is for. */
export interface Wish {
  readonly device: string
  readonly before: RunbookReference
  readonly after: RunbookReference
}

const runbooks = new WeakMap<Side, Map<string, Runbook | undefined>>()

/** The runbook of a run at the revision that it had; undefined where it is not in it. */
export function runbookAt(side: Side, reference: RunbookReference): Runbook | undefined {
  const known = runbooks.get(side) ?? new Map<string, Runbook | undefined>()
  runbooks.set(side, known)
  const key = JSON.stringify([reference.name, reference.digest, reference.given])
  if (!known.has(key)) {
    const found = runbookOfRun(side.project, reference)
    known.set(key, found === 'another' ? undefined : found)
  }
  return known.get(key)
}

/**
 * Files, from the project's folder, by which a runbook wants something else of a device at `is` than it did at `was`: those that say
 * so, or that the device gets. Empty where it wants the same; undefined where that is not known.
 */
export function whatDiffers(was: Side, is: Side, { device, before, after }: Wish): readonly string[] | undefined {
  const [old, now] = [was.fleet.devices.get(device), is.fleet.devices.get(device)]
  const isOther = before.digest !== after.digest
  const files = isOther ? [...filesOfRunbook(is, after.name)] : []
  if (!old || !now) return [...files, ...filesOfDevice(is, device)]
  if (deviceDigest(old) !== deviceDigest(now)) files.push(...filesOfDevice(is, device))
  const [own, other] = [runbookAt(was, before), runbookAt(is, after)]
  if (!own || !other) return files.length > 0 ? files : undefined
  if (storeText(own, old, was.fleet) !== storeText(other, now, is.fleet)) {
    const source = is.fleet.stores.get(now.store)?.source.file
    files.push(...(source === undefined ? [] : [relative(is.project.root, source)]), ...filesOfDevice(is, device))
  }
  files.push(...otherLines(filesText(own, old, was), filesText(other, now, is)))
  return [...new Set(files)]
}

/** Paths of the lines `PATH DIGEST` that only one of two texts has. */
function otherLines(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const other = [...old.filter((line) => !now.includes(line)), ...now.filter((line) => !old.includes(line))]
  return other.map((line) => line.slice(0, line.lastIndexOf(' ')))
}

/** The files that say something of a device, from the project's folder. */
function filesOfDevice({ project, fleet }: Side, device: string): readonly string[] {
  const files = new Set<string>()
  for (const { source } of fleet.explain(device).values()) if (source) files.add(relative(project.root, source.file))
  return files.size > 0 ? [...files] : [relative(project.root, project.paths.inventory)]
}

function filesOfRunbook({ project }: Side, name: string): readonly string[] {
  const modules = relative(project.root, project.paths.modules)
  for (const { runbook: reference, params } of project.settings.assignments) {
    const runbook = openOwnRunbook(project, reference, params)
    if (runbook.name === name) return [relative(project.root, runbook.file), modules, 'tillwright.yaml']
  }
  return [relative(project.root, project.paths.runbooks), modules, 'tillwright.yaml']
}
