import { openProject } from '../app/project.ts'
import { refuseForeignStore } from '../app/state/store-that-counts.ts'
import { type Enrolled, enrol } from '../app/worker/enrol.ts'
import { unknownServed } from '../app/worker/unknown-served.ts'
import { Worker } from '../app/worker/worker.ts'
import { machineLoad } from '../load/machine-load.ts'
import { drained } from '../transports/index.ts'
import { openShared } from './controller.ts'

export interface WorkerOptions {
  /** Folder of the repository. */
  readonly folder: string
  readonly sandbox: boolean
  readonly name: string
  /** See `serveText`. */
  readonly serve: string
  /** Reference to the secret that is its token. */
  readonly token: string
  readonly slots: number
  readonly warn: (text: string) => void
  readonly tell: (text: string) => void
}

/** A worker in this process, until it is stopped. */
export interface OpenWorker {
  /** What it serves of what it was asked to. */
  readonly serve: string
  readonly counts: Worker['counts']
  /** Finishes what it has, and lets go of everything. */
  stop(): Promise<void>
  hurry(): void
  reload(): Promise<void>
}

/** Another worker may have what a dead one had a quarter of that later: within 20 s in all, with what the queue takes. */
const LEASE_MS = 12_000

/** Works for runs that other processes carry on. Throws InputError where it cannot. */
export async function openWorker(options: WorkerOptions): Promise<OpenWorker> {
  const { folder, sandbox, warn, tell, name, slots } = options
  const project = await openProject(folder, { sandbox })
  const shared = await openShared(project, warn, { leaseMs: LEASE_MS })
  const unwatch = machineLoad.watch()
  const letGo = async (): Promise<void> => {
    unwatch()
    await Promise.all([drained(shared.transports), shared.keeper.close(), shared.closeHanding()])
    await project.close()
  }
  let worker: Worker
  let enrolled: Enrolled
  try {
    await refuseForeignStore(project, shared.store)
    const { read } = shared.secretsOf(project)
    enrolled = await enrol(project.settings.workers(), options, read)
    const { queue, bell } = await shared.handing()
    worker = await Worker.start(
      { ...shared, project, queue, bell, overloadedMs: () => machineLoad.overloadedMs },
      { name, slots, tell, ...enrolled },
    )
    const apart = shared.store.nowMs() - Date.now()
    if (apart !== 0) warn(wrongClock(apart))
    for (const text of await unknownServed(project, enrolled.serve)) warn(text)
  } catch (error) {
    await letGo()
    throw error
  }
  return {
    serve: enrolled.serve,
    get counts() {
      return worker.counts
    },
    async stop() {
      await worker.stop()
      await letGo()
    },
    hurry: () => worker.hurry(),
    reload: async () => undefined,
  }
}

function wrongClock(apartMs: number): string {
  const way = apartMs > 0 ? 'behind' : 'ahead of'
  const seconds = Math.round(Math.abs(apartMs) / 1000)
  return `The clock of this machine is ${seconds} s ${way} that of the state store, by which it tells times. Set it right (NTP).`
}
