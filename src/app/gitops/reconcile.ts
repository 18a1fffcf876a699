import {
  type AssignmentMemory,
  type AssignmentMode,
  isContested,
  isDue,
  type Mends,
  mended,
  wouldContest,
} from '../../core/assignment-schedule.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { foldRun } from '../../core/fold-run.ts'
import { EXIT, type StepState, worseExitCode } from '../../core/outcome.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import type { Project } from '../project.ts'
import { openRunbook, referenceTo } from '../revision/runbooks.ts'
import { selectDevices } from '../revision/selection.ts'
import type { RunOptions, RunStarter } from '../run/run-request.ts'
import { type AssignmentMemories, editMemories, type Taken, takeAssignments } from './assignment-memory.ts'

type Assignment = Project['settings']['assignments'][number]

/** How a pass is made. */
export interface ReconcileOptions {
  readonly fleet: Fleet
  readonly revision: string | undefined
  readonly now: () => Date
  readonly start: RunStarter
  /** Nothing is mended, whatever assignments say. */
  readonly reportOnly: boolean
  /** Go through all, due or not; suspended ones stay so. */
  readonly all: boolean
  readonly reporters: NonNullable<RunOptions['reporters']>
  readonly parallel?: number | undefined
  readonly workers?: RunOptions['workers']
}

/** A run of a pass. */
export interface ReconcileRun {
  readonly run: string
  readonly mode: 'drift' | 'apply'
  readonly assignments: readonly string[]
  readonly devices: number
  readonly counts: Readonly<Record<string, number>>
  readonly exit_code: number
}

/** What a pass found and did. */
export interface Reconciled {
  readonly runs: readonly ReconcileRun[]
  /** Neither due nor gone through. */
  readonly waiting: readonly string[]
  readonly suspended: readonly string[]
  /** Devices that differ and wait for a person, by assignment: its mode is ask. */
  readonly asked: readonly { readonly assignment: string; readonly device: string }[]
  /** Devices that something else changes back: told, and no longer mended. */
  readonly contested: readonly { readonly assignment: string; readonly device: string; readonly since: string }[]
  readonly exitCode: number
}

/** An assignment that is gone through now, opened. */
interface Open {
  readonly assignment: Assignment
  readonly runbook: Runbook
  readonly mode: AssignmentMode
  readonly devices: readonly Device[]
}

/**
 * One pass over the assignments that are due: looks at all their devices, and mends where the mode says so. Devices of
 * one mode are visited once, for all of their runbooks. What was done is remembered after each run. What another machine that
 * shares the memory goes through now is its own.
 */
export async function reconcile(project: Project, options: ReconcileOptions): Promise<Reconciled> {
  const { assignments } = project.settings
  const taken = await takeAssignments(project, (memories) =>
    assignments.filter((one) => shouldGo(one, memories[one.name], options)).map(({ name }) => name),
  )
  try {
    return await goOver(project, taken, options)
  } finally {
    await taken.leave()
  }
}

async function goOver(project: Project, { memories, names }: Taken, options: ReconcileOptions): Promise<Reconciled> {
  const { assignments } = project.settings
  const suspended = assignments.filter(({ name }) => memories[name]?.suspended)
  const due = assignments.filter(({ name }) => names.has(name))
  const opened = await Promise.all(due.map((one) => open(project, one, options)))
  const now = options.now()
  const looks: Part[] = []
  const mends: Part[] = []
  for (const one of opened) {
    if (one.mode !== 'mend') looks.push(one)
    else {
      const fought = one.devices.filter((device) => !isLeft(memories[one.assignment.name], one, device, now))
      const left = one.devices.filter((device) => !fought.includes(device))
      mends.push({ ...one, devices: fought })
      if (left.length > 0) looks.push({ ...one, devices: left })
    }
  }
  const runs: ReconcileRun[] = []
  const notes = new Notes(memories)
  for (const [mode, parts] of [
    ['apply', mends],
    ['drift', looks],
  ] as const) {
    const run = await goThrough(project, { mode, parts }, options)
    if (run === undefined) continue
    runs.push(run)
    await notes.take(project, { run, parts, now: options.now() })
  }
  await notes.settle(project, opened, { runs, now: options.now() })
  return {
    runs,
    waiting: assignments.filter(({ name }) => !names.has(name) && !memories[name]?.suspended).map(({ name }) => name),
    suspended: suspended.map(({ name }) => name),
    asked: notes.asked,
    contested: notes.contested,
    exitCode: runs.reduce((code, run) => worseExitCode(code, run.exit_code), EXIT.ok as number),
  }
}

type Part = Omit<Open, 'mode'> & { readonly mode: AssignmentMode }

function shouldGo(one: Assignment, memory: AssignmentMemory | undefined, { all, now }: ReconcileOptions): boolean {
  return all ? memory?.suspended === undefined : isDue(one.name, one.everyMs, memory, now().getTime())
}

