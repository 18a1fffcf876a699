import type { CarriedSteps } from '../../core/carried.ts'
import { counted } from '../../core/counted.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { RunbookReference, RunMode, RunRollback } from '../../core/events.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { StepState } from '../../core/outcome.ts'
import type { DeviceRecord, RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Runbook, Step } from '../../core/runbook.ts'
import { readUnfinished, type UnfinishedRun } from '../../core/unfinished-run.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import { rollbackSteps } from '../../engine/device/undo-runbook.ts'
import type { Project } from '../project.ts'
import { runbookOfRun } from '../revision/runbook-of-run.ts'
import { referenceTo } from '../revision/runbooks.ts'
import type { PlannedWork } from './run-request.ts'
import { type TakenBack, takenBackOf } from './taken-back.ts'

/** What takes the changes of a run back, and where it does not. */
export interface Undoing {
  readonly work: readonly DeviceWork[]
  /** Devices that the run has changed and whose changes have no `rollback`, or that took them back themselves. */
  readonly without: readonly string[]
  /** Devices on which other runs have taken it back. */
  readonly done: readonly string[]
  /** Devices on which other runs are to take it back. */
  readonly inHand: readonly string[]
}

export interface RollbackWork extends PlannedWork, Pick<Undoing, 'without' | 'done'> {
  readonly opened: readonly Runbook[]
}

/**
 * The work that takes back what a run has changed on its devices, or on those that `isWanted`: by the `rollback` steps of
 * the runbook that it had. Throws InputError where the run has changed nothing, its runbook is another by now, or has none, and
 * where all of that was taken back, or another run is to do so.
 */
export async function rollbackWork(
  run: Pick<RunSummary, 'run' | 'mode' | 'state'>,
  here: { readonly project: Project; readonly fleet: Fleet; readonly store: RunStore },
  isWanted: (device: string) => boolean,
): Promise<RollbackWork> {
  const { project, fleet, store } = here
  const { unfinished, started } = await changeOf(run, store)
  const opened = started.runbooks.map((one) => sameRunbook(project, one, { run: run.run, revision: started.revision }))
  const takenBack = await takenBackOf(store, run.run, unfinished)
  const { work, without, done, inHand } = undoWork(unfinished, { fleet, opened, takenBack }, isWanted)
  if (inHand.length > 0) throw refused(run.run, isInHand(inHand, takenBack))
  if (work.length === 0 && done.length > 0) throw refused(run.run, isDone(done, takenBack))
  if (work.length === 0) throw refused(run.run, nothingToDo(opened, without))
  return { project, fleet, work, runbooks: opened.map(referenceTo), opened, without, done }
}

/** The run, where it is one that can be taken back. */
async function changeOf({ run, mode, state }: Pick<RunSummary, 'run' | 'mode' | 'state'>, store: RunStore) {
  if (mode !== 'apply') throw refused(run, NOT_AN_APPLY[mode])
  if (state === 'running') throw refused(run, 'It is in progress: stop it first, or wait for its end.')
  const unfinished = await readUnfinished(store.events(run))
  const { started, rollback } = unfinished.record
  if (!started) throw refused(run, 'Its journal has no beginning.')
  if (started.undoes !== undefined) throw refused(run, `It has taken back "${started.undoes}" itself.`)
  // One that was aborted is gone on with by nobody.
  const isKept = (await store.kept.runs()).includes(run)
  if (rollback && !rollback.ended && isKept) throw refused(run, isBegun(run, rollback.begun))
  return { unfinished, started }
}

/** What takes back what a run has changed, by its runbooks as it had them. */
export function undoWork(
  { record, changesOf }: Pick<UnfinishedRun, 'record' | 'changesOf'>,
  here: { readonly fleet: Fleet; readonly opened: readonly Runbook[]; readonly takenBack: TakenBack },
  isWanted: (device: string) => boolean,
): Undoing {
  const { fleet, opened, takenBack } = here
  const work: DeviceWork[] = []
  const [without, done, inHand]: [string[], string[], string[]] = [[], [], []]
  for (const [name, ended] of record.devices) {
    const undoes = changesOf(name)
    if (!isWanted(name) || Object.keys(undoes).length === 0) continue
    const device = fleet.devices.get(name)
    // The last that was applied is the first to be taken back.
    const runbooks = opened.filter((runbook) => isToUndo(runbook, undoes, ended)).reverse()
    if (!device || runbooks.length === 0) without.push(name)
    else if (takenBack.done.has(name)) done.push(name)
    else if (takenBack.toCome.has(name)) inHand.push(name)
    else work.push({ device, runbooks, undoes: { ...undoes, ...takenBack.stepsOf(name) } })
  }
  return { work, without, done, inHand }
}

