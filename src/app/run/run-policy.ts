import type { Origin, Result } from '../../core/admission.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Guard } from '../../core/guard.ts'
import type { Policy, Purpose, PurposeRules } from '../../core/policy.ts'
import type { RunStore } from '../../core/ports.ts'
import type { Admission } from '../../engine/admission/admission.ts'
import { holdAdmission } from '../../engine/admission/hold-admission.ts'
import { policyAdmission } from '../../engine/admission/policy-admission.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import type { Project } from '../project.ts'
import { expectedTimes } from '../safety/expected-times.ts'
import { compiledFor, lastSeen, policyOf, purposeOf, wavesOf } from '../safety/policy-in-force.ts'

export interface RunPolicyRequest {
  readonly project: Project
  readonly fleet: Fleet
  readonly work: readonly DeviceWork[]
  readonly run: string
  /** Who runs it, for what is on record. */
  readonly by: string
  readonly origin?: Origin | undefined
  /** How long the run waits for windows and soak times, in milliseconds. */
  readonly waitMs?: number | undefined
  /** Windows and freezes do not hold, and why. */
  readonly breakGlass?: string | undefined
  /** Somebody has looked at the canary: the run does not pause behind it. */
  readonly goOn?: boolean | undefined
  /** The run whose changes are taken back. */
  readonly undoes?: string | undefined
  /** Of a run that is carried on: the policy and the waves that it has, and what devices have come to in it. */
  readonly before?: PolicyBefore | undefined
}

export interface PolicyBefore {
  readonly policy: Policy
  readonly waves: readonly (readonly string[])[]
  readonly results: ReadonlyMap<string, { readonly result: Result; readonly at: number }>
}

/** A run under a policy: its devices in the order of their waves, and for how long it waits. */
export interface RunPolicy {
  readonly admission: Admission
  readonly work: readonly DeviceWork[]
  readonly patienceMs: number
  /** What must not be so on a device when it is changed. */
  guardsOf(device: string): readonly Guard[]
  /** What it is under, as it is to be kept with the run. */
  readonly policy?: Policy
}

/** A wave is over when its soak time is; a moment later nobody doubts it. */
const AFTER_SOAK_MS = 1_000

/** The policy that a changing run is under: that of its runbooks. Throws InputError for calendars that cannot be read. */
export async function runPolicy(store: RunStore, leases: Admission, request: RunPolicyRequest): Promise<RunPolicy> {
  const { project, fleet, work, run, waitMs = 0, before } = request
  if (!project.settings.hasPolicies && !before) return withoutPolicies(store, leases, request)
  const runbooks = [...new Set(work.flatMap((item) => item.runbooks))]
  const purpose = purposeOf(runbooks)
  const kept = policyOf(project, runbooks, before?.policy)
  const policy = paused(kept, purpose, request.goOn === true)
  const compiled = compiledFor(project, fleet, policy)
  const isUndoing = request.undoes !== undefined
  // What is taken back is no rollout: its budget is that of rollbacks, and it does not wait behind a canary.
  const rule = isUndoing ? undefined : policy[purpose].waves
  const devices = work.map(({ device }) => device)
  const waves = isUndoing
    ? [devices.map(({ name }) => name)]
    : (before?.waves ?? wavesOf(devices, policy[purpose], runbooks).waves)
  const patienceMs = Math.max(waitMs, rule === undefined || waves.length < 2 ? 0 : rule.soakMs + AFTER_SOAK_MS)
  const seen = await lastSeen(store)
  const expectedOf = await expectedTimes(store, fleet, { runbooks, guess: policy.guess })
  const byName = new Map(work.map((item) => [item.device.name, item]))
  return {
    patienceMs,
    guardsOf: (device) => compiled.guardsOf(device, purpose),
    policy: kept,
    work: waves.flatMap((wave, index) => wave.flatMap((name) => inWave(byName.get(name), index + 1))),
    admission: policyAdmission(leases, {
      store: store.admission,
      fleet: fleet.name,
      run,
      by: request.by,
      policy: compiled,
      purpose: isUndoing ? 'rollback' : purpose,
      origin: request.origin ?? (process.stdout.isTTY ? 'terminal' : 'pipeline'),
      expectedOf,
      waves,
      before: before?.results,
      patienceMs,
      waitMs,
      ...(request.breakGlass !== undefined && { breakGlass: { by: request.by, why: request.breakGlass } }),
      seen: (device) => seen.get(device),
      now: () => Date.now(),
    }),
  }
}

/** Leases alone decide, and what people asked not to touch. */
async function withoutPolicies(store: RunStore, leases: Admission, request: RunPolicyRequest): Promise<RunPolicy> {
  const { fleet, work, waitMs = 0, breakGlass } = request
  const holds = async () => (await store.admission.read(fleet.name)).holds
  const common = { work, patienceMs: waitMs, guardsOf: () => [] }
  if (breakGlass !== undefined) {
    const now = Date.now()
    if (!(await holds()).some(({ from, until }) => from <= now && now < until)) throw new InputError([NOTHING_TO_BREAK])
    return { ...common, admission: leases }
  }
  const placeOf = (name: string) => {
    const store = fleet.devices.get(name)?.store ?? ''
    return { store, zone: fleet.stores.get(store)?.time_zone ?? 'UTC' }
  }
  return { ...common, admission: holdAdmission(leases, { holds, placeOf, now: () => Date.now() }) }
}

const NOTHING_TO_BREAK: Diagnostic = {
  code: 'USAGE_INVALID',
  severity: 'error',
  summary: '--break-glass has nothing to break: tillwright.yaml has no policies, and nobody holds anything',
  detail: 'Leave it away.',
}

function inWave(item: DeviceWork | undefined, wave: number): readonly DeviceWork[] {
  return item ? [{ ...item, wave }] : []
}

function paused(policy: Policy, purpose: Purpose, goOn: boolean): Policy {
  const { waves } = policy[purpose]
  if (!goOn || !waves) return policy
  const rules: PurposeRules = { ...policy[purpose], waves: { ...waves, pause: 'never' } }
  return { ...policy, [purpose]: rules }
}
