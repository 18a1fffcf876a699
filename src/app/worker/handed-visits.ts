import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import type { RunEventBody } from '../../core/events.ts'
import type { Device } from '../../core/fleet.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { GuardSeen } from '../../core/guard.ts'
import {
  type Bell,
  bellOf,
  type HandedDevice,
  type HandedJob,
  type HandedRun,
  type RunOrder,
  type WorkerFacts,
} from '../../core/handed-work.ts'
import type { JsonObject } from '../../core/json.ts'
import { type LeaseToken, lookPrefix, runKey } from '../../core/lease.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Runbook, Scope } from '../../core/runbook.ts'
import type { Transport } from '../../core/transport.ts'
import type { AskedFor, ChangeAnswer, Permit } from '../../engine/admission/admission.ts'
import type { Lease, LeaseKeeper } from '../../engine/admission/lease-keeper.ts'
import { cancelled, deferred } from '../../engine/device/device-outcome.ts'
import type { DeviceEnvironment, DeviceWork } from '../../engine/device/perform-device.ts'
import { endDevice, visitDevice } from '../../engine/device/run-device.ts'
import { MAIN_THREAD } from '../../engine/fleet/worker-pool.ts'
import { type Journal, openJournal } from '../../engine/journal/journal.ts'
import type { Masker } from '../../engine/journal/mask.ts'
import { selectorScope } from '../../lang/expression.ts'
import type { Project } from '../project.ts'
import { type ContentTraffic, contentDesk } from '../reach/content-desk.ts'
import type { Credentials } from '../reach/credentials.ts'
import { neighboursOf } from '../reach/resolve-target.ts'
import { learnSecrets, type SecretReader } from '../reach/secrets.ts'
import { filesDigest } from '../revision/wanted-digest.ts'
import { deviceEnvironment, deviceLogins, historyIn, storeClock } from '../run/device-environment.ts'
import { standingOf } from '../run/handed/standing.ts'
import { PartOfFleet } from '../run/handed/way-of.ts'
import { type KeptRevision, openKept } from '../run/kept/open-work.ts'
import type { Turns } from './turns.ts'

/** What a worker has for all runs. */
export interface WorkerDependencies {
  readonly project: Project
  readonly store: RunStore
  readonly keeper: LeaseKeeper
  readonly masker: Masker
  readonly bell: Bell
  readonly transports: ReadonlyMap<string, Transport>
  readonly credentials: Credentials
  readonly traffic: ContentTraffic
  secretsOf(project: Project): SecretReader
  overloadedMs(): number
}

interface VisitsOptions extends Pick<HandedJob, 'run' | 'epoch'> {
  readonly handed: HandedRun
  readonly revision: KeptRevision
  /** Of all visits of this process. */
  readonly turns: Turns
}

/** How long one who waits for an answer, or for a device that another worker had, waits until it looks again. */
const LOOK_EVERY_MS = 1_000
const DEAD_BY_IT = 4
/** A controller that was not heard of for so long is gone. */
const GONE_MS = 60_000

/**
 * A run of another process, for whose devices this one works, under one controller: what that one says holds for its own jobs, and not for
 * those of another one that resumes the run.
 */
export class HandedVisits {
  readonly #run: string
  readonly #epoch: number
  readonly #turns: Turns
  readonly #dependencies: WorkerDependencies
  readonly #handed: HandedRun
  readonly #revision: KeptRevision
  readonly #journal: Journal
  readonly #part: PartOfFleet
  readonly #environment: DeviceEnvironment
  readonly #stopping = new AbortController()
  readonly #aborting = new AbortController()
  readonly #jobs = new Map<string, { readonly job: HandedJob; readonly handed: HandedDevice }>()
  #standing: RunOrder | undefined
  /** Since when the controller was not heard of. */
  #silentSince: number | undefined
  #questions = 0

