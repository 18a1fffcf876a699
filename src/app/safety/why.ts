import type { Question, Reason } from '../../core/admission.ts'
import type { Device } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Purpose } from '../../core/policy.ts'
import type { DeviceStatus } from '../../core/run.ts'
import type { Runbook } from '../../core/runbook.ts'
import { GUARD_CODES } from '../../core/safety-codes.ts'
import type { Warning } from '../../core/warning.ts'
import { mayBeginAt } from '../../engine/admission/decide.ts'
import { Ledger } from '../../engine/admission/ledger.ts'
import type { Situation } from '../../engine/admission/rule.ts'
import { warningText } from '../../engine/admission/rules/warnings.ts'
import { shownTime } from '../../engine/admission/shown-time.ts'
import { decideAgreed } from '../../engine/admission/warned-devices.ts'
import type { Project } from '../project.ts'
import { expectedTimes } from './expected-times.ts'
import { compiledFor, lastSeen, livingContent, policyOf, purposeOf } from './policy-in-force.ts'

/** When a device may be changed, and why not now. */
export interface Why {
  readonly device: Device
  /** Clocks of its store. */
  readonly zone: string
  readonly policy: string
  /** It is the one that comes with Tillwright: the repository names none. */
  readonly isBuiltIn: boolean
  readonly purpose: Purpose
  /** What speaks against it now; nothing: it may. */
  readonly reasons: readonly Reason[]
  /** When it may as far as is known now; absent: that depends on somebody. */
  readonly at?: number
  /** What it is asked for right before a change. */
  readonly guards: readonly { readonly name: string; readonly says: string }[]
  /** By whom people at it are told before, and how long before. */
  readonly warnings: readonly Warning[]
  /** Rules of which the policy cannot tell whether they are about it; it counts as if they were. */
  readonly undecided: readonly string[]
  /** The last time that a guard held it back, if no later run came to another end. */
  readonly guardSeen?: Pick<DeviceStatus, 'at' | 'message'>
}

/** Answers why for many devices, all at one instant. */
export type Explainer = (device: Device) => Why

/** Puts all rules of admission to the question, as for a run of one device that asks now; nothing is taken by it. */
export async function explainer(
  project: Project,
  of: { readonly runbooks: readonly Runbook[]; readonly purpose?: Purpose | undefined },
): Promise<Explainer> {
  const [fleet, store] = await Promise.all([project.fleet(), project.store()])
  const now = Date.now()
  const [content, seen] = await Promise.all([livingContent(store, fleet, now), lastSeen(store)])
  const purpose = of.purpose ?? purposeOf(of.runbooks)
  const zone = (device: Device): string => fleet.stores.get(device.store)?.time_zone ?? 'UTC'
  const guardSeen = await lastGuards(store)
  const common = (device: Device) => {
    const last = guardSeen.get(device.name)
    return { device, zone: zone(device), purpose, ...(last && { guardSeen: last }) }
  }
  const policy = compiledFor(project, fleet, policyOf(project, of.runbooks))
  const expectedOf = await expectedTimes(store, fleet, { runbooks: of.runbooks, guess: policy.policy.guess })
  const situation: Situation = {
    now,
    ledger: new Ledger(policy, content),
    run: { run: '', waves: [ONE], isOnTerminal: false, rollbacks: { failed: 0 } },
    seen: (device) => seen.get(device),
    holdsOn: (name) => content.holds.filter(({ on }) => on === name),
    breaker: content.breaker,
    approvals: [],
    isToCome: () => false,
    isAsking: () => true,
  }
  return (device) => {
    const { decision, at } = mayBeginAt(
      policy,
      situation,
      questionOf(device, {
        purpose,
        expected: expectedOf(device.name),
        isBack: seen.get(device.name)?.isAway === true,
        guards: policy.guardsOf(device.name, purpose).map(({ name: guard }) => ({ guard, says: 'free' as const })),
      }),
      decideAgreed,
    )
    return {
      ...common(device),
      policy: policy.policy.name,
      isBuiltIn: !project.settings.hasPolicies,
      reasons: decision.kind === 'begin' ? [] : decision.reasons,
      ...(at !== undefined && { at }),
      guards: policy.guardsOf(device.name, purpose).map(({ name, says }) => ({ name, says })),
      warnings: policy.warningsOf(device.name, purpose),
      undecided: policy.undecidedOf(device.name, purpose),
    }
  }
}

