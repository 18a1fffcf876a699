import type { Origin, Seen, WaveResult } from '../../core/admission.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { RunMode } from '../../core/events.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Guard } from '../../core/guard.ts'
import type { Policy, Purpose, PurposeRules } from '../../core/policy.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { UnfinishedRun } from '../../core/unfinished-run.ts'
import type { Warning } from '../../core/warning.ts'
import type { Admission } from '../../engine/admission/admission.ts'
import type { CompiledPolicy } from '../../engine/admission/compile-policy.ts'
import { policyAdmission } from '../../engine/admission/policy-admission.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import { inForceSince } from '../gitops/in-force-since.ts'
import type { Project } from '../project.ts'
import { expectedTimes, TimedChanges } from '../safety/expected-times.ts'
import { type WavesEnd, wavesEnd } from '../safety/failed-wave.ts'
import {
  asOneWave,
  compiledFor,
  lastSeen,
  policyDigest,
  policyOf,
  purposeOf,
  wavesOf,
  withoutWaves,
} from '../safety/policy-in-force.ts'
import { storeClock } from './device-environment.ts'
import { notNowBefore } from './not-now-before.ts'

export interface RunPolicyRequest {
  readonly project: Project
  readonly fleet: Fleet
  readonly work: readonly DeviceWork[]
  readonly run: string
  /** Who runs it, for what is on record. */
  readonly by: string
  readonly mode: RunMode
  readonly origin?: Origin | undefined
  /** How long the run waits for windows and soak times, in milliseconds. */
  readonly waitMs?: number | undefined
  /** Windows and freezes do not hold, and why. */
  readonly breakGlass?: string | undefined
  /** Devices that the run works on at a time, where that is known. */
  readonly atOnce?: number | undefined
  /** After so many failed devices nothing more is begun. */
  readonly maxFailures?: number | undefined
  /** Somebody has looked at the canary: the run does not pause behind it. */
  readonly goOn?: boolean | undefined
  /** Names of policies that hold beside those of the runbooks. */
  readonly policies?: readonly string[] | undefined
  /** The run whose changes are taken back. */
  readonly undoes?: string | undefined
  /** Tells people what is part of no result. */
  readonly warn?: ((text: string) => void) | undefined
  /** Of a run that is carried on: the policy and the waves that it has, and what devices have come to in it. */
  readonly before?: PolicyBefore | undefined
}

export interface PolicyBefore {
  readonly policy: Policy
  readonly waves: readonly (readonly string[])[]
  readonly results: ReadonlyMap<string, { readonly result: WaveResult; readonly at: number }>
  /** What people at its devices were told. */
  readonly warned: UnfinishedRun['warned']
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
  /** How its waves have come out by now; absent: there are none. */
  wavesEnd?(): Promise<WavesEnd>
  /** To be called at its end: how long its changes took is kept for those to come. */
  keepTimes?(): Promise<void>
}

/** A wave is over when its soak time is; a moment later nobody doubts it. */
const AFTER_SOAK_MS = 1_000

/**
 * The policy that a changing run is under: that of its runbooks, or the one that comes with Tillwright. Throws InputError for
 * calendars that cannot be read.
 */
export async function runPolicy(store: RunStore, leases: Admission, request: RunPolicyRequest): Promise<RunPolicy> {
  const { project, fleet, work, run, waitMs = 0, before } = request
  if (isBuiltIn(project) && !before && request.breakGlass !== undefined) await refuseWithoutGlass(store, fleet)
  const { runbooks, purpose, kept, planned, newKept } = rulesOf(request)
  const devices = work.map(({ device }) => device)
  const policy = paused(kept, purpose, request.goOn === true)
  let compiled = compiledFor(project, fleet, policy)
  const newest = newestPolicy(request, (now) => paused(newKept(now), purpose, request.goOn === true))
  const isUndoing = request.undoes !== undefined
  // What is taken back is no rollout: its budget is that of rollbacks, and it does not wait behind a canary.
  const rule = isUndoing ? undefined : policy[purpose].waves
  // Without waves they come in the order that was asked for.
  const waves =
    rule === undefined && !before
      ? [devices.map(({ name }) => name)]
      : (before?.waves ?? planned ?? wavesOf(devices, policy[purpose], runbooks).waves)
  const patienceMs = Math.max(waitMs, rule === undefined || waves.length < 2 ? 0 : rule.soakMs + AFTER_SOAK_MS)
  const seen = await seenBefore(store, request)
  const expectedOf = await expectedTimes(store, fleet, { runbooks, guess: policy.guess })
  const timed = new TimedChanges(fleet, runbooks)
  const warnedOf = (device: string) => compiled.warningsOf(device, isUndoing ? 'rollout' : purpose)
  const byName = new Map(work.map((item) => [item.device.name, item]))
  const admission = policyAdmission(leases, {
    store: store.admission,
    fleet: await store.fleets.keyOf(fleet),
    run,
    by: request.by,
    policy: compiled,
    ...(newest && {
      async newPolicy() {
        const next = await newest(compiled)
        if (next) compiled = next
        return next
      },
    }),
    purpose: isUndoing ? 'rollback' : purpose,
    origin: request.origin ?? (process.stdout.isTTY ? 'terminal' : 'pipeline'),
    expectedOf,
    waves,
    before: before?.results,
    warnedBefore: await warnedBefore(store, before, { rules: policy[purpose], warningsOf: warnedOf }),
    atOnce: request.atOnce,
    patienceMs,
    waitMs,
    ...(request.breakGlass !== undefined && { breakGlass: { by: request.by, why: request.breakGlass } }),
    ...(request.mode === 'apply' && {
      onChanged: (device, ms) => timed.add(device, ms, isUndoing ? 'rollbacks' : 'changes'),
    }),
    seen: (device) => seen.get(device),
    // What was told and done before is dated by it.
    clock: storeClock(store),
  })
  return {
    patienceMs,
    admission,
    ...(rule && {
      wavesEnd: async () => wavesEnd(await admission.standing(), compiled.policy[purpose].waves ?? rule),
    }),
    // As admission judges them (rules/guards.ts).
    guardsOf: (device) => compiled.guardsOf(device, isUndoing ? 'rollout' : purpose),
    policy: kept,
    keepTimes: () => timed.keep(store),
    work: waves.flatMap((wave, index) => wave.flatMap((name) => inWave(byName.get(name), index + 1))),
  }
}

