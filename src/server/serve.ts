import { getRequestListener } from '@hono/node-server'
import { Escalation } from '../app/escalation/escalation.ts'
import { openHookStore, openIncidentStore } from '../app/history/open-store.ts'
import type { Hooks } from '../app/hooks/open-hooks.ts'
import { closeLeftOf } from '../app/silences/silence-run.ts'
import { type Controller, openController } from '../controller/controller.ts'
import { counted } from '../core/counted.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import type { HookStore, HookWorker } from '../core/hook-store.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import { Dashboard } from './dashboard/dashboard.ts'
import { EscalationLoop } from './escalation-loop.ts'
import { measureFleet } from './fleet-metrics.ts'
import { HookLoop } from './hook-loop.ts'
import { LeftRuns } from './left-runs.ts'
import { Doorkeeper } from './let-in.ts'
import { type Listening, listen } from './listen.ts'
import { Metrics } from './metrics.ts'
import { PlanDesk } from './plan-desk.ts'
import { Post } from './post.ts'
import { Rates } from './rates.ts'
import { BodyReader } from './read-body.ts'
import { ReportLoop } from './report-loop.ts'
import { type Revision, Revisions, summaryOf } from './revisions.ts'
import { routesOf } from './routes.ts'
import { ServerLog } from './server-log.ts'
import { measureServer } from './server-metrics.ts'
import { measureSinks } from './sink-metrics.ts'
import { measureSources, SourceLoop } from './source-loop.ts'
import { measureWorkers } from './worker-metrics.ts'

interface ServeOptions {
  /** Folder of the repository, or one below it. */
  readonly folder: string
  readonly sandbox: boolean
  /** ADDRESS:PORT. Default: what the project file says. */
  readonly listen?: string | undefined
}

/** A server in this process. */
export interface Serving {
  readonly listening: Listening
  /** Takes in and begins nothing new; resolves when the repairs under way are over and everything is let go of. */
  stop(): Promise<void>
  /** Repairs under way finish only what they are changing. */
  hurry(): void
  /** Reads the repository, secrets of senders and files for TLS anew. */
  reload(): Promise<void>
}

/** Starts the server of a repository. Throws InputError, and then nothing is left of it. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const log = new ServerLog()
  const controller = await openController(options.folder, { sandbox: options.sandbox, warn: (text) => log.say(text) })
  let store: HookStore | undefined
  let incidents: IncidentStore | undefined
  try {
    store = await openHookStore(controller.project.state)
    incidents = await openIncidentStore(controller.project.state)
    return await open(options, { controller, store, incidents, log })
  } catch (error) {
    await incidents?.close()
    await store?.close()
    await controller.close()
    throw error
  }
}

interface Opened {
  readonly controller: Controller
  readonly store: HookStore
  readonly incidents: IncidentStore
  readonly log: ServerLog
}

async function open({ sandbox, listen: where }: ServeOptions, opened: Opened): Promise<Serving> {
  const { controller, store, log } = opened
  const first = controller.project
  let working: Working | undefined
  const post = new Post(store, {
    log,
    keepDays: () => controller.project.settings.history.days,
    isUnderWay: (episode) => working?.loop.isUnderWay(episode) ?? false,
  })
  const other = await post.take()
  const standsBy = 'database' in first.state
  if (other && !standsBy) throw alreadyRunning(other)
  try {
    post.keep()
    let listening: Listening | undefined
    const revisions = await Revisions.open(first, {
      sandbox,
      log,
      onNew: (revision) => {
        controller.adopt(revision.project)
        if (listening) renewTls(listening, revision, log)
      },
    })
    const bodies = new BodyReader()
    const revision = (): Revision => revisions.current
    const dashboard = await Dashboard.open({
      revision,
      accounts: () => revisions.accounts,
      runs: () => controller.store(),
      incidents: opened.incidents,
      bodies,
      log,
      plans: new PlanDesk(controller, log),
    })
    const doorkeeper = doorkeeperOf(revisions)
    working = startWorking(opened, { revisions, post, standsBy, doorkeeper, bodies, dashboard })
    const { routes } = working
    const answer = getRequestListener(routes.fetch, { overrideGlobalObjects: false })
    listening = await listen(first, { own: where, log }, (request, response) => void answer(request, response))
    working.loop.start()
    working.escalating.start()
    working.reporting.start()
    working.sources.start()
    working.left.start()
    // What runs of other processes have left is sent by this one.
    await controller.send()
    const { project, fleet } = revisions.current
    const runs = await controller.store()
    closeLeftOf({ project, fleet, store: runs, warn: (text) => log.say(text) }).catch((error) => log.say(String(error)))
    void revisions.watch()
    announce(log, { root: first.root, listening, revision: revisions.current })
    if (standsBy) announceOthers(log, other, revisions.current)
    return servingOf(opened, { ...working, post, revisions, listening })
  } catch (error) {
    await post.leave()
    throw error
  }
}

/** Knows those who may send now. */
function doorkeeperOf(revisions: Revisions): () => Doorkeeper {
  let { senders } = revisions
  let doorkeeper = new Doorkeeper(senders)
  return () => {
    if (revisions.senders !== senders) {
      senders = revisions.senders
      doorkeeper = doorkeeper.with(senders)
    }
    return doorkeeper
  }
}

