import { setTimeout as sleep } from 'node:timers/promises'
import type { Change } from '../../core/change.ts'
import { fail, type Result, SessionLost, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { defineModule } from '../define.ts'
import { listOf, mapOf, number, text } from '../value-schema.ts'
import { type Boot, orderRestart, readBoot, wasRestarted } from './boot.ts'

/** Between two attempts to reach a device that is starting. */
const PAUSE_MS = 5_000

/** What leaves a mark for it on Debian and Ubuntu, and what can be asked on systems with rpm. */
const SAYS_WITH = 'with the package reboot-notifier (apt) or yum-utils (dnf) it does'

export const reboot = defineModule({
  name: 'reboot',
  summary: 'Restarts a device that wants it, and waits until it is itself again',
  systems: ['linux', 'windows'],
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      when: {
        enum: ['pending', 'triggered', 'always'],
        description:
          'Default: pending, when the system says that it has to be restarted, or a step of restart_on changed something. ' +
          'triggered: only the latter. always: in every apply.',
      },
    },
  },
  observe: readBoot,
  diff: ({ when = 'pending' }, boot, { triggered }): readonly Change[] | { readonly unknown: string } => {
    const due = when === 'always' || triggered || (when === 'pending' && boot.pending === true)
    if (due) return [{ path: 'restart', before: null, after: boot.reasons.join(', ') || 'desired', once: true }]
    if (when === 'pending' && boot.pending === null) {
      return { unknown: `The system does not say whether it has to be restarted; ${SAYS_WITH}.` }
    }
    return []
  },
  valueSchema: mapOf({
    boot_id: text('Another one after every start; empty where the system has no such thing.'),
    uptime_seconds: number('How long it has been up.'),
    pending: {
      type: ['boolean', 'null'],
      description: 'Whether it has to be restarted; null where the system does not say.',
    },
    reasons: listOf({ type: 'string' }, 'Why.'),
  }),
  value: (boot) => ({
    boot_id: boot.id,
    uptime_seconds: boot.uptimeS,
    pending: boot.pending,
    reasons: [...boot.reasons],
  }),
  converge: (context, _params, _changes, before) => restart(context, before),
})

async function restart(context: ModuleContext, before: Boot): Promise<Result<void>> {
  const ordered = await orderRestart(context)
  if (!ordered.ok) return ordered
  const began = performance.now()
  let last = 'It answers, but it was not restarted yet.'
  while (!context.signal.aborted) {
    await sleep(PAUSE_MS, undefined, { signal: context.signal }).catch(() => undefined)
    const after = await lookAnew(context)
    if (after.ok && wasRestarted(before, after.value)) return success(undefined)
    if (!after.ok) last = after.failure.message
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  const message = `The device was told to restart and did not come back within ${seconds} s. ${last}`
  const hint = 'Give the step a longer `timeout` if it only takes its time; else look at the device.'
  return fail({ code: 'CONVERGE_TIMEOUT', phase: 'converge', message, hint })
}

/** A device that is down is what is waited for; one whose run is stopped is not. */
async function lookAnew(context: ModuleContext): Promise<Result<Boot>> {
  try {
    await context.shell.renew?.()
    return await readBoot(context)
  } catch (error) {
    if (!(error instanceof SessionLost) || error.failure.code === 'RUN_CANCELLED') throw error
    return fail(error.failure)
  }
}