  private constructor({ run, epoch, handed, revision, turns }: VisitsOptions, dependencies: WorkerDependencies) {
    this.#run = run
    this.#epoch = epoch
    this.#turns = turns
    this.#dependencies = dependencies
    this.#handed = handed
    this.#revision = revision
    this.#part = new PartOfFleet(handed.fleet)
    setMaxListeners(0, this.#stopping.signal, this.#aborting.signal)
    const { store, masker } = dependencies
    this.#journal = openJournal({ run, store, reporters: [], masker, clock: storeClock(store) })
    this.#environment = this.#openEnvironment()
  }

  /** Undefined where nothing is known of the run any more. Throws InputError where it cannot be worked for here. */
  static async open(
    { run, epoch }: Pick<HandedJob, 'run' | 'epoch'>,
    dependencies: WorkerDependencies,
    { session, turns }: Pick<WorkerFacts, 'session'> & Pick<VisitsOptions, 'turns'>,
  ): Promise<HandedVisits | undefined> {
    const [handed, kept] = await Promise.all([dependencies.store.work.of(run), dependencies.store.kept.of(run)])
    if (!handed || !kept) return undefined
    const standing = (await dependencies.store.work.standings([{ run, fleet: handed.fleet }])).get(run)
    // In containers all have the same process id, and may have one folder.
    const folder = join(dependencies.project.root, '.till', 'workers', `${session}-${run}-${epoch}`)
    const revision = openKept(kept, { project: dependencies.project, run, folder })
    const visits = new HandedVisits({ run, epoch, handed, revision, turns }, dependencies)
    visits.stand(standing)
    return visits
  }

  get run(): string {
    return this.#run
  }

  get fleet(): FleetKey {
    return this.#handed.fleet
  }

  close(): void {
    this.#revision.close()
  }

  /** What is said of the run; undefined: it is over. */
  stand(standing: RunOrder | undefined): void {
    this.#standing = standing
    const isSilent = standing !== undefined && standing.epoch === undefined
    this.#silentSince = isSilent ? (this.#silentSince ?? performance.now()) : undefined
    if (standing?.stop === 2) this.#aborting.abort()
    if (standing?.stop) this.#stopping.abort()
  }

  /** People want this worker to end: what is being changed is finished; asked for again, everything ends now. */
  hurry(): void {
    if (this.#stopping.signal.aborted) this.#aborting.abort()
    this.#stopping.abort()
  }

  /**
   * Sees to a device, unless somebody else does. Resolves when there is nothing more to do for it here. One visit after the other: a worker
   * that was not heard of for a while may get a job again that it still has, and its lease says nothing among visits of one process.
   */
  async visit(job: HandedJob, handed: HandedDevice, tries: number): Promise<void> {
    const turn = `${this.#run} ${handed.device.name}`
    await this.#turns.take(turn, () => this.#visit(job, handed, tries))
  }

  async #visit(job: HandedJob, handed: HandedDevice, tries: number): Promise<void> {
    const { device } = handed
    const lease = await this.#take(job, handed)
    if (!lease) return
    try {
      const work = await this.#workOf(job, handed, lease.token)
      if (!work) return
      this.#part.add([...job.devices.map((each) => each.device), ...job.way], job.gateways)
      this.#jobs.set(device.name, { job, handed })
      await this.#see(work, { handed, lease, isDeadly: tries >= DEAD_BY_IT })
    } finally {
      this.#jobs.delete(device.name)
      await lease.release()
      this.#dependencies.bell.ring(bellOf.run(this.#run))
    }
  }

  /** Undefined where the device is not this worker's to see to. */
  async #take(job: HandedJob, { device, leave, attempt }: HandedDevice): Promise<Lease | undefined> {
    const { keeper, store } = this.#dependencies
    const keys = leave?.keys ?? [`${lookPrefix(job.fleet, job.run)}${device.name}`]
    const run: LeaseToken = { keys: [runKey(job.fleet, job.run)], epoch: this.#epoch }
    for (;;) {
      if (!(await this.isWanted())) return undefined
      const taken = await keeper.take(keys, job.run, { from: leave?.epoch, under: run })
      if (taken.granted) return taken.lease
      if (taken.holder.key === run.keys[0]) return undefined
      // Another run has taken it from a worker that died; after that, it is this one's turn again.
      if (taken.holder.run !== job.run && this.#stopping.signal.aborted)
        throw new Error(`the run ${taken.holder.run} has it`)
      const { attempt: last, isOver } = await standingOf(await store.work.eventsOf(job.run, device.name))
      if (isOver && last >= attempt) return undefined
      await this.#moment()
    }
  }

  /** Whether nobody knows for now if jobs are to be done: the controller was not heard of lately. */
  get isUnclear(): boolean {
    return performance.now() - (this.#silentSince ?? Number.NEGATIVE_INFINITY) < GONE_MS
  }

  /** A controller that was not heard of in time may only be slow, and counts on this worker then: it is given a minute. */
  async isWanted(): Promise<boolean> {
    while (this.isUnclear) await this.#moment()
    return this.#isHeard
  }

  get #isHeard(): boolean {
    return this.#standing?.epoch === this.#epoch
  }

  /** What is left to do on the device; undefined: nothing. */
  async #workOf(job: HandedJob, one: HandedDevice, { epoch }: LeaseToken): Promise<DeviceWork | undefined> {
    const { device, attempt, ...handed } = one
    const { planned, carried, undoes } = handed
    const runbooks = handed.runbooks.flatMap((index) => this.#revision.runbooks[index] ?? [])
    const isWhole = runbooks.length === handed.runbooks.length
    const refused = isWhole ? this.#whyMoved(device, job.store, runbooks) : NO_RUNBOOK
    const more = { ...(planned && { planned }), ...(undoes && { undoes }), ...(refused && { refused }) }
    const common = { device, runbooks, ...more }
    // Nobody has had it since it was handed over.
    if (epoch === (handed.leave?.epoch ?? 0) + 1) return { ...common, attempt, ...(carried && { carried }) }
    const before = await standingOf(await this.#dependencies.store.work.eventsOf(this.#run, device.name))
    if (before.attempt < attempt) return { ...common, attempt, ...(carried && { carried }) }
    if (before.isOver) return undefined
    const left = before.carried ?? carried
    return { ...common, attempt: before.attempt + 1, ...(left && { carried: left }) }
  }

  /** Files of the repository are read where this worker runs, whose checkout may be another one than the controller's. */
  #whyMoved(device: Device, store: JsonObject, runbooks: readonly Runbook[]): DeviceOutcome | undefined {
    const scopeOf = (of: Device): Scope => ({ ...selectorScope(NO_STORES, of), store })
    const { project, filesOf } = this.#revision
    const wanted = filesOf.get(device.name)
    if (wanted === undefined) return undefined
    return filesDigest(runbooks, device, { project, scopeOf }) === wanted ? undefined : OTHER_FILES
  }

  async #see(
    work: DeviceWork,
    { handed, lease, isDeadly }: { readonly handed: HandedDevice; readonly lease: Lease; readonly isDeadly: boolean },
  ): Promise<void> {
    const { device, attempt = 1 } = work
    const { token } = lease
    const environment: DeviceEnvironment = {
      ...this.#environment,
      emit: (body, under) => this.#emit(body, under ?? token),
    }
    if (isDeadly) {
      await endDevice(work, environment, { state: 'failed', failure: DEADLY })
      return
    }
    if (work.refused) {
      await endDevice(work, environment, work.refused)
      return
    }
    const permit = handed.leave && this.#permit({ device, attempt, lease, leave: handed.leave })
    if (this.#stopping.signal.aborted) {
      await endDevice(work, environment, cancelled())
      return
    }
    const visit = await visitDevice({ ...work, lost: lease.lost }, environment, { worker: MAIN_THREAD, permit })
    if (visit.kind === 'ended') return
    const { not_before } = deferred(visit.wait)
    const body = { type: 'device.waiting', device: device.name, store: device.store, attempt } as const
    await environment.emit(
      { ...body, failure: visit.wait.failure, ...(not_before !== undefined && { not_before }) },
      token,
    )
  }

  #permit(of: {
    readonly device: Device
    readonly attempt: number
    readonly lease: Lease
    readonly leave: NonNullable<HandedDevice['leave']>
  }): Permit {
    const { device, attempt, lease, leave } = of
    return {
      lease,
      fence: {
        ...leave.fence,
        run: this.#run,
        attempt,
        epoch: lease.token.epoch,
        leftMs: () => lease.leftMs(),
      },
      change: (guards, so = { isTouched: false }) => this.#mayChange(device, guards, so),
      release: () => lease.release(),
    }
  }

  /** The controller decides, as it knows the waves. */
  async #mayChange(device: Device, guards: readonly GuardSeen[], so: AskedFor): Promise<ChangeAnswer> {
    const { store, bell } = this.#dependencies
    this.#questions += 1
    const id = `${process.pid} ${this.#questions} ${device.name} ${Date.now()}`
    await store.work.ask(this.#run, { id, device: device.name, asked: { guards, ...so } })
    bell.ring(bellOf.run(this.#run))
    for (;;) {
      const answer = await store.work.answerTo(this.#run, id)
      if (answer !== undefined) return answer as unknown as ChangeAnswer
      if (this.#stopping.signal.aborted || !this.#isHeard) return { kind: 'refuse', failure: NOBODY }
      await this.#moment()
    }
  }

  async #emit(body: RunEventBody, token: LeaseToken): Promise<void> {
    await this.#journal.emit(body, token)
    this.#dependencies.bell.ring(bellOf.run(this.#run))
  }

  /** Until something new is said about the run, or a second is over. */
  async #moment(): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        unlisten()
        clearTimeout(timer)
        resolve()
      }
      const unlisten = this.#dependencies.bell.on(bellOf.order(this.#run), go)
      const timer = setTimeout(go, LOOK_EVERY_MS)
    })
  }

  #openEnvironment(): DeviceEnvironment {
    const { project, store, keeper, masker, transports, credentials, traffic, secretsOf, overloadedMs } =
      this.#dependencies
    const { fleet } = this.#part
    const secrets = secretsOf(project)
    return deviceEnvironment({
      mode: this.#handed.mode,
      admission: { place: () => Promise.reject(new Error('the controller admits')) },
      emit: (body) => Promise.reject(new Error(`an event without a lease: ${body.type}`)),
      scopeOf: (device) => ({ ...selectorScope(NO_STORES, device), store: this.#storeOf(device), vars: device.vars }),
      historyOf: historyIn(store),
      guardsOf: (device) => this.#jobs.get(device.name)?.handed.guards ?? [],
      readSecret: secrets.read,
      learnSecrets: (device) => learnSecrets(device, secrets.read),
      overloadedMs,
      clock: storeClock(store),
      stopping: this.#stopping.signal,
      aborting: this.#aborting.signal,
      mask: async (value) => masker.value(value),
      sessions: {
        resolver: deviceLogins(project, { fleet, secrets, credentials, storeId: keeper.storeId }),
        transports,
        neighboursOf: (device) => neighboursOf(fleet, device),
        watch: { connecting: () => undefined, connected: () => undefined },
        content: contentDesk(traffic, {
          settings: project.settings.content,
          fleet,
          storeOf: (device) => this.#storeOf(device),
        }),
      },
      root: project.root,
      modules: this.#revision.project.modules().all,
    })
  }

  #storeOf({ name }: Device): JsonObject {
    return this.#jobs.get(name)?.job.store ?? {}
  }
}

/** What expressions see of a store goes along with its devices. */
const NO_STORES = new PartOfFleet('').fleet

const NOBODY = {
  code: 'LEASE_LOST',
  phase: 'resolve',
  message: 'The controller of the run is gone, so nobody gave leave to change the device.',
} as const

const OTHER_FILES = {
  state: 'failed',
  failure: {
    code: 'RUN_MOVED',
    phase: 'resolve',
    message:
      'A file of the repository that the device gets is another one where the worker runs than where the run began. Nothing was changed.',
    hint: 'Bring the repository of the worker to the revision of the run, then apply again.',
  },
} as const

const NO_RUNBOOK = {
  state: 'failed',
  failure: {
    code: 'INTERNAL_BUG',
    phase: 'resolve',
    message: 'The controller of the run names a runbook that was not kept with it. Nothing was changed.',
  },
} as const

const DEADLY = {
  code: 'INTERNAL_BUG',
  phase: 'observe',
  message: `${DEAD_BY_IT} workers died of the devices of this job, or gave up; it is not given to another one.`,
} as const