interface Working {
  readonly loop: HookLoop
  readonly escalating: EscalationLoop
  readonly reporting: ReportLoop
  readonly sources: SourceLoop
  readonly left: LeftRuns
  readonly routes: ReturnType<typeof routesOf>
  /** From now on it is not ready. */
  readonly stopping: () => void
}

function startWorking(
  { controller, store, incidents, log }: Opened,
  of: {
    readonly revisions: Revisions
    readonly post: Post
    /** Where another server has the post, this one takes in what comes. */
    readonly standsBy: boolean
    readonly doorkeeper: () => Doorkeeper
    readonly bodies: BodyReader
    readonly dashboard: Dashboard
  },
): Working {
  const { revisions, post, standsBy, doorkeeper, bodies, dashboard } = of
  const metrics = new Metrics()
  const isOurs = (): boolean => post.isOurs
  const loop = new HookLoop({ store, log, metrics, isOurs, hooks: () => hooksOf(revisions, controller, store) })
  const escalation = new Escalation({ incidents, hooks: store, runs: () => controller.store() })
  const revision = (): Revision => revisions.current
  const escalating = new EscalationLoop({ incidents, escalation, revision, isOurs, log, metrics })
  const reporting = new ReportLoop({
    revision: async () => ({ ...revisions.current, store: await controller.store(), incidents }),
    isOurs,
    log,
    metrics,
  })
  const sources = new SourceLoop({
    hooks: store,
    revision: () => revisions.current,
    isOurs,
    log,
    nudge: () => loop.nudge(),
  })
  const left = new LeftRuns(controller, { isOurs, log, metrics })
  measureServer(metrics, { store, loop, revisions, isOurs })
  measureSources(metrics, sources)
  measureSinks(metrics, controller)
  measureWorkers(metrics, controller)
  measureFleet(metrics, { dashboard, incidents })
  let isStopping = false
  const troubles = (): readonly string[] => [
    ...(isStopping ? ['The server is stopping.'] : []),
    ...(post.isHeard ? [] : ['The state store does not answer.']),
    ...(post.isOurs || standsBy || !post.isHeard ? [] : ['Another server works on this state.']),
    ...(loop.failure === undefined ? [] : [loop.failure]),
  ]
  const rates = new Rates(() => performance.now())
  const routes = routesOf({
    store,
    incidents,
    loop,
    metrics,
    log,
    troubles,
    revision,
    doorkeeper,
    bodies,
    rates,
    isOurs,
    dashboard,
    sources,
  })
  return {
    loop,
    escalating,
    reporting,
    sources,
    left,
    routes,
    stopping: () => {
      isStopping = true
      dashboard.stop()
    },
  }
}

