import { type AssignmentMemory, isDue, wornSteps } from '../../core/assignment-schedule.ts'
import { explainError } from '../../core/explain-error.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { EXIT, worseExitCode } from '../../core/outcome.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import type { Overtaken } from '../../gitops/trust-folder.ts'
import type { Project } from '../project.ts'
import { openOwnRunbook, referenceTo } from '../revision/runbooks.ts'
import { selectDevices } from '../revision/selection.ts'
import { wantedDigest } from '../revision/wanted-digest.ts'
import type { RunOptions, RunStarter } from '../run/run-request.ts'
import { readMemories, type Taken, takeAssignments } from './assignment-memory.ts'
import { isNews } from './assignment-news.ts'
import { AssignmentNotes, type Emptied, type Part, type ReconcileRun } from './assignment-notes.ts'

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
  /** Once aborted, no other run begins; the one in progress hears of it by itself. */
  readonly signal?: AbortSignal
  /** Asked again once assignments are taken: by which revision of another controller this one is overtaken. */
  readonly overtaken?: () => Promise<Overtaken | undefined>
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
  /** Assignments that mean no device any more, and meant some: nothing is kept to them. */
  readonly emptied: readonly Emptied[]
  /** Another controller has the revision in force that counts: no device was looked at. */
  readonly overtaken?: Overtaken
  readonly exitCode: number
}

/**
 * One pass over the assignments that are due: looks at all their devices, and mends where the mode says so. Devices of
 * one mode are visited once, for all of their runbooks. What was done is remembered after each run. What another machine that
 * shares the memory goes through now is its own. Nothing is gone through by a revision that another one has overtaken: it would set
 * devices back, or tell of drift that is none.
 */
export async function reconcile(project: Project, options: ReconcileOptions): Promise<Reconciled> {
  const { assignments } = project.settings
  const opened = opening(project, options)
  const news = await withNews(project, opened, options)
  const taken = await takeAssignments(project, (memories) =>
    assignments.filter((one) => shouldGo(one, memories[one.name], { ...options, news })).map(({ name }) => name),
  )
  try {
    // Whoever puts a newer revision in force from here on waits for what is taken.
    const overtaken = await options.overtaken?.()
    if (overtaken) return leftTo(overtaken)
    return await goOver(project, { ...taken, opened }, options)
  } finally {
    await taken.leave()
  }
}

/** A pass that leaves everything to the controller whose revision counts. */
export function leftTo(overtaken: Overtaken): Reconciled {
  const nothing = { runs: [], waiting: [], suspended: [], asked: [], contested: [], emptied: [] }
  return { ...nothing, overtaken, exitCode: explainError('REVISION_OVERTAKEN').exit_code }
}

async function goOver(
  project: Project,
  { memories, names, opened: openOnce }: Taken & { readonly opened: Opening },
  options: ReconcileOptions,
): Promise<Reconciled> {
  const { assignments } = project.settings
  const suspended = assignments.filter(({ name }) => memories[name]?.suspended)
  const due = assignments.filter(({ name }) => names.has(name))
  const opened = await Promise.all(due.map(openOnce))
  const now = options.now()
  const looks: Part[] = []
  const mends: Part[] = []
  for (const one of opened) {
    if (one.mode !== 'mend') looks.push(one)
    else {
      const left = one.devices.filter((device) => isLeft(memories[one.assignment.name], one, device, now))
      mends.push({ ...one, devices: one.devices.filter((device) => !left.includes(device)) })
      if (left.length > 0) looks.push({ ...one, devices: left })
    }
  }
  const runs: ReconcileRun[] = []
  const notes = new AssignmentNotes(memories)
  /** Assignments with devices that nobody has come to. */
  const left = new Set<string>()
  const go = async (mode: ReconcileRun['mode'], parts: readonly Part[]): Promise<void> => {
    // Who stops a run wants no other to begin.
    if (options.signal?.aborted || runs.some(({ exit_code: code }) => code === EXIT.interrupted)) {
      for (const { assignment, devices } of parts) if (devices.length > 0) left.add(assignment.name)
      return
    }
    const run = await goThrough(project, { mode, parts }, options)
    if (run === undefined) return
    runs.push(run)
    await notes.take(project, { run, parts, now: options.now() })
  }
  for (const parts of byPolicy(mends)) await go('apply', parts)
  await go('drift', looks)
  for (const parts of byPolicy(freed(notes))) await go('apply', parts)
  const gone = opened.filter(({ assignment: { name } }) => !left.has(name))
  const emptied = await notes.record(project, gone, { runs, now: options.now(), revision: options.revision })
  return {
    runs,
    waiting: assignments.filter(({ name }) => !names.has(name) && !memories[name]?.suspended).map(({ name }) => name),
    suspended: suspended.map(({ name }) => name),
    asked: notes.asked,
    contested: notes.contested,
    emptied,
    exitCode:
      left.size > 0 ? EXIT.interrupted : worseExitCode(notes.exitCode(runs), emptied.length > 0 ? EXIT.drift : 0),
  }
}

