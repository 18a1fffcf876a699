import { type Handing, openHanding } from '../app/history/open-store.ts'
import { stateSecrets } from '../app/history/state-place.ts'
import { openProject, type Project } from '../app/project.ts'
import { ContentTraffic } from '../app/reach/content-desk.ts'
import { Credentials } from '../app/reach/credentials.ts'
import { lastingSecrets } from '../app/reach/secrets.ts'
import { openRunbook, referenceTo } from '../app/revision/runbooks.ts'
import { someDevices, workingFleet } from '../app/revision/targets.ts'
import type { NamedWork, PlannedWork, RunRequest } from '../app/run/run-request.ts'
import type { Senders } from '../app/streams/open-sinks.ts'
import { warnOnce } from '../app/warn.ts'
import type { Fleet } from '../core/fleet.ts'
import type { RunSummary } from '../core/run.ts'
import type { RunStore } from '../core/run-store.ts'
import { LeaseKeeper } from '../engine/admission/lease-keeper.ts'
import { Masker } from '../engine/journal/mask.ts'
import { secretSources } from '../secrets/index.ts'
import { bootClockMs } from '../stores/process-identity.ts'
import { createHandshakeGate, drained, openTransports } from '../transports/index.ts'
import { Budgets } from './budgets.ts'
import { EventSenders } from './event-senders.ts'
import { type ResumeOptions, resumeRun } from './resume-run.ts'
import type { Run, Shared } from './run.ts'
import { startRun } from './start-run.ts'

export interface ControllerOptions {
  /** Work on the running sandbox, with a history of its own. */
  readonly sandbox?: boolean
  /** Tells people what is part of no result. Default: stderr, each text once. */
  readonly warn?: (text: string) => void
}

/**
 * What lives as long as a process: stores, leases, secrets and their mask, transports, limits. A terminal command is a
 * controller with one run, a server one with many; runs share what it has and know nothing of each other.
 */
export interface Controller {
  /** The repository in force: settings, paths, and what is loaded from it. */
  readonly project: Project
  /** Its devices, or those that the sandbox serves of them. */
  fleet(): Promise<Fleet>
  store(): Promise<RunStore>
  /** Starts a run; resolves when its journal has begun. Throws InputError where the request makes no sense. */
  startRun(request: RunRequest): Promise<Run>
  /** Carries a run on that nobody works on; resolves when its journal goes on. Throws InputError where that cannot be. */
  resumeRun(run: Pick<RunSummary, 'run' | 'mode'>, options: ResumeOptions): Promise<Run>
  /** Puts another revision of the repository in force for runs to come; those in progress go on with theirs. */
  adopt(project: Project): void
  /** Sends events of runs to the sinks of the project from now on, as each run has it done; gives what does, if there are any. */
  send(): Promise<Senders | undefined>
  /** Stops what is in progress, waits for it, and lets go of everything. */
  close(): Promise<void>
}

/** Opens the repository that `start` lies in. Throws InputError. */
export async function openController(start: string, options: ControllerOptions = {}): Promise<Controller> {
  const project = await openProject(start, { sandbox: options.sandbox ?? false })
  return makeController(project, options, () => project.close())
}

/** A controller of a repository that is open already, and stays open when the controller is closed. */
export function controllerOf(project: Project, options: ControllerOptions = {}): Controller {
  return makeController(project, options, async () => undefined)
}

/** How long a process goes on sending when it is done. */
const LAST_WORDS_MS = 3_000

function makeController(first: Project, options: ControllerOptions, closeProject: () => Promise<void>): Controller {
  const warn = options.warn ?? warnOnce()
  const runs = new Map<string, Run>()
  let project = first
  let shared: ReturnType<typeof openShared> | undefined
  let closed: Promise<void> | undefined
  const senders = new EventSenders(() => project, warn)
  const share = (): Promise<Shared> => {
    shared ??= openShared(first, warn)
    return shared
  }
  const fleet = (): Promise<Fleet> => workingFleet(project, { sandbox: options.sandbox ?? false })
  return {
    get project() {
      return project
    },
    fleet,
    store: () => first.store(),
    adopt(next) {
      project = next
      senders.anew()
    },
    send: () => senders.begun(),
    async startRun(request) {
      // Before the journal begins, so that all of it is sent.
      await (await senders.begun())?.refuseFull()
      const work = 'work' in request ? request : await namedWork(project, await fleet(), request)
      const run = await startRun({ ...request, ...work }, await share())
      return known(run)
    },
    async resumeRun(of, how) {
      await senders.begun()
      if (runs.has(of.run)) throw new Error(`this controller works on the run "${of.run}"`)
      return known(await resumeRun(of, how, { project, fleet: await fleet(), shared: await share() }))
    },
    close() {
      closed ??= letGo()
      return closed
    },
  }

  function known(run: Run): Run {
    runs.set(run.id, run)
    const forget = (): void => void runs.delete(run.id)
    run.finished.then(forget, forget)
    return run
  }

  async function letGo(): Promise<void> {
    try {
      for (const run of runs.values()) run.stop('close')
      await Promise.allSettled([...runs.values()].map(({ finished }) => finished))
      // What could not be opened was told to whoever asked for it.
      const opened = await shared?.catch(() => undefined)
      // Nothing may be left behind on a device.
      if (opened) await Promise.all([drained(opened.transports), opened.keeper.close(), opened.closeHanding()])
    } finally {
      await senders.stop(LAST_WORDS_MS)
      await closeProject()
    }
  }
}

/** What runs of one process have in common. `most`: leases last no longer, whatever the project says. */
export async function openShared(
  project: Project,
  warn: (text: string) => void,
  most: { readonly leaseMs: number } = { leaseMs: Number.POSITIVE_INFINITY },
): Promise<Shared & { closeHanding(): Promise<void> }> {
  const store = await project.store()
  const { handshakes, parallel, leaseMs, refusals } = project.settings.run
  const gate = createHandshakeGate(handshakes)
  const masker = new Masker()
  for (const secret of await stateSecrets(project.state)) masker.add(secret)
  const credentials = new Credentials(refusals)
  const secrets = new Map<string, ReturnType<typeof lastingSecrets>>()
  let handing: Promise<Handing> | undefined
  return {
    handing() {
      handing ??= openHanding(project.state, warn)
      handing.catch(() => {
        handing = undefined
      })
      return handing
    },
    async closeHanding() {
      await (await handing?.catch(() => undefined))?.close()
    },
    store,
    keeper: new LeaseKeeper(store.leases, { ttlMs: Math.min(leaseMs, most.leaseMs), clockMs: bootClockMs }),
    masker,
    budgets: new Budgets(gate, { logins: handshakes, devices: parallel }),
    transports: openTransports(gate, warn),
    warn,
    credentials,
    traffic: new ContentTraffic(),
    secretsOf(of) {
      const { root, settings } = of
      const key = JSON.stringify([root, settings.secrets])
      const changed = (reference: string): void => credentials.changedSecret(reference)
      const known = secrets.get(key) ?? lastingSecrets(secretSources(root, settings.secrets), masker, { warn, changed })
      secrets.set(key, known)
      return known(of)
    },
  }
}

async function namedWork(
  project: Project,
  fleet: Fleet,
  { runbook: name, params, devices }: NamedWork,
): Promise<PlannedWork> {
  const runbook = openRunbook(project, name, params)
  const selected = await someDevices(project, fleet, { ...devices, targets: runbook.targets })
  const work = selected.map((device) => ({ device, runbooks: [runbook] }))
  return { project, fleet, work, runbooks: [referenceTo(runbook)] }
}
