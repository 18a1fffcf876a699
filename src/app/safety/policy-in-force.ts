import { createHash } from 'node:crypto'
import type { AdmissionContent, Seen } from '../../core/admission.ts'
import { DEFAULT_POLICY } from '../../core/default-policy.ts'
import { InputError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { WORKS_STATES } from '../../core/outcome.ts'
import type { Plan } from '../../core/plan.ts'
import type { Policy, Purpose } from '../../core/policy.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { World } from '../../engine/admission/admission-world.ts'
import { type CompiledPolicy, compilePolicy } from '../../engine/admission/compile-policy.ts'
import { withoutTheDead } from '../../engine/admission/freed-place.ts'
import { planWaves, type WavePlan } from '../../engine/admission/plan-waves.ts'
import { stricterOf } from '../../engine/admission/stricter-of.ts'
import { mapped } from '../../lang/inventory/lazy-map.ts'
import { loadCalendars } from '../../lang/policy/load-calendars.ts'
import type { Project } from '../project.ts'
import { admissionWorld } from '../revision/admission-world.ts'

/**
 * The policy that runbooks ask for, the stricter of several; without any, the one for those that ask for none. Those that are
 * named `beside` can only tighten it. What a run began under (`before`) holds to its end; what was committed since can only
 * tighten it, too.
 */
export function policyOf(
  project: Project,
  runbooks: readonly Runbook[],
  {
    before,
    beside = [],
  }: { readonly before?: Policy | undefined; readonly beside?: readonly string[] | undefined } = {},
): Policy {
  const { policies, hasPolicies } = project.settings
  if (!hasPolicies) return before ?? builtInPolicy(project)
  const names = runbooks.length === 0 ? ['default'] : runbooks.map(({ policy = 'default' }) => policy)
  const asked = [...names, ...beside].map((name) => policies.get(name))
  const now = [...new Set(asked.filter((policy) => policy !== undefined))]
  const [first, ...others] = before ? [before, ...now] : now
  if (!first) throw new Error('a runbook asks for a policy that was not checked')
  return others.reduce(stricterOf, first)
}

/**
 * What a repository is under that has no `policies`. Nobody buys in a sandbox, and whoever tries something there does not want to wait:
 * it has neither waves nor caps.
 */
function builtInPolicy({ isSandbox }: Project): Policy {
  return isSandbox ? { ...withoutWaves(DEFAULT_POLICY, 'rollout'), caps: [] } : DEFAULT_POLICY
}

/** A policy under which all devices are one wave, that nobody watches. */
export function withoutWaves(policy: Policy, purpose: Purpose): Policy {
  const { waves: _waves, ...rules } = policy[purpose]
  return { ...policy, [purpose]: rules }
}

/**
 * A policy as a rollout over these waves is under it. Of a few stores that are one wave by the policy that comes with Tillwright, none is
 * there to be saved, so that one that fails does not keep the others from being mended.
 */
export function asOneWave(
  policy: Policy,
  purpose: Purpose,
  of: { readonly project: Project; readonly waves: WavePlan['waves'] },
): Policy {
  const isWhole = !of.project.settings.hasPolicies && of.waves.length < 2
  return isWhole ? withoutWaves(policy, purpose) : policy
}

/** The policy of a runbook as a plan names it; undefined where tillwright.yaml has none. */
export function planPolicy(project: Project, runbook: Runbook): Plan['policy'] {
  if (!project.settings.hasPolicies) return undefined
  const policy = policyOf(project, [runbook])
  return { name: policy.name, digest: policyDigest(policy) }
}

/** sha256 of its rules, in hexadecimal. */
export function policyDigest(policy: Policy): string {
  return createHash('sha256').update(JSON.stringify(policy)).digest('hex')
}

/** What a run of these runbooks is for: a repair only where all of them are. */
export function purposeOf(runbooks: readonly Runbook[]): Purpose {
  return runbooks.length > 0 && runbooks.every((runbook) => runbook.purpose === 'repair') ? 'repair' : 'rollout'
}

/** A policy with its calendars and the fleet. Throws InputError for calendars that cannot be read. */
export function compiledFor(project: Project, fleet: Fleet, policy: Policy): CompiledPolicy {
  const { calendars, diagnostics } = loadCalendars([policy], project.root)
  if (diagnostics.length > 0) throw new InputError(diagnostics)
  const world = admissionWorld(fleet, calendars)
  return compilePolicy(policy, project.isSandbox && !project.settings.hasPolicies ? withoutTrade(world) : world)
}

function withoutTrade(world: World): World {
  return { ...world, stores: mapped(world.stores, (store) => ({ ...store, hours: NEVER_OPEN })) }
}

const NEVER_OPEN = { week: { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }, exceptions: {} }

/** The waves of a run, by what it is about and the text of its runbooks alone. */
export function wavesOf(devices: readonly Device[], policy: Policy[Purpose], runbooks: readonly Runbook[]): WavePlan {
  return planWaves(devices.map(targetOf), policy.waves, runbooks.map(({ digest }) => digest).join())
}

/** Profile and system as one text, so that the canary has one of each; without a version nobody stands for it. */
function targetOf({ name, store, region, profile, os }: Device) {
  const system = [profile, os.family, os.distribution, os.version].filter((part) => part !== undefined)
  return { device: name, store, region, ...(os.version !== undefined && { class: system.join(' ') }) }
}

/** What is in progress as a run would find it: what a killed one had in hand is nobody's. */
export async function livingContent(store: RunStore, fleet: Fleet, now: number): Promise<AdmissionContent> {
  return withoutTheDead(await store.admission.readHeld(await store.fleets.keyOf(fleet)), now)
}

/** When each device was last seen, and whether it worked. */
export async function lastSeen(store: RunStore): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>()
  for await (const { device, state, at, seen_at } of store.status()) {
    // Who was put off after a look could have been changed; without one, that tells nothing about the device.
    const wasSeen = state === 'deferred' && seen_at === at
    if ((state === 'deferred' && !wasSeen) || state === 'cancelled') continue
    const isAway = state === 'unreachable'
    seen.set(device, { working: wasSeen || WORKS_STATES.has(state), at: Date.parse(at), ...(isAway && { isAway }) })
  }
  return seen
}
