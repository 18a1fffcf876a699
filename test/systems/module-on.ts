import type { ShellChannel } from '../../src/core/channel.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { MODULES } from '../../src/modules/index.ts'
import { someContext } from '../modules/some-context.ts'

/** What a step saw and would change, what came of the change, and what differs behind it. */
export interface StepSeen {
  readonly failure?: string
  readonly code?: string
  readonly unknown?: string
  readonly changes?: readonly string[]
  readonly left?: readonly string[]
}

/** Runs steps of a module on a device. */
export function moduleOn(
  name: string,
  shell: () => ShellChannel,
): (params: JsonObject, triggered?: boolean) => Promise<StepSeen> {
  const module = MODULES.find((one) => one.name === name)
  const look = async (params: JsonObject, triggered: boolean) => {
    const seen = await module?.observe(someContext(shell()), params)
    if (!seen?.ok) return { failure: seen?.failure.message ?? '', code: seen?.failure.code ?? '' }
    const compared = seen.value.compare({ triggered })
    if ('unknown' in compared) return { unknown: compared.unknown }
    return {
      all: compared.changes,
      changes: compared.changes.map(({ path, before }) => `${path}: ${before}`),
      converge: seen.value.converge,
    }
  }
  return async (params, triggered = false) => {
    const first = await look(params, triggered)
    if (first.all === undefined) return first
    if (first.all.length === 0) return { changes: [] }
    const done = await first.converge?.(first.all)
    if (done?.ok === false) return { changes: first.changes, failure: done.failure.message, code: done.failure.code }
    const second = await look(params, false)
    return { changes: first.changes, left: second.changes ?? [second.failure ?? second.unknown ?? ''] }
  }
}
