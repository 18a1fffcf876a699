import { resolve } from 'node:path'
import { InputError } from '../../../core/diagnostic.ts'
import type { Device, Fleet } from '../../../core/fleet.ts'
import { runbookLabel } from '../../../core/run.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { DeviceWork } from '../../../engine/device/perform-device.ts'
import type { Project } from '../../project.ts'
import { checkStepFiles } from '../../revision/check-step-files.ts'
import { deviceDigest } from '../../revision/device-digest.ts'
import type { RepositoryModules } from '../../revision/repository-modules.ts'
import { openOwnRunbook, textParams } from '../../revision/runbooks.ts'
import { selectDevices } from '../../revision/selection.ts'
import { filesText, storeText } from '../../revision/wanted-digest.ts'
import { leftOutNames } from '../left-out.ts'
import type { Sides } from './open-sides.ts'
import { isReachedAsBefore, unreviewedStep, writtenSteps } from './paper-rules.ts'
import type { Side } from './repository-objects.ts'

/** One runbook and the devices that it holds for, as one side has it. */
interface Assigned {
  readonly label: string
  readonly runbook: Runbook
  readonly devices: readonly Device[]
}

/** What is not looked at on devices, and why. */
export interface OnPaper {
  readonly why: string
  readonly devices: number
}

/** What a merge makes another. */
export interface Difference {
  /** Devices that come, go, are another in the inventory, or have other runbooks. */
  readonly touched: readonly Device[]
  readonly inventory: { readonly added: number; readonly removed: number; readonly changed: number }
  /** By runbook, for how many devices it would be new, another, or no longer there. */
  readonly runbooks: readonly { readonly runbook: string; readonly what: RunbookChange; readonly devices: number }[]
  /** What may be looked at now: by trusted modules and scripts, on devices that are reached as before. */
  readonly work: readonly DeviceWork[]
  readonly paper: readonly OnPaper[]
  /** Of the project file or the modules, what is another and plays no part in this plan. */
  readonly notes: readonly string[]
}

export type RunbookChange = 'assigned' | 'changed' | 'device changed' | 'no longer assigned'

/**
 * What differs between what is here and what a merge would make of it. `named`: only this runbook, for all devices that it
 * targets; otherwise what is assigned. Throws InputError where the merged revision is broken.
 */
export async function differenceOf(sides: Sides, named?: NamedRunbook): Promise<Difference> {
  const missing = leftOutNote(sides)
  try {
    const difference = await worked(sides, named)
    return { ...difference, notes: [...difference.notes, ...missing] }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const [first, ...others] = error.diagnostics
    if (!first || missing.length === 0) throw error
    throw new InputError([{ ...first, detail: [first.detail, ...missing].join(' ').trim() }, ...others])
  }
}

/** Links and submodules are there in a work tree, and in no revision that is read from git's objects. */
function leftOutNote({ base, merged }: Sides): readonly string[] {
  const all = new Map([...base.leftOut, ...merged.leftOut].map((one) => [one.path, one]))
  return all.size === 0 ? [] : [`Left out, as where it is followed: ${leftOutNames([...all.values()])}.`]
}

async function worked({ base, merged }: Sides, named?: NamedRunbook): Promise<Difference> {
  const before = await assignedIn(base, base.project.modules(), named)
  const after = await assignedIn(merged, merged.project.modules(), named)
  const trusted = new Trusted(base.project.modules(), merged.project.modules())
  const changed = changedDevices(base.fleet, merged.fleet)
  const pairs = pairsOf(before, after, { changed, base, merged })
  const tally = new Tally()
  const runbooksOf = new Map<Device, Runbook[]>()
  for (const { device, assigned, was, what, isOtherHere } of pairs) {
    tally.change(assigned.label, what)
    if (what === 'no longer assigned') continue
    const found = trusted.lookAt(assigned, was, merged.project)
    const why =
      found.why(isOtherHere) ?? unreachedWhy(device, base.fleet, merged.fleet) ?? missingWhy(assigned, device, merged)
    if (why !== undefined) tally.paper(why, device)
    else if (found.runbook) runbooksOf.set(device, [...(runbooksOf.get(device) ?? []), found.runbook])
  }
  const removed = [...base.fleet.devices.values()].filter(({ name }) => !merged.fleet.devices.has(name))
  const added = [...changed.values()].filter(({ name }) => !base.fleet.devices.has(name))
  const touched = new Map(
    [...removed, ...changed.values(), ...pairs.map(({ device }) => device)].map((d) => [d.name, d]),
  )
  return {
    touched: [...touched.values()],
    inventory: { added: added.length, removed: removed.length, changed: changed.size - added.length },
    runbooks: tally.runbooks(),
    work: [...runbooksOf].map(([device, runbooks]) => ({ device, runbooks })),
    paper: tally.onPaper(),
    notes: [...trusted.notes, ...otherSettings(base.project, merged.project)],
  }
}

