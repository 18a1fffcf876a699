import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CarriedSteps } from '../../../core/carried.ts'
import { type Diagnostic, InputError, inputError } from '../../../core/diagnostic.ts'
import type { Device, Fleet } from '../../../core/fleet.ts'
import type { KeptRun } from '../../../core/kept-run.ts'
import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { PlannedDevice } from '../../../core/plan.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { UnfinishedRun } from '../../../core/unfinished-run.ts'
import type { DeviceWork } from '../../../engine/device/perform-device.ts'
import { makePrivateFolder } from '../../../files/private.ts'
import type { Project } from '../../project.ts'
import { openModules, type RepositoryModules } from '../../revision/repository-modules.ts'
import { openRunbook, referenceTo } from '../../revision/runbooks.ts'
import { boundBy, boundDigest } from '../../revision/wanted-digest.ts'
import type { PlannedWork } from '../run-request.ts'
import { KEPT_VERSIONS, type KeptDevice, type KeptOrder, PLAN_FILE } from './keep-work.ts'

/** What is left of a run, as it was kept. */
export interface KeptWork extends PlannedWork {
  readonly order: KeptOrder
  readonly opened: readonly Runbook[]
  /** Removes what was written for it. */
  close(): void
}

/**
 * Makes again what a run was made from, in a folder of its own, and the work that is left of it. A device of which the
 * inventory says something else by now is not worked on. Throws InputError where the run cannot be carried on.
 */
