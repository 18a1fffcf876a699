import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { InputError, RunBroken } from '../core/diagnostic.ts'
import type { RunbookReference, RunMode } from '../core/events.ts'
import type { Fleet } from '../core/fleet.ts'
import type { Clock, Reporter } from '../core/ports.ts'
import type { Scope } from '../core/runbook.ts'
import { leaseAdmission } from '../engine/admission.ts'
import { openJournal } from '../engine/journal.ts'
import { Masker } from '../engine/mask.ts'
import type { DeviceEnvironment, DeviceWork } from '../engine/perform-device.ts'
import { type FleetEnd, runFleet } from '../engine/run-fleet.ts'
import { revisionOf } from '../gitops/revision.ts'
import { selectorScope } from '../lang/expression.ts'
import { checkRendered } from '../lang/rendered-params.ts'
import { MODULES } from '../modules/index.ts'
import { SECRET_SOURCES } from '../secrets/index.ts'
import { openTransports } from '../transports/index.ts'
import { hostKeyLookup } from '../transports/known-hosts.ts'
import { LazySession } from './device-session.ts'
import { listenForInterrupts } from './interrupts.ts'
import type { Project } from './project.ts'
import { deadlineOf, targetResolver } from './resolve-target.ts'
import { secretReader } from './secrets.ts'
import { VERSION } from './version.ts'

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
  readonly reporters: (run: string, revision: string | null) => readonly Reporter[] | Promise<readonly Reporter[]>
  /** Id of the plan that is applied. */
  readonly plan?: string | undefined
}

const SYSTEM_CLOCK: Clock = { now: () => new Date(), elapsed: () => performance.now() }

/** Wires one run of this process and sees it through to its end: journal, reporters, leases, signals. */
export async function startRun(request: RunRequest): Promise<FleetEnd & { readonly run: string }> {
  const { project } = request
  const [store, revision] = await Promise.all([project.store(), revisionOf(project.root)])
  const run = runId(SYSTEM_CLOCK.now())
  const masker = new Masker()
  const reporters = await request.reporters(run, revision)
  const journal = openJournal({ run, store, reporters, masker, clock: SYSTEM_CLOCK })
  const admission = leaseAdmission(store, run)
  const interrupts = listenForInterrupts((signal, hard) => {
    journal.emit({ type: 'run.interrupted', signal, hard }).catch(() => undefined)
  })
  const environment = deviceEnvironment(request, { masker, admission, interrupts, emit: journal.emit })
  let end: FleetEnd
  try {
    end = await runFleet(request.work, {
      environment,
      parallel: request.parallel ?? project.settings.run.parallel,
      head: {
        mode: request.mode,
        runbooks: request.runbooks,
        inventory_digest: request.fleet.digest,
        revision,
        ...(request.plan !== undefined && { plan: request.plan }),
        by: userInfo().username,
        host: hostname(),
        pid: process.pid,
        version: VERSION,
      },
    })
  } catch (error) {
    // Why the run broke off comes first; reporters often fail for the same reason.
    await closeAll(reporters).catch(() => undefined)
    throw error instanceof InputError ? new RunBroken(error.diagnostics) : error
  } finally {
    interrupts.release()
    admission.close()
  }
  await closeAll(reporters)
  return { ...end, run }
}

/** One that cannot be closed must not keep another from being whole. */
async function closeAll(reporters: readonly Reporter[]): Promise<void> {
  const closed = await Promise.allSettled(reporters.map((reporter) => reporter.close()))
  for (const result of closed) if (result.status === 'rejected') throw result.reason
}

function deviceEnvironment(
  request: RunRequest,
  means: Pick<DeviceEnvironment, 'admission' | 'emit'> & {
    readonly masker: Masker
    readonly interrupts: Pick<DeviceEnvironment, 'stopping' | 'aborting'>
  },
): DeviceEnvironment {
  const { project, fleet } = request
  const modules = new Map(MODULES.map((module) => [module.name, module]))
  const transports = openTransports({ handshakes: project.settings.run.handshakes })
  const readSecret = secretReader(SECRET_SOURCES, means.masker)
  const hostKeys = hostKeyLookup(project.paths.knownHosts)
  const resolver = targetResolver({ fleet, root: project.root, readSecret, hostKeys })
  return {
    mode: request.mode,
    modules,
    preparation: {
      readSecret,
      checkParams: (name, params) => {
        const module = modules.get(name)
        return module ? checkRendered(module, params) : [`there is no module "${name}"`]
      },
    },
    admission: means.admission,
    clock: SYSTEM_CLOCK,
    stopping: means.interrupts.stopping,
    aborting: means.interrupts.aborting,
    emit: means.emit,
    mask: async (value) => means.masker.value(value),
    openSession: (device, signal) => new LazySession(device, { resolver, transports, signal }),
    scopeOf: (device): Pick<Scope, 'store' | 'device' | 'vars'> => ({
      ...selectorScope(fleet, device),
      vars: device.vars,
    }),
    deadlineMs: deadlineOf,
  }
}

/** Sorts by time; unique without asking anyone. */
function runId(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  return `${time}-${randomBytes(3).toString('hex')}`
}