export interface NamedRunbook {
  readonly reference: string
  readonly params: Readonly<Record<string, string>>
}

/** What holds on one side. A runbook that only the other side has is none here. */
async function assignedIn(
  { project, fleet }: Side,
  modules: RepositoryModules,
  named?: NamedRunbook,
): Promise<readonly Assigned[]> {
  const opened: Project = { ...project, modules: () => modules }
  const wanted = named
    ? [{ runbook: named.reference, params: named.params, where: undefined }]
    : project.settings.assignments
  const found: Assigned[] = []
  for (const { runbook: name, params, where } of wanted) {
    const runbook = named ? optionalRunbook(opened, name, params) : openOwnRunbook(opened, name, params)
    if (!runbook) continue
    const selection = { where, targets: runbook.targets }
    const devices = await selectDevices(fleet, selection, { store: () => project.store(), targets: runbook.targets })
    found.push({ label: runbookLabel(runbook.name, runbook.about), runbook, devices })
  }
  return found
}

/** A file is that of the side, and not the one that lies here. */
function optionalRunbook(project: Project, reference: string, params: NamedRunbook['params']): Runbook | undefined {
  try {
    return openOwnRunbook(project, reference, params)
  } catch (error) {
    if (error instanceof InputError && error.diagnostics.every(({ code }) => code === 'RUNBOOK_UNKNOWN'))
      return undefined
    throw error
  }
}

/** Devices of the inventory after the merge that are new or another. */
function changedDevices(before: Fleet, after: Fleet): ReadonlyMap<string, Device> {
  const changed = new Map<string, Device>()
  for (const device of after.devices.values()) {
    const was = before.devices.get(device.name)
    if (!was || deviceDigest(was) !== deviceDigest(device)) changed.set(device.name, device)
  }
  return changed
}

interface Pair {
  readonly device: Device
  readonly assigned: Assigned
  /** The same runbook before, for the same device. */
  readonly was: Runbook | undefined
  readonly what: RunbookChange
  /** What it works with on the device is another: what the inventory says, or the files that the device gets. */
  readonly isOtherHere: boolean
}

function pairsOf(
  before: readonly Assigned[],
  after: readonly Assigned[],
  {
    changed,
    base,
    merged,
  }: { readonly changed: ReadonlyMap<string, Device>; readonly base: Side; readonly merged: Side },
): readonly Pair[] {
  const was = byDevice(before)
  const is = byDevice(after)
  const now = eachDevice(after).flatMap(({ device, assigned }): readonly Pair[] => {
    const runbook = was.get(device.name)?.get(assigned.label)
    const old = base.fleet.devices.get(device.name)
    const differs = (text: (of: Runbook, on: Device, side: Side) => string): boolean =>
      runbook !== undefined && old !== undefined && text(runbook, old, base) !== text(assigned.runbook, device, merged)
    const isOtherStore = differs((of, on, { fleet }) => storeText(of, on, fleet))
    const hasOtherFiles = differs(filesText)
    const isChanged = changed.has(device.name) || isOtherStore
    const what = hasOtherFiles ? 'changed' : whatIsAnother(runbook, assigned.runbook, isChanged)
    const isOtherHere = isChanged || hasOtherFiles
    return what === undefined ? [] : [{ device, assigned, was: runbook, what, isOtherHere }]
  })
  const gone = eachDevice(before)
    .filter(({ device, assigned }) => !is.get(device.name)?.has(assigned.label))
    .map(
      ({ device, assigned }): Pair => ({
        device,
        assigned,
        was: assigned.runbook,
        what: 'no longer assigned',
        isOtherHere: false,
      }),
    )
  return [...now, ...gone]
}

function eachDevice(all: readonly Assigned[]) {
  return all.flatMap((assigned) => assigned.devices.map((device) => ({ device, assigned })))
}

function whatIsAnother(was: Runbook | undefined, is: Runbook, isChanged: boolean): RunbookChange | undefined {
  if (was === undefined) return 'assigned'
  if (was.digest !== is.digest) return 'changed'
  return isChanged ? 'device changed' : undefined
}

function byDevice(all: readonly Assigned[]): ReadonlyMap<string, ReadonlyMap<string, Runbook>> {
  const found = new Map<string, Map<string, Runbook>>()
  for (const { label, runbook, devices } of all)
    for (const { name } of devices) found.set(name, (found.get(name) ?? new Map()).set(label, runbook))
  return found
}

