import { resolve } from 'node:path'
import { type Diagnostic, InputError, inputError, usageError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Plan, PlannedDevice } from '../../core/plan.ts'
import { deviceFlag, paramFlags, shellWord } from '../../core/remedy.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { checkPlanDocument } from '../../lang/check-document.ts'
import { whyUnread } from '../../lang/foreign/foreign-diagnostic.ts'
import type { Project } from '../project.ts'
import { planPolicy } from '../safety/policy-in-force.ts'
import { type PlanSigners, requireSignature } from './plan-signature.ts'
import { isOwnFile, openOwnRunbook, textParams } from './runbooks.ts'
import { planDigest } from './wanted-digest.ts'

/** A plan is told from a runbook by its ending, as runbooks are YAML, or by how it begins. */
export function isPlanFile(name: string): boolean {
  return name.endsWith('.json') || /^\s*\{\s*"schema"\s*:\s*"till\.plan\//.test(beginningOf(name))
}

function beginningOf(file: string): string {
  try {
    return readRegular(file, MOST_BYTES.document).subarray(0, 200).toString('latin1')
  } catch {
    return ''
  }
}

/** A plan with what it was made from. */
interface LoadedPlan {
  readonly id: string
  readonly expiresAt: string | undefined
  readonly runbook: Runbook
  readonly work: readonly DeviceWork[]
}

/**
 * Reads a plan and everything that it was made from. Only devices on which something was to be changed are worked on;
 * where there are none, applying it is done at once.
 * Throws InputError when the file is no plan (PLAN_INVALID), is not signed as wanted (PLAN_UNTRUSTED), is too old (PLAN_EXPIRED), or when
 * the runbook, its policy or what the inventory says of a planned device is no longer the same (PLAN_STALE).
 */
export async function loadPlan(
  file: string,
  context: {
    readonly project: Project
    readonly fleet: Fleet
    /** Of each of these lists somebody must have signed it. */
    readonly signedBy: readonly PlanSigners[]
  },
): Promise<LoadedPlan> {
  const bytes = planBytes(file)
  for (const list of context.signedBy) await requireSignature(file, bytes, list)
  return readPlanned(bytes, file, context)
}

/** The same of the text of a plan, whoever keeps it; `file` is what it is called. Throws InputError likewise. */
export function readPlanned(
  bytes: Buffer,
  file: string,
  context: { readonly project: Project; readonly fleet: Fleet },
): LoadedPlan {
  const plan = readPlan(file, bytes)
  refuseExpired(plan, file)
  refuseOfSandbox(plan, file, context.project)
  refuseOutside(plan, file, context.project)
  const runbook = openOwnRunbook(context.project, plan.runbook.file, textParams(plan.runbook.params))
  const stale: Diagnostic[] = []
  if (runbook.digest !== plan.runbook.digest)
    stale.push(staleness(`Runbook "${plan.runbook.name}" is not the one that was planned${atCommit(plan)}`))
  if (plan.policy && planPolicy(context.project, runbook)?.digest !== plan.policy.digest)
    stale.push(staleness(`Policy "${plan.policy.name}" is not the one that it was reviewed under${atCommit(plan)}`))
  const digestOf = planDigest(runbook, context)
  const work: DeviceWork[] = []
  for (const planned of plan.devices) {
    if (!hasDrift(planned)) continue
    const device = context.fleet.devices.get(planned.device)
    if (device && digestOf(device.name) === planned.digest) work.push({ device, runbooks: [runbook], planned })
    else stale.push(staleness(changedDevice(planned, device !== undefined)))
  }
  if (stale.length > 0) throw new InputError(withAdvice(stale, planAgain(plan, context.fleet)))
  return { id: plan.id, expiresAt: plan.expires_at, runbook, work }
}

/** Where the plan was made: whoever is refused can look at what differs since. */
function atCommit({ revision }: Plan): string {
  return revision === null ? '' : ` at ${revision}`
}

function changedDevice(planned: PlannedDevice, exists: boolean): string {
  if (!exists) return `"${planned.device}" is no longer in the inventory, as it was when the plan was made`
  return `What the inventory says of "${planned.device}" or its store, or a file that it gets, is not what it was when the plan was made`
}

function staleness(summary: string): Diagnostic {
  return { code: 'PLAN_STALE', severity: 'error', summary, detail: 'Plan again and have the new plan reviewed.' }
}

/** Said once, at the end: there may be as many as devices. */
function withAdvice(stale: readonly Diagnostic[], command: string): readonly Diagnostic[] {
  const last = stale.length - 1
  return stale.map((one, index) => (index < last ? one : { ...one, detail: `${one.detail} ${command}` }))
}

/** The command that plans for the same devices, by their names or by the run of the plan. */
function planAgain({ id, runbook, devices }: Plan, fleet: Fleet): string {
  const names = devices.map(({ device }) => device).filter((name) => fleet.devices.has(name))
  const few = names.length > 0 && names.length <= MOST_NAMED
  const scope = few ? names.map(deviceFlag).join(' ') : `--from-run=${shellWord(id)}`
  return `till plan ${shellWord(runbook.name)}${paramFlags(runbook)} ${scope} --output plan.json`
}

const MOST_NAMED = 3

/** Drift may also be told of a device on which a check does not hold. */
function hasDrift({ state, steps }: PlannedDevice): boolean {
  return state === 'drifted' || (state === 'unmet' && steps.some((step) => step.state === 'drifted'))
}

/** Devices of a sandbox are named like real ones. */
function refuseOfSandbox({ sandbox }: Plan, file: string, { isSandbox }: Project): void {
  if (!sandbox || isSandbox) return
  throw usageError(
    `The plan "${file}" is about devices of a sandbox`,
    `There it is applied by: till apply ${shellWord(file)} --sandbox`,
  )
}

/** What was reviewed long ago says little of what is there now. */
function refuseExpired({ expires_at: until }: Plan, file: string): void {
  if (until === undefined || Date.parse(until) > Date.now()) return
  const summary = `The plan "${file}" was to be applied until ${until}`
  const detail = 'Plan again and have the new plan reviewed; `till plan --expires` says for how long it holds.'
  throw inputError('PLAN_EXPIRED', summary, detail)
}

function readPlan(file: string, bytes: Buffer): Plan {
  const text = bytes.toString('utf8')
  const { value, diagnostics } = checkPlanDocument(text, file)
  if (diagnostics.length > 0) throw new InputError(diagnostics)
  return value as unknown as Plan
}

function planBytes(file: string): Buffer {
  try {
    return readRegular(file, MOST_BYTES.document)
  } catch (error) {
    const why = error as NodeJS.ErrnoException
    throw invalid(`The plan "${file}" cannot be read: ${why.code === undefined ? why.message : whyUnread(why)}`)
  }
}

/** A plan may come from anywhere: what it names is read, and shown where it is wrong, only if it belongs to the repository. */
function refuseOutside({ runbook: { file: named } }: Pick<Plan, 'runbook'>, file: string, project: Project): void {
  if (/\.ya?ml$/.test(named) && isOwnFile(project, resolve(project.root, named))) return
  throw invalid(`The plan "${file}" names a runbook that is not in this repository`)
}

function invalid(summary: string): InputError {
  const detail = 'Plans are written by `till plan RUNBOOK --output FILE`.'
  return inputError('PLAN_INVALID', summary, detail)
}
