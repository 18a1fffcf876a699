import { firstSummary, InputError } from '../../core/diagnostic.ts'
import type { Episode } from '../../core/episode.ts'
import type { Device } from '../../core/fleet.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import type { Runbook } from '../../core/runbook.ts'
import { hookParams } from '../../hooks/hook-params.ts'
import type { Hooks } from './open-hooks.ts'
import { alertScope } from './place-alerts.ts'

/** A repair with everything filled in, or why there is none. */
export interface Repair {
  readonly why?: string
  readonly params: Readonly<Record<string, string>>
  readonly device?: Device
  readonly runbook?: Runbook
}

/** The runbook with its values, or why it cannot be applied to the device. */
export function repairOf(
  hooks: Pick<Hooks, 'fleet' | 'runbook'>,
  rule: HookRule,
  { alert, device: name, store }: Pick<Episode, 'alert' | 'device' | 'store'>,
): Repair {
  if (rule.runbook === undefined || name === null) return { params: {} }
  const device = hooks.fleet.devices.get(name)
  if (!device) return { why: `The device ${name} is no longer in the inventory.`, params: {} }
  const scope = alertScope(hooks, alert, { device, store })
  const filled = hookParams(rule, scope)
  if (!filled.ok) return { why: filled.why, params: {} }
  const { params } = filled
  try {
    const runbook = hooks.runbook(rule.runbook, params)
    const meant = runbook.targets?.evaluate(scope)
    if (!meant || (meant.ok && meant.value === true)) return { params, device, runbook }
    return { why: `The runbook ${rule.runbook} is not meant for ${name}: its targets leave it out.`, params }
  } catch (error) {
    if (error instanceof InputError) return { why: firstSummary(error), params }
    throw error
  }
}
