import type { Expected } from '../../core/admission.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Policy } from '../../core/policy.ts'
import type { RunStore } from '../../core/ports.ts'
import type { Runbook } from '../../core/runbook.ts'
import { type ChangeTimes, expectedTime } from '../../engine/admission/expected-time.ts'

/** So many of the newest runs are looked through for changes like those to come. */
const MOST_RUNS = 500
/** Of a class of devices no more are looked for. */
const ENOUGH = 200
/** So many events are read at the most, so that a question costs little however long the history is. */
const MOST_EVENTS = 20_000

interface Times {
  readonly changes: number[]
  readonly rollbacks: number[]
}

/**
 * How long a change of a device is expected to take: by what changes of the same runbooks took on devices of its profile and
 * system, newest first, or by the guess of the policy. Looking again is part of a change.
 */
export async function expectedTimes(
  store: Pick<RunStore, 'runs' | 'events'>,
  fleet: Fleet,
  of: { readonly runbooks: readonly Pick<Runbook, 'name'>[]; readonly guess: Policy['guess'] },
): Promise<(device: string) => Expected> {
  const byClass = await pastTimes(store, fleet, of.runbooks.map(({ name }) => name).sort())
  const known = new Map<string, Expected>()
  return (device) => {
    const name = classOf(fleet, device)
    const found = known.get(name) ?? expectedTime(byClass.get(name) ?? NONE, of.guess)
    known.set(name, found)
    return found
  }
}

const NONE: ChangeTimes = { changes: [], rollbacks: [] }

async function pastTimes(
  store: Pick<RunStore, 'runs' | 'events'>,
  fleet: Fleet,
  runbooks: readonly string[],
): Promise<ReadonlyMap<string, ChangeTimes>> {
  const byClass = new Map<string, Times>()
  for await (const { device, undone, duration_ms } of pastChanges(store, runbooks)) {
    const name = classOf(fleet, device)
    const times = byClass.get(name) ?? { changes: [], rollbacks: [] }
    byClass.set(name, times)
    const list = undone ? times.rollbacks : times.changes
    if (list.length < ENOUGH) list.push(duration_ms)
  }
  return byClass
}

/** Devices that runs of the same runbooks have changed, those of the newest run first. */
async function* pastChanges(store: Pick<RunStore, 'runs' | 'events'>, runbooks: readonly string[]) {
  const wanted = runbooks.join()
  let read = 0
  for (const { run, mode, runbooks: names, counts } of await store.runs({ limit: MOST_RUNS })) {
    if (mode !== 'apply' || counts.changed === 0 || [...names].sort().join() !== wanted) continue
    for await (const event of store.events(run)) {
      read += 1
      if (read > MOST_EVENTS) return
      if (event.type === 'device.finished' && event.state === 'changed') yield event
    }
  }
}

function classOf(fleet: Fleet, device: string): string {
  const { profile, os } = fleet.devices.get(device) ?? {}
  return [profile, os?.family, os?.distribution, os?.version].filter((part) => part !== undefined).join(' ')
}