function servingOf(
  { controller, store, incidents, log }: Opened,
  of: Working & { readonly post: Post; readonly revisions: Revisions; readonly listening: Listening },
): Serving {
  const { loop, escalating, reporting, sources, left, post, revisions, listening, stopping } = of
  return {
    listening,
    hurry: () => void controller.close().catch(() => undefined),
    async reload() {
      await revisions.reload()
      // A certificate ends, whatever keeps a new revision from being in force.
      if (revisions.rejected !== undefined) renewTls(listening, revisions.current, log)
    },
    async stop() {
      stopping()
      revisions.stop()
      await sources.stop()
      await left.stop()
      await post.leave()
      const under = counted(loop.repairs, 'repair is', 'repairs are')
      log.say(
        `Stopping${loop.repairs === 0 ? '' : `; ${under} under way. A second signal ends what is not being changed`}.`,
      )
      // Until they are over, what comes is taken in: it is another server's, or that of the next start. Monitoring tells some things once.
      await loop.stop()
      await listening.stop()
      await sources.close()
      await escalating.stop()
      await reporting.stop()
      await incidents.close()
      await store.close()
      await controller.close()
      log.say('Stopped.')
    },
  }
}

function announce(
  log: ServerLog,
  { root, listening, revision }: { readonly root: string; readonly listening: Listening; readonly revision: Revision },
): void {
  log.say(`Serving ${root} on ${listening.url}: ${summaryOf(revision)}`)
  if (revision.senders.length === 0)
    log.say(
      'Nobody may send by HTTP: server.senders of tillwright.yaml names none. What `till hook fire` takes in is worked off.',
    )
  if (revision.accounts.isEmpty)
    log.say('Nobody may look at the dashboard: server.accounts of tillwright.yaml names none.')
  if (!listening.isPrivate)
    log.say('It listens to more than this machine without TLS: tokens can be read on the way. See server.tls.')
}

/** Files for TLS are those of now; what the settings say besides takes effect when the server is started anew, and people are told so. */
function renewTls(listening: Listening, { project }: Revision, log: ServerLog): void {
  try {
    for (const what of listening.renew(project)) log.say(`At the next start only takes effect: ${what}`)
  } catch (error) {
    log.say(`The certificate of before stays in use: ${(error as Error).message}`)
  }
}

/** Several servers share the state: who works, and what is not the same for all of them. */
function announceOthers(log: ServerLog, other: HookWorker | undefined, { project }: Revision): void {
  if (other)
    log.say(
      `Process ${other.pid} on ${other.host} works on the alerts of this state: this server takes alerts in, answers, and takes over when that one is gone.`,
    )
  for (const { name, from } of project.settings.sources()) {
    if (from.kind === 'files')
      log.say(
        `The source "${name}" reads files of the server that works: they have to lie where every server sees them.`,
      )
    if (from.kind === 'set_events')
      log.say(`The source "${name}" listens on the server that works alone: senders have to try the others, too.`)
    if (from.kind === 'mqtt' && from.client === undefined)
      log.say(
        `The source "${name}" has no mqtt.client: what a broker keeps for a server that died comes when that one is back. Name one for all servers.`,
      )
  }
}

/** The revision in force with the means of this process. */
function hooksOf(revisions: Revisions, controller: Controller, store: HookStore): Hooks {
  const { current } = revisions
  return {
    ...current,
    store,
    runs: () => controller.store(),
    // One device a run: the threads of a large one would cost more than they bring.
    start: async (request) => {
      const run = await controller.startRun({ ...request, revision: current.commit, workers: 0 })
      return run.finished
    },
  }
}

function alreadyRunning({ host, pid, since }: HookWorker): InputError {
  const summary = `A server works on this state already: pid ${pid} on ${host}, since ${since}`
  const detail =
    'A state in a file has one server. Several share one in PostgreSQL: then one works, and the others stand by.'
  return inputError('SERVER_RUNNING', summary, detail)
}
