import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { InputError, RunBroken } from '../../core/diagnostic.ts'
import type { RunbookReference, RunMode } from '../../core/events.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { DeviceState } from '../../core/outcome.ts'
import type { Neighbours, Reporter, RunStore, Transport } from '../../core/ports.ts'
import { leaseAdmission } from '../../engine/admission/admission.ts'
import { LeaseKeeper } from '../../engine/admission/lease-keeper.ts'
import type { DeviceEnvironment, DeviceWork } from '../../engine/device/perform-device.ts'
import { type FleetEnd, runFleet } from '../../engine/fleet/run-fleet.ts'
import { openJournal } from '../../engine/journal/journal.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { revisionOf } from '../../gitops/revision.ts'
import { selectorScope } from '../../lang/expression.ts'
import { secretSources } from '../../secrets/index.ts'
import { bootClockMs } from '../../stores/process-identity.ts'
import { createHandshakeGate, drained, openTransports } from '../../transports/index.ts'
import { hostKeyLookup } from '../../transports/known-hosts.ts'
import type { Project } from '../project.ts'
import { neighboursOf, targetResolver } from '../reach/resolve-target.ts'
import { learnSecrets, secretReader } from '../reach/secrets.ts'
import { checkValues } from '../revision/check-values.ts'
import { VERSION } from '../version.ts'
import { warnOnce } from '../warn.ts'
import { UnwritableError } from '../writer.ts'
import { accountName } from './account.ts'
import { deviceEnvironment, SYSTEM_CLOCK } from './device-environment.ts'
import { listenForInterrupts } from './interrupts.ts'
import { runPolicy } from './run-policy.ts'
import { ThreadPool, type Workers } from './workers/thread-pool.ts'

/** What a command asks for. */
export interface RunRequest {
  readonly mode: RunMode
  readonly project: Project
  /** The inventory, or the sandbox's part of it. */
  readonly fleet: Fleet
  readonly work: readonly DeviceWork[]
  readonly runbooks: readonly RunbookReference[]
  /** Devices at a time; the project's setting otherwise. */
  readonly parallel?: number | undefined
  /** Worker threads; the project's setting otherwise. */
  readonly workers?: Workers | undefined
  readonly reporters: (run: string, revision: string | null) => readonly Reporter[] | Promise<readonly Reporter[]>
  /** The commit that is worked with, where that is not to be asked of git. */
  readonly revision?: string | undefined
  /** Id of the plan that is applied. */
  readonly plan?: string | undefined
  /** How long the run waits for windows and soak times of its policy, in milliseconds. Default: not at all. */
  readonly waitMs?: number | undefined
  /** Windows and freezes of the policy do not hold, and why. */
  readonly breakGlass?: string | undefined
  /** Somebody has looked at the canary: the run does not pause behind it. */
  readonly goOn?: boolean | undefined
  /** States of devices that make the exit code another than 0; all that are not as desired unless told. */
  readonly failOn?: ReadonlySet<DeviceState> | undefined
}

/** Built beside this file's room, as in src. */
const THREAD = new URL('../app/device-thread.js', import.meta.url)

/** Wires one run of this process and sees it through to its end: journal, reporters, leases, signals. */
export async function startRun(request: RunRequest): Promise<FleetEnd & { readonly run: string }> {
  const { project } = request
  // What is only looked at goes on without a device that lacks a value; what changes is right as a whole, or is not begun.
  const missing = request.mode === 'drift' ? [] : checkValues(request.fleet, request.work)
  if (missing.length > 0) throw new InputError(missing)
  const [store, revision] = await Promise.all([project.store(), request.revision ?? revisionOf(project.root)])
  const run = runId(SYSTEM_CLOCK.now())
  const masker = new Masker()
  const reporters = await request.reporters(run, revision)
  const journal = openJournal({ run, store, reporters, masker, clock: SYSTEM_CLOCK })
  const keeper = new LeaseKeeper(store.leases, { ttlMs: project.settings.run.leaseMs, clockMs: bootClockMs })
  const leases = leaseAdmission(keeper, { run, fleet: request.fleet.name })
  const isChanging = request.mode === 'apply' || request.mode === 'exec'
  const policy = isChanging
    ? await runPolicy(store, leases, { ...request, run, by: accountName() }).catch(async (error) => {
        await keeper.close()
        throw error
      })
    : undefined
  const admission = policy?.admission ?? leases
  const interrupts = listenForInterrupts((signal, hard) => {
    journal.emit({ type: 'run.interrupted', signal, hard }).catch(() => undefined)
  })
  const parallel = request.parallel ?? project.settings.run.parallel
  const { pool, environment, transports } = workforce(request, {
    masker,
    admission,
    interrupts,
    parallel,
    store,
    emit: journal.emit,
    leasedUntil: keeper.shared.buffer as SharedArrayBuffer,
  })
  let end: FleetEnd
  try {
    end = await runFleet(policy?.work ?? request.work, {
      environment,
      parallel,
      ...(policy && { patienceMs: policy.patienceMs }),
      pool,
      ...(request.failOn && { failOn: request.failOn }),
      head: headOf(request, revision),
    })
  } catch (error) {
    // Why the run broke off comes first; reporters often fail for the same reason.
    await journal.close()
    throw error instanceof InputError ? new RunBroken(error.diagnostics) : error
  } finally {
    // Nothing may be left behind on a device: an impatient signal must not end us before that.
    await Promise.all([drained(transports), pool.close()])
    interrupts.release()
    await keeper.close()
  }
  tellFaults(await journal.close())
  // What cannot be deleted now is at the end of the next run.
  await store.forget(run, project.settings.history).catch(() => undefined)
  return { ...end, run }
}