async function open(project: Project, assignment: Assignment, { fleet, reportOnly }: ReconcileOptions): Promise<Open> {
  const runbook = openRunbook(project, assignment.runbook, assignment.params)
  const { store } = project
  const devices = await selectDevices(fleet, { where: assignment.where }, { store, targets: runbook.targets })
  return { assignment, runbook, mode: reportOnly ? 'report' : assignment.mode, devices }
}

function isLeft(memory: AssignmentMemory | undefined, { runbook }: Open, device: Device, now: Date): boolean {
  const mends = memory?.mends?.[device.name]
  return isContested(mends, runbook.digest) || wouldContest(mends, runbook.digest, now.getTime())
}

async function goThrough(
  project: Project,
  { mode, parts }: { readonly mode: 'apply' | 'drift'; readonly parts: readonly Part[] },
  options: ReconcileOptions,
): Promise<ReconcileRun | undefined> {
  const runbooksOf = new Map<Device, Runbook[]>()
  for (const { runbook, devices } of parts)
    for (const device of devices) runbooksOf.set(device, [...(runbooksOf.get(device) ?? []), runbook])
  const work: DeviceWork[] = [...runbooksOf].map(([device, runbooks]) => ({ device, runbooks }))
  if (work.length === 0) return undefined
  const working = parts.filter(({ devices }) => devices.length > 0)
  const { exitCode, counts, run } = await options.start({
    mode,
    // What is followed was verified; a folder as it lies here was not.
    origin: options.revision === undefined ? undefined : 'schedule',
    project,
    fleet: options.fleet,
    work,
    runbooks: working.map(({ runbook }) => referenceTo(runbook)),
    reporters: options.reporters,
    parallel: options.parallel,
    workers: options.workers,
    revision: options.revision,
  })
  const assignments = working.map(({ assignment }) => assignment.name)
  return { run, mode, assignments, devices: work.length, counts, exit_code: exitCode }
}

/** What runs found, and what is to be remembered of it. */
class Notes {
  readonly asked: Reconciled['asked'][number][] = []
  readonly contested: Reconciled['contested'][number][] = []
  readonly #before: AssignmentMemories

  constructor(before: AssignmentMemories) {
    this.#before = before
  }

  async take(
    project: Project,
    { run, parts, now }: { readonly run: ReconcileRun; readonly parts: readonly Part[]; readonly now: Date },
  ): Promise<void> {
    const { devices: seen } = await foldRun((await project.store()).events(run.run), { ended: true })
    for (const part of parts) {
      const changed: Record<string, Mends> = {}
      for (const { name: device } of part.devices) {
        const steps = seen.get(device)?.steps.filter((step) => step.runbook === part.runbook.name) ?? []
        const has = (state: StepState): boolean => steps.some((step) => step.state === state)
        const next =
          run.mode === 'apply'
            ? has('changed') && this.#mended(part, device, now)
            : has('drifted') && this.#drifted(part, device, now)
        if (next) changed[device] = next
      }
      if (Object.keys(changed).length > 0) await remember(project, part.assignment.name, changed)
    }
  }

  #mended({ assignment, runbook }: Part, device: string, now: Date): Mends {
    return mended(this.#before[assignment.name]?.mends?.[device], runbook.digest, now)
  }

  /** A device that was looked at and not mended, by the mode of its assignment, or because it was mended too often. */
  #drifted({ assignment: { name }, mode }: Part, device: string, now: Date): Mends | undefined {
    if (mode === 'ask') this.asked.push({ assignment: name, device })
    const before = this.#before[name]?.mends?.[device]
    if (mode !== 'mend' || before === undefined) return undefined
    const since = before.contested_at ?? now.toISOString()
    this.contested.push({ assignment: name, device, since })
    return { ...before, contested_at: since }
  }

  /** When each was gone through. One of which a run broke off is not: it is due still. */
  async settle(
    project: Project,
    opened: readonly Open[],
    { runs, now }: { readonly runs: readonly ReconcileRun[]; readonly now: Date },
  ): Promise<void> {
    await editMemories(project, (before) => {
      const entries = opened.map(({ assignment: { name } }) => {
        const own = runs.filter(({ assignments }) => assignments.includes(name))
        const exit = own.reduce((code, run) => worseExitCode(code, run.exit_code), EXIT.ok as number)
        if (exit === EXIT.interrupted) return [name, before[name] ?? {}] as const
        const last = { at: now.toISOString(), run: own[0]?.run ?? '', exit_code: exit }
        return [name, { ...before[name], last }] as const
      })
      return Object.fromEntries(entries)
    })
  }
}

async function remember(project: Project, name: string, changed: Readonly<Record<string, Mends>>): Promise<void> {
  await editMemories(project, (before) => ({
    [name]: { ...before[name], mends: { ...before[name]?.mends, ...changed } },
  }))
}