/** What of a runbook may be looked at. */
interface Looked {
  /** By the modules that are here; absent where it stays on paper for all devices. */
  readonly runbook?: Runbook
  /** Why it stays on paper for a device. */
  why(isChanged: boolean): string | undefined
}

/** What may be looked at by the modules that are here. */
class Trusted {
  readonly #modules: RepositoryModules
  readonly #names: ReadonlySet<string>
  readonly #differing: ReadonlySet<string>
  readonly #own: ReadonlySet<string>
  readonly #seen = new Map<string, Looked>()

  constructor(modules: RepositoryModules, merged: RepositoryModules) {
    const digestsOf = ({ all }: RepositoryModules) => new Map(all.map(({ name, digest = 'shipped' }) => [name, digest]))
    const [here, there] = [digestsOf(modules), digestsOf(merged)]
    this.#modules = modules
    this.#names = new Set([...here.keys(), ...there.keys()])
    this.#differing = new Set([...this.#names].filter((name) => here.get(name) !== there.get(name)))
    this.#own = new Set(modules.own.map(({ name }) => name))
  }

  get notes(): readonly string[] {
    return [...this.#differing].sort().map((name) => `Module "${name}" is another; what uses it stays on paper.`)
  }

  /** `was`: the same runbook as it is here. */
  lookAt(assigned: Assigned, was: Runbook | undefined, project: Project): Looked {
    const key = `${assigned.label} ${assigned.runbook.digest} ${was?.digest}`
    const looked = this.#seen.get(key) ?? this.#judge(assigned, was, project)
    this.#seen.set(key, looked)
    return looked
  }

  #judge({ label, runbook }: Assigned, was: Runbook | undefined, project: Project): Looked {
    const written = writtenSteps(runbook.file, this.#names)
    const module = written.find((step) => this.#differing.has(step.module))?.module
    if (module !== undefined)
      return { why: () => `${label}: module "${module}" is another there, and only what is here runs` }
    const reviewed = new Set((was ? writtenSteps(was.file, this.#names) : []).map(({ text }) => text))
    const isSame = was !== undefined && JSON.stringify(was.params) === JSON.stringify(runbook.params)
    const why: Looked['why'] = (isChanged) => {
      const step = unreviewedStep(written, reviewed, { own: this.#own, isSame: isSame && !isChanged })
      return step && `${label}: nobody reviewed what a step "${step.module}" would run or read there`
    }
    const opened = { ...project, modules: () => this.#modules }
    return { runbook: openOwnRunbook(opened, resolve(runbook.file), textParams(runbook.params)), why }
  }
}

function unreachedWhy(device: Device, before: Fleet, after: Fleet): string | undefined {
  if (!before.devices.has(device.name)) return 'new in the inventory: nobody logs in where nobody reviewed the address'
  if (isReachedAsBefore(device, before, after)) return undefined
  return 'reached in another way there: nobody logs in by what nobody reviewed'
}

/** A file that a device would get may be in the work tree, and not in git itself. */
function missingWhy({ label, runbook }: Assigned, device: Device, merged: Side): string | undefined {
  const [missing] = checkStepFiles(merged, [{ device, runbooks: [runbook] }])
  return missing && `${label}: ${missing.summary}`
}

/** Of the project file, what matters later and not here. */
function otherSettings(before: Project, after: Project): readonly string[] {
  const differs = (of: (project: Project) => unknown): boolean =>
    JSON.stringify(of(before)) !== JSON.stringify(of(after))
  const notes: string[] = []
  if (differs(({ settings }) => settings.secrets))
    notes.push('Commands that tell secrets are others; none of them is run.')
  if (differs(({ settings }) => [...settings.policies])) notes.push('Policies are others.')
  if (differs(({ settings }) => settings.hooks())) notes.push('Hooks are others.')
  if (differs(({ settings }) => settings.plans ?? null)) notes.push('It is another whose signature plans need.')
  return notes
}

class Tally {
  readonly #runbooks = new Map<string, number>()
  readonly #paper = new Map<string, Set<string>>()

  change(runbook: string, what: RunbookChange): void {
    const key = JSON.stringify([runbook, what])
    this.#runbooks.set(key, (this.#runbooks.get(key) ?? 0) + 1)
  }

  paper(why: string, { name }: Device): void {
    this.#paper.set(why, (this.#paper.get(why) ?? new Set()).add(name))
  }

  runbooks(): Difference['runbooks'] {
    return [...this.#runbooks].map(([key, devices]) => {
      const [runbook, what] = JSON.parse(key) as [string, RunbookChange]
      return { runbook, what, devices }
    })
  }

  onPaper(): readonly OnPaper[] {
    return [...this.#paper].map(([why, { size: devices }]) => ({ why, devices })).sort((a, b) => b.devices - a.devices)
  }
}