/** What the journal says of the run at its beginning. */
function headOf(request: RunRequest, revision: string | null): Parameters<typeof runFleet>[1]['head'] {
  return {
    mode: request.mode,
    runbooks: request.runbooks,
    inventory_digest: request.fleet.digest,
    revision,
    ...(request.plan !== undefined && { plan: request.plan }),
    ...(request.breakGlass !== undefined && { break_glass: request.breakGlass }),
    by: accountName(),
    host: hostname(),
    pid: process.pid,
    version: VERSION,
  }
}

/** One reporter that could not write must not keep another from being whole; a bug of ours comes before what could not be written. */
function tellFaults(faults: readonly unknown[]): void {
  const lost = faults.filter((fault) => fault instanceof UnwritableError)
  const bug = faults.find((fault) => !(fault instanceof UnwritableError))
  if (bug !== undefined) throw bug
  if (lost.length > 0) throw new UnwritableError(lost.flatMap(({ lost: each }) => each))
}

/** Those who work on the devices, and what this thread needs to do so itself. */
function workforce(
  request: RunRequest,
  dependencies: Pick<DeviceEnvironment, 'admission' | 'emit'> & {
    readonly masker: Masker
    readonly interrupts: Pick<DeviceEnvironment, 'stopping' | 'aborting'>
    readonly parallel: number
    readonly store: Pick<RunStore, 'samples'>
    readonly leasedUntil: SharedArrayBuffer
  },
): {
  readonly pool: ThreadPool
  readonly environment: DeviceEnvironment
  readonly transports: ReadonlyMap<string, Transport>
} {
  const { project, fleet, mode, work } = request
  const { masker, admission, emit, interrupts, parallel, store } = dependencies
  const { handshakes } = project.settings.run
  const warn = warnOnce()
  const readSecret = secretReader(secretSources(project.root, project.settings.secrets), masker, warn)
  const hostKeys = hostKeyLookup(project.paths.knownHosts)
  const resolver = targetResolver({ fleet, root: project.root, readSecret, hostKeys })
  const scopeOf: DeviceEnvironment['scopeOf'] = (device) => ({ ...selectorScope(fleet, device), vars: device.vars })
  const neighbours = (device: Device): Neighbours => neighboursOf(fleet, device)
  const gate = createHandshakeGate(handshakes)
  const transports = openTransports(gate, warn)
  const workers = request.workers ?? project.settings.run.workers
  const pool = new ThreadPool({
    entry: THREAD,
    leasedUntil: dependencies.leasedUntil,
    mode,
    work,
    modules: project.paths.modules,
    workers,
    parallel,
    gate,
    handshakes,
    resolver,
    scopeOf,
    neighboursOf: neighbours,
    warn,
  })
  const environment = deviceEnvironment({
    mode,
    admission,
    emit,
    scopeOf,
    historyOf: (device) => ({ samples: (...of) => store.samples(device.name, ...of) }),
    readSecret,
    learnSecrets: (device) => learnSecrets(device, readSecret),
    stopping: interrupts.stopping,
    aborting: interrupts.aborting,
    mask: async (value) => masker.value(value),
    sessions: { resolver, transports, neighboursOf: neighbours, watch: pool.here.pendingConnections },
    modules: project.modules().all,
  })
  return { pool, environment, transports }
}

/** Sorts by time; unique without asking anyone. */
function runId(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  return `${time}-${randomBytes(3).toString('hex')}`
}
