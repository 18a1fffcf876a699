import { contentDesk } from '../app/reach/content-desk.ts'
import { neighboursOf } from '../app/reach/resolve-target.ts'
import { learnSecrets } from '../app/reach/secrets.ts'
import { deviceEnvironment, deviceLogins, historyIn } from '../app/run/device-environment.ts'
import type { RunPolicy } from '../app/run/run-policy.ts'
import type { PlannedWork, RunOptions } from '../app/run/run-request.ts'
import { ThreadPool } from '../app/run/workers/thread-pool.ts'
import { counted } from '../core/counted.ts'
import type { Device } from '../core/fleet.ts'
import type { Neighbours } from '../core/module.ts'
import type { DeviceEnvironment } from '../engine/device/perform-device.ts'
import type { Journal } from '../engine/journal/journal.ts'
import { filesLeft } from '../files/most-open-files.ts'
import { selectorScope } from '../lang/expression.ts'
import { machineLoad } from '../load/machine-load.ts'
import type { Share } from './budgets.ts'
import type { Shared, Workforce } from './run.ts'

type Request = RunOptions & PlannedWork

/** Built beside this file's room, as in src. */
const THREAD = new URL('../app/device-thread.js', import.meta.url)

/** Threads of this process, and what the main one needs to work on devices itself. */
export function openLocalWorkforce(
  request: Request,
  run: Pick<DeviceEnvironment, 'admission' | 'stopping' | 'aborting'> & {
    readonly shared: Shared
    readonly journal: Journal
    readonly guardsOf: RunPolicy['guardsOf']
  },
): Workforce {
  const { project, fleet, mode, work } = request
  const { shared, journal, stopping, aborting } = run
  const { store, keeper, masker, transports, warn } = shared
  const secrets = shared.secretsOf(project)
  const { credentials } = shared
  const resolver = deviceLogins(project, { fleet, secrets, credentials, storeId: keeper.storeId })
  const scopeOf: DeviceEnvironment['scopeOf'] = (device) => ({ ...selectorScope(fleet, device), vars: device.vars })
  const neighbours = (device: Device): Neighbours => neighboursOf(fleet, device)
  const content = contentDesk(shared.traffic, {
    settings: project.settings.content,
    fleet,
    storeOf: (device) => scopeOf(device).store,
  })
  const membership = shared.budgets.join(({ logins }) => pool.setHandshakes(logins))
  const { share } = membership
  const most = devicesByFiles()
  if (most < Math.min(devicesAtATime(request, share), work.length)) warn(fewFiles(most))
  const pool: ThreadPool = new ThreadPool({
    entry: THREAD,
    leasedUntil: keeper.shared.buffer as SharedArrayBuffer,
    mode,
    work,
    root: project.root,
    modules: project.paths.modules,
    workers: request.workers ?? project.settings.run.workers,
    parallel: Math.min(most, devicesAtATime(request, share)),
    gate: membership.gate,
    handshakes: share.logins,
    resolver,
    scopeOf,
    neighboursOf: neighbours,
    guardsOf: run.guardsOf,
    content,
    warn,
  })
  const environment = deviceEnvironment({
    mode,
    admission: run.admission,
    emit: journal.emit,
    scopeOf,
    historyOf: historyIn(store),
    guardsOf: (device) => run.guardsOf(device.name),
    readSecret: secrets.read,
    learnSecrets: (device) => learnSecrets(device, secrets.read),
    overloadedMs: () => machineLoad.overloadedMs,
    stopping,
    aborting,
    mask: async (value) => masker.value(value),
    sessions: { resolver, transports, neighboursOf: neighbours, watch: pool.here.pendingConnections, content },
    root: project.root,
    modules: project.modules().all,
  })
  return {
    pool,
    environment,
    parallel: () => Math.min(most, devicesAtATime(request, membership.share)),
    told: async () => undefined,
    leave: () => membership.leave(),
  }
}

/** A connection, and as much again for what is asked beside it. */
const FILES_A_DEVICE = 2
/** For the threads of the run, the state and what is read meanwhile. */
const FILES_BESIDE = 10

/** For how many devices at a time this process may still open files; at least one. */
function devicesByFiles(): number {
  const left = filesLeft() ?? Number.POSITIVE_INFINITY
  return Math.max(1, Math.floor((left - FILES_BESIDE) / FILES_A_DEVICE))
}

function fewFiles(most: number): string {
  return `This process may open few files: ${counted(most, 'device')} at a time. Raise that (\`ulimit -n 4096\`, LimitNOFILE= of a unit of systemd) for more.`
}

/** Who asks for more than the project allows gets it where nobody else has to do with less for it. */
function devicesAtATime({ parallel }: Request, share: Share): number {
  return share.isAll ? (parallel ?? share.devices) : Math.min(parallel ?? share.devices, share.devices)
}