export function openWork(
  kept: KeptRun,
  unfinished: UnfinishedRun,
  here: {
    readonly project: Project
    readonly fleet: Fleet
    readonly run: string
    /** What it is to take back of a device, where it takes another run back. */
    readonly undoesOf?: ((device: string) => CarriedSteps) | undefined
  },
): KeptWork {
  refuseExpired(orderOf(kept, here.run), here.run)
  const opened = openKept(kept, { ...here, folder: join(here.project.root, '.till', 'resumed', here.run) })
  const { order, project, runbooks, close } = opened
  try {
    const work = leftWork({ ...here, project, order, runbooks, unfinished, planned: plannedOf(kept) })
    return { project, fleet: here.fleet, work, runbooks: runbooks.map(referenceTo), opened: runbooks, order, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Runbooks and modules of a run, made again from what was kept. */
export interface KeptRevision {
  readonly order: KeptOrder
  /** The repository that is here, but for the runbooks and modules of the run. */
  readonly project: Project
  readonly runbooks: readonly Runbook[]
  /** The files that devices get (`filesDigest`), by name; absent for none. */
  readonly filesOf: ReadonlyMap<string, string>
  /** Removes what was written for it. */
  close(): void
}

/** Makes them in a folder of their own. Throws InputError where what was kept is not whole. */
export function openKept(
  kept: KeptRun,
  here: { readonly project: Project; readonly run: string; readonly folder: string },
): KeptRevision {
  const { folder, run } = here
  const order = orderOf(kept, run)
  const close = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    writeFiles(folder, kept.files)
    const project = projectOf(here.project, folder)
    const runbooks = order.runbooks.map(({ file, params, digest }) => {
      const runbook = openRunbook(project, join(folder, file), params)
      if (runbook.digest !== digest) throw notKept(run, `What was kept of runbook "${runbook.name}" is not whole.`)
      return runbook
    })
    const devices = order.groups.flatMap((group) => group.devices)
    const filesOf = new Map(devices.flatMap(([name, , , , files]) => (files === undefined ? [] : [[name, files]])))
    return { order, project, runbooks, filesOf, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Why a run cannot be carried on. */
export function notKept(run: string, why: string): InputError {
  return inputError(
    'RUN_NOT_KEPT',
    `Run "${run}" cannot be resumed`,
    `${why} Apply its runbook again: what is done is in sync. Its devices: --from-run ${run}:cancelled.`,
  )
}

function orderOf({ order }: KeptRun, run: string): KeptOrder {
  const { version, till } = order as unknown as KeptOrder
  if (Object.values(KEPT_VERSIONS).includes(version)) return order as unknown as KeptOrder
  throw notKept(run, `It was begun by Tillwright ${till}, which keeps runs in another form.`)
}

function refuseExpired({ plan }: KeptOrder, run: string): void {
  if (plan?.expires_at === undefined || Date.parse(plan.expires_at) > Date.now()) return
  const summary = `The plan that run "${run}" applies was to be applied until ${plan.expires_at}`
  const detail = `What is left is planned anew: till plan RUNBOOK --from-run ${run}:cancelled --output plan.json`
  const expired: Diagnostic = { code: 'PLAN_EXPIRED', severity: 'error', summary, detail }
  throw new InputError([expired])
}

function writeFiles(folder: string, files: KeptRun['files']): void {
  rmSync(folder, { recursive: true, force: true })
  makePrivateFolder(folder)
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o600 })
  }
}

/** The repository as it is now, but for the modules that the run had. */
function projectOf(project: Project, folder: string): Project {
  const paths = { ...project.paths, modules: join(folder, 'modules'), runbooks: join(folder, 'runbooks') }
  let modules: RepositoryModules | undefined
  return {
    ...project,
    paths,
    modules() {
      modules ??= openModules(paths.modules)
      return modules
    },
  }
}

function plannedOf({ files }: KeptRun): ReadonlyMap<string, PlannedDevice> {
  const devices = JSON.parse(files[PLAN_FILE] ?? '[]') as readonly PlannedDevice[]
  return new Map(devices.map((planned) => [planned.device, planned]))
}

function leftWork(of: {
  readonly project: Project
  readonly fleet: Fleet
  readonly run: string
  readonly order: KeptOrder
  readonly runbooks: readonly Runbook[]
  readonly unfinished: UnfinishedRun
  readonly planned: ReadonlyMap<string, PlannedDevice>
  readonly undoesOf?: ((device: string) => CarriedSteps) | undefined
}): readonly DeviceWork[] {
  const known = new Map<string, { readonly device: KeptDevice; readonly runbooks: readonly Runbook[] }>()
  for (const group of of.order.groups) {
    const runbooks = group.runbooks.flatMap((index) => of.runbooks[index] ?? [])
    for (const device of group.devices) known.set(device[0], { device, runbooks })
  }
  const bound = boundBy(of)
  return of.unfinished.left.map(({ device: name, wave, attempt, carried }): DeviceWork => {
    const kept = known.get(name)
    if (!kept) throw notKept(of.run, `Nothing was kept of what it was to do on "${name}".`)
    const device = of.fleet.devices.get(name)
    const planned = of.planned.get(name)
    const undoes = of.undoesOf?.(name)
    const more = { ...(carried && { carried }), ...(planned && { planned }), ...(undoes && { undoes }) }
    const common = { runbooks: kept.runbooks, wave, attempt, ...more }
    if (device && boundDigest(kept.runbooks, device, bound) === kept.device[1]) return { ...common, device }
    return { ...common, device: device ?? goneDevice(kept.device), refused: moved(name, device !== undefined) }
  })
}

/** As much of a device that is no longer in the inventory as its end needs. */
function goneDevice([name, , region, kind]: KeptDevice): Device {
  const [store = name] = name.split('/')
  return {
    name,
    store,
    region,
    kind,
    vars: {},
    transport: { type: 'none' },
    os: { family: 'none' },
  } as unknown as Device
}

function moved(name: string, exists: boolean): DeviceOutcome {
  const what = exists
    ? `What the inventory says of "${name}" or its store, or a file that it gets, is not what it was when the run began.`
    : `"${name}" is no longer in the inventory.`
  const message = `${what} Nothing more was changed on it.`
  return { state: 'failed', failure: { code: 'RUN_MOVED', phase: 'resolve', message } }
}
