import type { Origin, Result, Seen } from '../../core/admission.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Guard } from '../../core/guard.ts'
import type { DeviceState } from '../../core/outcome.ts'
import type { Policy, Purpose, PurposeRules, Waves } from '../../core/policy.ts'
import type { RunStore } from '../../core/ports.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { Admission } from '../../engine/admission/admission.ts'
import { compilePolicy } from '../../engine/admission/compile-policy.ts'
import { planWaves } from '../../engine/admission/plan-waves.ts'
import { policyAdmission } from '../../engine/admission/policy-admission.ts'
import { stricterOf } from '../../engine/admission/stricter-of.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import { loadCalendars } from '../../lang/policy/load-calendars.ts'
import type { Project } from '../project.ts'
import { admissionWorld } from '../revision/admission-world.ts'

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

/**
 * The policy that a changing run is under: that of its runbooks, the stricter of several. Undefined where the repository
 * has no `policies`: then leases alone decide. Throws InputError for calendars that cannot be read.
 */
export async function runPolicy(
  store: RunStore,
  leases: Admission,
  request: RunPolicyRequest,
): Promise<RunPolicy | undefined> {
  const { project, fleet, work, run, waitMs = 0, before } = request
  if (!project.settings.hasPolicies && !before) {
    if (request.breakGlass !== undefined) throw new InputError([NOTHING_TO_BREAK])
    return undefined
  }
  const runbooks = [...new Set(work.flatMap((item) => item.runbooks))]
  const purpose = runbooks.every((runbook) => runbook.purpose === 'repair') ? 'repair' : 'rollout'
  const kept = policyOf(project, runbooks, before?.policy)
  const policy = paused(kept, purpose, request.goOn === true)
  const { calendars, diagnostics } = loadCalendars([policy], project.root)
  if (diagnostics.length > 0) throw new InputError(diagnostics)
  const { waves: rule } = policy[purpose]
  const waves = before?.waves ?? plannedWaves(work, rule)
  const patienceMs = Math.max(waitMs, rule === undefined || waves.length < 2 ? 0 : rule.soakMs + AFTER_SOAK_MS)
  const seen = await lastSeen(store)
  const compiled = compilePolicy(policy, admissionWorld(fleet, calendars))
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
      policy: compiled,
      purpose,
      origin: request.origin ?? (process.stdout.isTTY ? 'terminal' : 'pipeline'),
      expected: { ...policy.guess, basis: { kind: 'guess' } },
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

const NOTHING_TO_BREAK: Diagnostic = {
  code: 'USAGE_INVALID',
  severity: 'error',
  summary: '--break-glass has nothing to break: tillwright.yaml has no policies',
  detail: 'Leave it away.',
}

function inWave(item: DeviceWork | undefined, wave: number): readonly DeviceWork[] {
  return item ? [{ ...item, wave }] : []
}

function plannedWaves(work: readonly DeviceWork[], rule: Waves | undefined): readonly (readonly string[])[] {
  const digests = [...new Set(work.flatMap(({ runbooks }) => runbooks))].map(({ digest }) => digest)
  const targets = work.map(({ device }) => targetOf(device))
  return planWaves(targets, rule, digests.join()).waves
}

/** What a run began under holds to its end; what was committed since can only tighten it. */
function policyOf(project: Project, runbooks: readonly Runbook[], before: Policy | undefined): Policy {
  const { policies } = project.settings
  const asked = runbooks.map(({ policy = 'default' }) => policies.get(policy))
  const now = [...new Set(asked.filter((policy) => policy !== undefined))]
  const [first, ...others] = before ? [before, ...now] : now
  if (!first) throw new Error('a runbook asks for a policy that was not checked')
  return others.reduce(stricterOf, first)
}

function paused(policy: Policy, purpose: Purpose, goOn: boolean): Policy {
  const { waves } = policy[purpose]
  if (!goOn || !waves) return policy
  const rules: PurposeRules = { ...policy[purpose], waves: { ...waves, pause: 'never' } }
  return { ...policy, [purpose]: rules }
}

/** Profile and system as one text, so that the canary has one of each; without a version nobody stands for it. */
function targetOf({ name, store, region, profile, os }: Device) {
  const system = [profile, os.family, os.distribution, os.version].filter((part) => part !== undefined)
  return { device: name, store, region, ...(os.version !== undefined && { class: system.join(' ') }) }
}

const WORKING: ReadonlySet<DeviceState> = new Set(['in-sync', 'drifted', 'changed'])

async function lastSeen(store: RunStore): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>()
  for await (const { device, state, at } of store.status()) {
    seen.set(device, { working: WORKING.has(state), at: Date.parse(at) })
  }
  return seen
}