/** What a run is for, the policy as it is kept with it, and its waves where those had to be known for that. */
function rulesOf(request: RunPolicyRequest) {
  const { project, work, before } = request
  const runbooks = [...new Set(work.flatMap((item) => item.runbooks))]
  const isRepair = isBuiltIn(project) && request.origin === 'hook'
  const purpose: Purpose = isRepair ? 'repair' : purposeOf(runbooks)
  const policy = policyOf(project, runbooks, { before: before?.policy, beside: request.policies })
  const devices = work.map(({ device }) => device)
  const planned = isBuiltIn(project) && !before ? wavesOf(devices, policy[purpose], runbooks).waves : undefined
  const inWaves = (one: Policy): Policy => {
    // A command that was typed proves nothing by a canary, and is not gone on with.
    if (request.mode === 'exec') return withoutWaves(one, purpose)
    return planned ? asOneWave(one, purpose, { project, waves: planned }) : one
  }
  const keptOf = (one: Policy): Policy => withMostFailures(inWaves(one), purpose, request.maxFailures)
  const kept = keptOf(policy)
  /** As what is in force by now tightens it. */
  const newKept = (now: Project): Policy => keptOf(policyOf(now, runbooks, { before: kept, beside: request.policies }))
  return { runbooks, purpose, kept, planned, newKept }
}

/**
 * What holds for a run by now, where it works with a revision of what is followed and another one has come into force since: so a freeze
 * that is committed in the middle stops the next change. Where that cannot be used, the run goes on by what it has, and it is told.
 */
function newestPolicy(
  { project, fleet, run, warn }: RunPolicyRequest,
  policyBy: (now: Project) => Policy,
): ((current: CompiledPolicy) => Promise<CompiledPolicy | undefined>) | undefined {
  const inForce = inForceSince(project)
  if (!inForce) return undefined
  return async (current) => {
    let now: Project | undefined
    try {
      now = await inForce()
      const policy = now && policyBy(now)
      if (!now || !policy || policyDigest(policy) === policyDigest(current.policy)) return undefined
      const next = compiledFor(now, fleet, policy)
      warn?.(`Run ${run} goes by the policy that has come into force meanwhile as well, the stricter of both.`)
      return next
    } catch (error) {
      warn?.(`What has come into force since run ${run} began cannot be read: ${(error as Error).message}`)
      return undefined
    } finally {
      await now?.close()
    }
  }
}

function isBuiltIn({ settings }: Project): boolean {
  return !settings.hasPolicies
}

/** When devices were last seen. What monitoring has repaired is out already, where nobody has said otherwise by a policy. */
async function seenBefore(store: RunStore, { project, work, origin }: RunPolicyRequest): Promise<Map<string, Seen>> {
  const seen = await lastSeen(store)
  if (!isBuiltIn(project) || origin !== 'hook') return seen
  for (const { device } of work) seen.set(device.name, { working: false, at: Date.now() })
  return seen
}

/** What people said before this run, or before it was cut off, as far as it counts; undefined where nobody is warned. */
async function warnedBefore(
  store: RunStore,
  before: PolicyBefore | undefined,
  by: { readonly rules: PurposeRules; readonly warningsOf: (device: string) => readonly Warning[] },
): Promise<UnfinishedRun['warned'] | undefined> {
  if (before) return before.warned
  return by.rules.warnings && (await notNowBefore(store, by.warningsOf, store.nowMs()))
}

/** The policy that comes with Tillwright has neither windows nor freezes: only a hold can be broken. */
async function refuseWithoutGlass(store: RunStore, fleet: Fleet): Promise<void> {
  const { holds } = await store.admission.read(await store.fleets.keyOf(fleet))
  const now = Date.now()
  if (!holds.some(({ until }) => now < until)) throw new InputError([NOTHING_TO_BREAK])
}

const NOTHING_TO_BREAK: Diagnostic = {
  code: 'USAGE_INVALID',
  severity: 'error',
  summary: '--break-glass has nothing to break: tillwright.yaml has no policies, and nobody holds anything',
  detail: 'Leave it out.',
}

function inWave(item: DeviceWork | undefined, wave: number): readonly DeviceWork[] {
  return item ? [{ ...item, wave }] : []
}

/** It is kept with the run, so that it holds for whoever goes on with it. */
function withMostFailures(policy: Policy, purpose: Purpose, most: number | undefined): Policy {
  if (most === undefined) return policy
  const maxFailures = Math.min(most, policy[purpose].maxFailures ?? most)
  return { ...policy, [purpose]: { ...policy[purpose], maxFailures } }
}

function paused(policy: Policy, purpose: Purpose, goOn: boolean): Policy {
  const { waves } = policy[purpose]
  if (!goOn || !waves) return policy
  const rules: PurposeRules = { ...policy[purpose], waves: { ...waves, pause: 'never' } }
  return { ...policy, [purpose]: rules }
}