/** A policy tightens what its assignment does, and nothing else: each has a run of its own. */
function byPolicy(parts: readonly Part[]): readonly (readonly Part[])[] {
  const found = new Map<string | undefined, Part[]>()
  for (const part of parts) {
    const { policy } = part.assignment
    found.set(policy, [...(found.get(policy) ?? []), part])
  }
  return [...found.values()]
}

/** Parts of those devices alone on which something else differs than what was mended too often. */
function freed(notes: AssignmentNotes): readonly Part[] {
  const found = new Map<Part, Device[]>()
  for (const { part, device } of notes.freed) found.set(part, [...(found.get(part) ?? []), device])
  return [...found].map(([part, devices]) => ({ ...part, devices }))
}

function shouldGo(
  one: Assignment,
  memory: AssignmentMemory | undefined,
  { all, now, news }: ReconcileOptions & { readonly news: ReadonlySet<string> },
): boolean {
  if (all || news.has(one.name)) return memory?.suspended === undefined
  return isDue(one.name, one.everyMs, memory, now().getTime())
}

type Opening = (assignment: Assignment) => Promise<Part>

/** Assignments with their devices, each of which is looked for once. */
function opening(project: Project, options: ReconcileOptions): Opening {
  const opened = new Map<Assignment, Promise<Part>>()
  return (assignment) => {
    const part = opened.get(assignment) ?? open(project, assignment, options)
    opened.set(assignment, part)
    return part
  }
}

/** Names of those that want something else than at their last pass: what was merged does not wait for the cadence. */
async function withNews(
  project: Project,
  opened: Opening,
  { revision, reportOnly }: ReconcileOptions,
): Promise<ReadonlySet<string>> {
  const memories = await readMemories(project)
  const news = new Set<string>()
  for (const one of project.settings.assignments)
    if (await isNews(memories[one.name], { revision, reportOnly }, () => opened(one))) news.add(one.name)
  return news
}

async function open(project: Project, assignment: Assignment, { fleet, reportOnly }: ReconcileOptions): Promise<Part> {
  const runbook = openOwnRunbook(project, assignment.runbook, assignment.params)
  const { store } = project
  const devices = await selectDevices(fleet, { where: assignment.where }, { store, targets: runbook.targets })
  const mode = reportOnly ? 'report' : assignment.mode
  return { assignment, runbook, mode, devices, wanted: (device) => wantedDigest(runbook, device, { project, fleet }) }
}

/** Whether the device is looked at first: it was mended too often. */
function isLeft(memory: AssignmentMemory | undefined, { wanted }: Part, device: Device, now: Date): boolean {
  const mends = memory?.mends?.[device.name]
  return mends !== undefined && wornSteps(mends, wanted(device), now.getTime()).size > 0
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
    policies: working.flatMap(({ assignment }) => assignment.policy ?? []),
    reporters: options.reporters,
    parallel: options.parallel,
    workers: options.workers,
    revision: options.revision,
  })
  const assignments = working.map(({ assignment }) => assignment.name)
  return { run, mode, assignments, devices: work.length, counts, exit_code: exitCode }
}
