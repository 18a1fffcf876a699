import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { KnownAccounts } from '../../app/accounts/known-accounts.ts'
import { type KnownAccount, seesIn } from '../../app/accounts/open-accounts.ts'
import type { FleetPicture } from '../../app/overview/fleet-picture.ts'
import { BegunLists } from '../../app/overview/paging.ts'
import { PictureKeeper, type Shown } from '../../app/overview/picture-keeper.ts'
import { ReportKeeper } from '../../app/overview/report-keeper.ts'
import type { ReportTerms } from '../../app/overview/report-view.ts'
import { RunFollower } from '../../app/overview/run-progress.ts'
import { type Sight, sightOf } from '../../app/overview/sight.ts'
import type { Project } from '../../app/project.ts'
import type { Right, SessionLimits } from '../../core/account.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { RunStore } from '../../core/run-store.ts'
import { ClientAddresses } from '../client-address.ts'
import type { PlanDesk } from '../plan-desk.ts'
import type { BodyReader } from '../read-body.ts'
import type { Revision } from '../revisions.ts'
import type { ServerLog } from '../server-log.ts'
import { ApiRefused } from './api-refused.ts'
import { Sessions } from './sessions.ts'
import { demand, type Visitor, visitorOf } from './visitor.ts'

export type DashboardEnv = { Bindings: HttpBindings }
export type DashboardApp = Hono<DashboardEnv>

/** So long an answer waits for what is newer than the last picture. */
const PATIENCE_MS = 40
/** A picture that was looked after so lately is new enough. */
const FRESH_MS = 1_000
/** Sights of accounts that are kept. */
const MOST_SIGHTS = 64

/** How requests come to the server, by its settings. */
interface Access {
  readonly addresses: ClientAddresses
  readonly isHttps: boolean
}

interface Around {
  readonly revision: () => Revision
  /** Who is let in now. */
  readonly accounts: () => KnownAccounts
  readonly runs: () => Promise<RunStore>
  readonly incidents: IncidentStore
  readonly bodies: BodyReader
  readonly log: ServerLog
  readonly plans: PlanDesk
}

/** What lives as long as the server, for those who look. */
export class Dashboard {
  readonly keeper: PictureKeeper
  readonly follower = new RunFollower()
  readonly reports = new ReportKeeper()
  readonly lists = new BegunLists()
  readonly incidents: IncidentStore
  readonly sessions: Sessions
  readonly bodies: BodyReader
  readonly log: ServerLog
  readonly runs: () => Promise<RunStore>
  readonly plans: PlanDesk
  readonly #revision: () => Revision
  readonly #accounts: () => KnownAccounts
  readonly #sights = new Map<string, { readonly version: number; readonly sight: Sight }>()
  readonly #accesses = new WeakMap<Project, Access>()
  #freshAt = Number.NEGATIVE_INFINITY
  #isStopping = false

  private constructor({ revision, accounts, runs, incidents, bodies, log, plans }: Around, store: RunStore) {
    this.#revision = revision
    this.#accounts = accounts
    this.runs = runs
    this.incidents = incidents
    this.plans = plans
    this.bodies = bodies
    this.log = log
    this.sessions = new Sessions(store.sessions, () => this.limits())
    this.keeper = new PictureKeeper(async () => {
      const { project, fleet } = revision()
      return { project, fleet, store: await runs() }
    })
  }

  static async open(around: Around): Promise<Dashboard> {
    return new Dashboard(around, await around.runs())
  }

  accounts(): KnownAccounts {
    return this.#accounts()
  }

  /** What browsers call the server, where that is known. */
  get publicUrl(): string | undefined {
    return this.#revision().project.settings.server().publicUrl
  }

  limits(): SessionLimits {
    return this.#revision().project.settings.server().sessions
  }

  /** Where a request comes from: behind proxies of ours, from whom these name. */
  addressOf(request: IncomingMessage): string {
    return this.#access().addresses.of(request)
  }

  /** Browsers come by https, whatever comes here; one that says that its page was plain HTTP has not come through the proxy. */
  isSecure({ headers }: IncomingMessage): boolean {
    return this.#access().isHttps && headers.origin?.startsWith('http:') !== true
  }

  #access(): Access {
    const { project } = this.#revision()
    const known = this.#accesses.get(project)
    if (known) return known
    const { proxies, publicUrl } = project.settings.server()
    const access = { addresses: new ClientAddresses(proxies), isHttps: publicUrl?.startsWith('https:') === true }
    this.#accesses.set(project, access)
    return access
  }

  /** Who asks, and may do that. Throws ApiRefused where that is nobody, or where the role does not reach so far. */
  async visitor(context: Context<DashboardEnv>, may: Right | 'anyone'): Promise<Visitor> {
    const { publicUrl } = this
    const { incoming } = context.env
    const who = await visitorOf(incoming, { accounts: this.accounts(), sessions: this.sessions, publicUrl }).catch(
      (error) => {
        if (incoming.headers.authorization !== undefined && error instanceof ApiRefused && error.status === 401)
          this.log.sayOf(
            `token ${this.addressOf(incoming)}`,
            `Refused (401) from ${this.addressOf(incoming)} to the API: ${error.message}`,
          )
        throw error
      },
    )
    if (may !== 'anyone') demand(who, may)
    return who
  }

  /** The repository in force. */
  project(): Project {
    return this.#revision().project
  }

  /** What reports go by, and a digest of it. */
  terms(): ReportTerms & { readonly digest: string } {
    const { settings } = this.#revision().project
    const terms = { settings: settings.availability(), contracts: settings.contracts() }
    return { ...terms, digest: createHash('sha256').update(JSON.stringify(terms)).digest('hex') }
  }

  /** The same for those who see the same. */
  sightKey({ account: { devices, partner } }: KnownAccount): string {
    return devices ? JSON.stringify([devices.text, partner]) : ''
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Streams of events end. */
  stop(): void {
    this.#isStopping = true
  }

  /** The whole fleet as it is known now; at most a moment old. */
  async picture(): Promise<FleetPicture> {
    return (await this.#shown()).picture
  }

  /** What an account sees now; at most a moment old, and by the fleet in force. */
  async sightOf(known: KnownAccount): Promise<Sight> {
    const { account } = known
    const { picture, fleet, version } = await this.#shown()
    const key = this.sightKey(known)
    const before = this.#sights.get(key)
    if (before?.version === version) return before.sight
    const { partner } = account
    const own = JSON.stringify([key, fleet.digest])
    const sees = seesIn(account, fleet)
    const sight = sightOf(picture, { fleet, store: await this.runs(), sees, partner, key: own })
    this.#sights.delete(key)
    this.#sights.set(key, { version, sight })
    const [oldest] = this.#sights.keys()
    if (this.#sights.size > MOST_SIGHTS && oldest !== undefined) this.#sights.delete(oldest)
    return sight
  }

  async #shown(): Promise<Shown> {
    await this.#freshen()
    return this.keeper.currentOf(this.#revision().fleet)
  }

  async #freshen(): Promise<void> {
    if (performance.now() - this.#freshAt < FRESH_MS) return
    const fresh = this.keeper.refresh().then(() => {
      this.#freshAt = performance.now()
    })
    fresh.catch((error) => this.log.sayOf('picture', `What is known of the devices could not be read: ${error}`))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS)
    })
    try {
      await Promise.race([fresh, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