/** Throws InputError where another run has begun to take devices of this work back since it was worked out. */
export async function refuseUndoneMeanwhile(
  store: RunStore,
  { run, asks, work }: { readonly run: string; readonly asks: string; readonly work: readonly DeviceWork[] },
): Promise<void> {
  const unfinished = await readUnfinished(store.events(run))
  const takenBack = await takenBackOf(store, run, { ...unfinished, asks })
  const isNews = ({ device: { name }, undoes }: DeviceWork): boolean => {
    if (takenBack.done.has(name) || takenBack.toCome.has(name)) return true
    return JSON.stringify(undoes) !== JSON.stringify({ ...unfinished.changesOf(name), ...takenBack.stepsOf(name) })
  }
  const news = work.filter(isNews).map(({ device }) => device.name)
  if (news.length > 0)
    throw refused(run, `Another run has begun to do so meanwhile, on ${namesOf(news)}. Say it again for what is left.`)
}

const NOT_AN_APPLY: Readonly<Record<RunMode, string>> = {
  apply: '',
  plan: 'It has only looked.',
  drift: 'It has only looked.',
  exec: 'Nobody knows what takes back a command that was typed.',
}

/**
 * A device on which a step fails takes its changes back within the run, by the same steps: what it did not get to, or what failed of it,
 * is to be done.
 */
function isToUndo(runbook: Runbook, undoes: CarriedSteps, { steps }: DeviceRecord): boolean {
  const wanted = rollbackSteps(runbook, undoes)
  const isDone = ({ id }: Step): boolean =>
    steps.some(({ runbook: of, step, state }) => of === runbook.name && step === id && IS_DONE.has(state))
  return wanted.length > 0 && !wanted.every(isDone)
}

const IS_DONE: ReadonlySet<StepState> = new Set(['ok', 'changed', 'skipped'])

/** The runbook as the run had it. Throws InputError where it is another by now, or gone. */
function sameRunbook(
  project: Project,
  reference: RunbookReference,
  of: { readonly run: string; readonly revision: string | null },
): Runbook {
  const runbook = runbookOfRun(project, reference)
  if (typeof runbook === 'object') return runbook
  const what = runbook === 'another' ? 'is another by now' : 'is no longer in this repository'
  const commit = of.revision?.replace(/\+.*$/, '')
  const there = commit === undefined ? 'the commit that it was made from' : `commit ${commit}`
  throw refused(
    of.run,
    `Runbook "${reference.name}" ${what}. Take it back from a work tree of ${there} ` +
      `(git worktree add ../rollback ${commit ?? 'COMMIT'}), with the same state file.`,
  )
}

function nothingToDo(runbooks: readonly Runbook[], without: readonly string[]): string {
  if (without.length === 0) return 'It has changed nothing on the devices that were asked for.'
  const has = runbooks.some(({ steps }) => steps.some(({ rollback }) => rollback.length > 0))
  const names = runbooks.map(({ name }) => `"${name}"`).join(', ')
  const why = has
    ? 'took their changes back within the run, are no longer in the inventory, or were changed by steps without `rollback`'
    : `were changed, but no step of ${names} says how to take it back (\`rollback\`)`
  return `${counted(without.length, 'device')} ${why}: ${without.slice(0, 5).join(', ')}.`
}

function isBegun(run: string, { wave, rollback_run }: RunRollback): string {
  return `Its wave ${wave} is being taken back by run ${rollback_run}, which was cut off. Let that come to its end: till resume ${run}`
}

function isInHand(devices: readonly string[], { toCome }: TakenBack): string {
  const [by] = devices.flatMap((device) => toCome.get(device) ?? [])
  const names = devices.filter((device) => toCome.get(device) === by)
  const is = names.length === 1 ? 'is' : 'are'
  return `${namesOf(names)} ${is} taken back by run ${by}. Wait for its end, or go on with it where it was cut off: till resume ${by}`
}

function isDone(devices: readonly string[], { done }: TakenBack): string {
  const runs = [...new Set(devices.flatMap((device) => done.get(device) ?? []))]
  return `That was done by run ${runs.join(', ')}, on ${namesOf(devices)}.`
}

function namesOf(devices: readonly string[]): string {
  const more = devices.length > 5 ? ` and ${devices.length - 5} more` : ''
  return `${devices.slice(0, 5).join(', ')}${more}`
}

function refused(run: string, detail: string): InputError {
  const summary = `Run "${run}" cannot be taken back`
  const diagnostic: Diagnostic = { code: 'RUN_NOT_REVERSIBLE', severity: 'error', summary, detail }
  return new InputError([diagnostic])
}