const ONE = { size: 1, results: { passed: 0, failed: 0, unmet: 0, unreachable: 0, deferred: 0 } }

/** Guards are taken to say that it is free, and people to agree: they are named, and not asked. */
function questionOf(device: Device, of: Pick<Question, 'purpose' | 'expected' | 'guards' | 'isBack'>): Question {
  return { moment: 'change', run: '', device: device.name, origin: 'pipeline', ...of }
}

async function lastGuards(store: { status(): AsyncIterable<DeviceStatus> }) {
  const found = new Map<string, Pick<DeviceStatus, 'at' | 'message'>>()
  for await (const { device, code, at, message } of store.status()) {
    if (code !== null && GUARD_CODES.has(code)) found.set(device, { at, message })
  }
  return found
}

/** For people. */
export function whyText(why: Why): string {
  const { device, policy, isBuiltIn, purpose, reasons, at, zone, guards, warnings, undecided, guardSeen } = why
  const under = `Policy ${policy}${isBuiltIn ? ' (comes with Tillwright: tillwright.yaml has none)' : ''}, ${purpose}`
  const lines = [`${device.name} may${reasons.length === 0 ? '' : ' not'} be changed now. ${under}.`]
  for (const { by, code, message } of reasons) lines.push(`  ${by} (${code}): ${message}`)
  if (reasons.length > 0) {
    const when =
      at === undefined
        ? 'When depends on what is named above.'
        : `As far as is known now, it may at ${shownTime(at, zone)}.`
    lines.push(`  → ${when}`)
  }
  if (undecided.length > 0) {
    lines.push(`  Whether these are about it cannot be told, so they are: ${undecided.join(', ')}. See till validate.`)
  }
  if (guards.length > 0) {
    const asked = guards.map(({ name, says }) => `${name} (whether ${says})`).join(', ')
    lines.push(`  Right before each change the device itself is asked: ${asked}.`)
  }
  if (warnings.length > 0) lines.push(`  Before it is changed: ${warnings.map(warningText).join('; ')}.`)
  if (guardSeen) lines.push(`  The last run was held back, at ${guardSeen.at}: ${guardSeen.message ?? ''}`)
  return `${lines.join('\n')}\n`
}

/** For machines: schema till.why/1. */
export function whyJson({
  device,
  policy,
  isBuiltIn,
  purpose,
  reasons,
  at,
  guards,
  warnings,
  undecided,
  guardSeen,
}: Why): JsonObject {
  return {
    schema: 'till.why/1',
    device: device.name,
    store: device.store,
    policy,
    is_built_in: isBuiltIn,
    purpose,
    may: reasons.length === 0,
    not_before: at === undefined ? null : new Date(at).toISOString(),
    reasons: reasons.map(({ until, whom, ...reason }) => ({
      ...reason,
      ...(whom !== undefined && { whom }),
      ...(until !== undefined && { until: new Date(until).toISOString() }),
    })),
    guards: guards.map((guard) => ({ ...guard })),
    ...(warnings.length > 0 && {
      warnings: warnings.map(({ name, waitMs, notNowExit, times, forMs, afterLimit, onFailure }) => ({
        name,
        wait_seconds: waitMs / 1_000,
        not_now_exit: notNowExit,
        times,
        for_seconds: forMs === undefined ? null : forMs / 1_000,
        after: afterLimit,
        fails: onFailure,
      })),
    }),
    ...(undecided.length > 0 && { undecided: [...undecided] }),
    ...(guardSeen && { guard_seen: { at: guardSeen.at, message: guardSeen.message } }),
  }
}
