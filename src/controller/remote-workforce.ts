import { setMaxListeners } from 'node:events'
import { deviceEnvironment, historyIn } from '../app/run/device-environment.ts'
import { RunFollower } from '../app/run/handed/follower.ts'
import { RemotePool } from '../app/run/handed/remote-pool.ts'
import { refuseUnserved } from '../app/run/handed/unserved.ts'
import { runbooksOf } from '../app/run/kept/keep-work.ts'
import type { RunPolicy } from '../app/run/run-policy.ts'
import type { PlannedWork, RunOptions } from '../app/run/run-request.ts'
import { fail } from '../core/failure.ts'
import type { JsonObject } from '../core/json.ts'
import type { LeaseToken } from '../core/lease.ts'
import type { Runbook } from '../core/runbook.ts'
import type { DeviceEnvironment } from '../engine/device/perform-device.ts'
import type { Journal } from '../engine/journal/journal.ts'
import { selectorScope } from '../lang/expression.ts'
import { machineLoad } from '../load/machine-load.ts'
import type { Shared, Workforce } from './run.ts'

/**
 * Throws InputError where a run over workers has nobody for some of its devices, or cannot hand anything over. What goes on within another
 * run has its end with that.
 */
export async function refuseWithoutWorkers(
  { on, project, work }: Pick<RunOptions & PlannedWork, 'on' | 'project' | 'work'>,
  { handing, store }: Pick<Shared, 'handing' | 'store'>,
  isWithin = false,
): Promise<void> {
  if (on !== 'workers' || isWithin) return
  await handing()
  await refuseUnserved(work, store, project.settings.workers())
}

/** More than any number of workers has room for. */
const NO_LIMIT = 1_000_000

/**
 * Workers of other processes: the schedule and admission of the run stay here, and so does what is told at its beginning and its end.
 * Throws InputError where there is nobody for some of the devices.
 */
export async function openRemoteWorkforce(
  request: RunOptions & PlannedWork,
  run: Pick<DeviceEnvironment, 'admission' | 'stopping' | 'aborting'> & {
    readonly shared: Shared
    readonly journal: Journal
    readonly guardsOf: RunPolicy['guardsOf']
    readonly id: string
    readonly lease: LeaseToken
    /** Number of the last event that is known here. */
    readonly after: number
    /** Of a run that is carried on: as they were kept with it, whatever of them is left to do. */
    readonly runbooks: readonly Runbook[] | undefined
  },
): Promise<Workforce> {
  const { fleet, mode, work } = request
  const { id, journal, stopping, aborting } = run
  const { store, keeper, masker, warn, handing } = run.shared
  const { queue, bell } = await handing()
  const key = await store.fleets.keyOf(fleet)
  setMaxListeners(0, stopping, aborting)
  const pool = await RemotePool.open({
    run: id,
    runLease: run.lease,
    fleet,
    fleetKey: key,
    runbooks: run.runbooks ?? runbooksOf(work),
    store,
    keeper,
    queue,
    bell,
    storeScopeOf: (device) => selectorScope(fleet, device).store,
    guardsOf: run.guardsOf,
    mask: (value: JsonObject) => masker.value(value),
    stopping,
    aborting,
    warn,
    workers: request.project.settings.workers(),
  })
  await store.work.open(id, { mode, fleet: key })
  const follower = new RunFollower({
    run: id,
    store,
    bell,
    after: run.after,
    event: (event) => {
      journal.deliver(event)
      pool.event(event)
    },
    question: mode === 'apply' ? (question) => pool.question(question) : undefined,
  })
  follower.failed.addEventListener('abort', () => pool.fail(follower.failed.reason))
  return {
    environment: environmentOf(request, run, () => follower.look()),
    pool: {
      isSelective: true,
      pick: (device) => pool.pick(device),
      onRoom: (listener) => pool.onRoom(listener),
      async close() {
        await pool.close()
        await follower.close()
        await store.work.close(id, key)
      },
    },
    parallel: () => request.parallel ?? NO_LIMIT,
    told: () => follower.upTo(journal.lastSeq),
    leave: () => undefined,
  }
}

/** What the schedule needs; devices are spoken to elsewhere. `look` is called when something was written. */
function environmentOf(
  { fleet, mode, project }: PlannedWork & Pick<RunOptions, 'mode'>,
  run: Pick<DeviceEnvironment, 'admission' | 'stopping' | 'aborting'> & {
    readonly shared: Shared
    readonly journal: Journal
    readonly guardsOf: RunPolicy['guardsOf']
  },
  look: () => void,
): DeviceEnvironment {
  const { shared, journal, admission, stopping, aborting } = run
  const { store, masker, transports } = shared
  const nowhere = async () => fail({ code: 'INTERNAL_BUG', phase: 'resolve', message: 'Workers connect.' } as const)
  return deviceEnvironment({
    mode,
    admission,
    async emit(body, lease) {
      await journal.emit(body, lease)
      look()
    },
    scopeOf: (device) => ({ ...selectorScope(fleet, device), vars: device.vars }),
    historyOf: historyIn(store),
    guardsOf: (device) => run.guardsOf(device.name),
    readSecret: nowhere,
    overloadedMs: () => machineLoad.overloadedMs,
    stopping,
    aborting,
    mask: async (value) => masker.value(value),
    sessions: {
      resolver: { resolve: nowhere },
      transports: transports,
      neighboursOf: () => ({}),
      watch: { connecting: () => undefined, connected: () => undefined },
    },
    root: project.root,
    modules: project.modules().all,
  })
}
