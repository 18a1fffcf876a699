import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { KnownAccounts } from '../app/accounts/known-accounts.ts'
import { narrowed } from '../app/accounts/narrowed-accounts.ts'
import { openAccounts } from '../app/accounts/open-accounts.ts'
import { openProvider } from '../app/accounts/open-provider.ts'
import { isSamePlace } from '../app/history/state-place.ts'
import { narrowedSenders } from '../app/hooks/narrowed-senders.ts'
import { type Hooks, hooksOf } from '../app/hooks/open-hooks.ts'
import { type KnownSender, openSenders } from '../app/hooks/open-senders.ts'
import { openProject, type Project } from '../app/project.ts'
import { secretFilesOf } from '../app/reach/secrets.ts'
import { checkScheduledReports } from '../app/reports/check-scheduled-reports.ts'
import { counted } from '../core/counted.ts'
import { InputError, inputError, NotNow } from '../core/diagnostic.ts'
import { revisionOf } from '../gitops/revision.ts'
import { filesSeen, type Seen } from './files-seen.ts'
import type { ServerLog } from './server-log.ts'

/** How often files are looked at; more seldom where that takes long, so that it costs a hundredth of a processor at most. */
const LOOK_MS = 2_000
const SHARE = 100
/** What may be right by itself is tried again after so long, and each time later. */
const AGAIN_MS = { first: 2_000, most: 60_000 }

/** What the repository says at one moment; it never changes. */
export interface Revision extends Omit<Hooks, 'store' | 'start' | 'runs'> {
  readonly senders: readonly KnownSender[]
  /** Who may look at the dashboard by this revision. */
  readonly accounts: KnownAccounts
  /** null outside of git. */
  readonly commit: string | null
}

interface Options {
  readonly sandbox: boolean
  readonly log: ServerLog
  /** Called with each revision that is put in force. */
  readonly onNew: (revision: Revision) => void
}

/** The revision in force, and the watch over the files that it was made of. */
export class Revisions {
  readonly #options: Options
  #current: Revision
  #accounts: KnownAccounts
  #senders: readonly KnownSender[]
  #seen: string
  /** When the same files are tried again, by the clock of `performance`, and how long that was waited for. */
  #again: { readonly at: number; readonly pauseMs: number } | undefined
  #isStopped = false
  #rejected: string | undefined
  #loading: Promise<void> = Promise.resolve()

  private constructor(first: Revision, seen: string, options: Options) {
    this.#current = first
    this.#accounts = first.accounts
    this.#senders = first.senders
    this.#seen = seen
    this.#options = options
  }

  /** Throws InputError with everything that is wrong with the repository. */
  static async open(project: Project, options: Options): Promise<Revisions> {
    const before = project.settings.responsibility(project.root).loaded?.files ?? []
    const seen = await filesSeen(sourcesOf(project, before))
    const revision = await load(project, options)
    options.onNew(revision)
    return new Revisions(revision, seen, options)
  }

  get current(): Revision {
    return this.#current
  }

  /** Who may look at the dashboard now: fewer than by the revision in force where newer files that cannot be used take some away. */
  get accounts(): KnownAccounts {
    return this.#accounts
  }

  /** Who may send now: fewer, likewise. */
  get senders(): readonly KnownSender[] {
    return this.#senders
  }

  /** Why the files as they are now are not in force; undefined where they are. */
  get rejected(): string | undefined {
    return this.#rejected
  }

  /** Looks at the files again and again, until it is stopped. */
  async watch(): Promise<void> {
    let pause = LOOK_MS
    let last = this.#seen
    while (!this.#isStopped) {
      await delay(pause, undefined, { ref: false })
      if (this.#isStopped) return
      const begun = performance.now()
      try {
        const now = await filesSeen(this.#sources())
        pause = Math.max(LOOK_MS, (performance.now() - begun) * SHARE)
        // A checkout that is under way is not read: twice the same is whole.
        const isNew = now !== this.#seen
        if ((isNew || this.#isDueAgain) && now === last) await this.reload({ isAgain: !isNew })
        last = now
      } catch (error) {
        this.#options.log.sayOf('watch', `The files of the repository could not be looked at: ${error}`)
      }
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Reads everything anew, secrets of senders too. What cannot be used is told, and the old revision stays. Never rejects. `isAgain`: of the same files; the same reason is not told again then. */
  reload({ isAgain = false } = {}): Promise<void> {
    this.#loading = this.#loading.then(() => this.#reload(isAgain))
    return this.#loading
  }

  get #isDueAgain(): boolean {
    return this.#again !== undefined && performance.now() >= this.#again.at
  }

  #sources(): Seen {
    const { project, files } = this.#current
    return sourcesOf(project, files)
  }

  async #reload(isAgain: boolean): Promise<void> {
    const { log, onNew, sandbox } = this.#options
    const before = this.#current.project
    let project: Project | undefined
    let seen = this.#seen
    try {
      seen = await filesSeen(this.#sources())
      project = await openProject(before.root, { sandbox })
      if (!isSamePlace(project.state, before.state)) throw stateMoved()
      const revision = await load(project, this.#options)
      onNew(revision)
      this.#current = revision
      this.#accounts = revision.accounts
      this.#senders = revision.senders
      this.#rejected = undefined
      this.#again = undefined
      log.say(`A new revision of the repository is in force: ${summaryOf(revision)}`)
    } catch (error) {
      this.#reject(error, isAgain)
      if (project) await this.#narrow(project)
    }
    this.#seen = seen
  }

  #reject(error: unknown, isAgain: boolean): void {
    const { log } = this.#options
    const known = error instanceof InputError ? placeAndSummary(error) : undefined
    const why = known ?? String(error)
    if (why !== this.#rejected || !isAgain)
      log.say(`The repository as it is now cannot be used, the revision before stays in force: ${why}`)
    if (known === undefined)
      log.sayOf('bug', `This is a fault of Tillwright itself: ${(error as Error | undefined)?.stack ?? why}`)
    this.#rejected = why
    // A secret may be back, and files be readable again, without another change of them.
    const mayPass = error instanceof NotNow || known === undefined
    const pauseMs = isAgain && this.#again ? Math.min(this.#again.pauseMs * 2, AGAIN_MS.most) : AGAIN_MS.first
    this.#again = mayPass ? { at: performance.now() + pauseMs, pauseMs } : undefined
  }

  /** Who is taken away goes at once, whatever else is wrong with the repository. */
  async #narrow(project: Project): Promise<void> {
    const { log } = this.#options
    try {
      const { accounts, fewer } = await narrowed(this.#current, project)
      this.#accounts = accounts
      const sending = await narrowedSenders(this.#current.senders, project)
      this.#senders = sending.senders
      const tell = (what: string, names: readonly string[]): void => {
        const text = `${what}, since tillwright.yaml as it is now says otherwise: ${names.join(', ')}`
        if (names.length > 0) log.sayOf(text, text)
      }
      tell('Not let in until then, or with a lesser role', fewer)
      tell('Senders not let in until then, or with less', sending.fewer)
    } catch (error) {
      log.sayOf('narrow', `Accounts and senders that tillwright.yaml takes away could not be told: ${error}`)
    }
  }
}

function placeAndSummary({ diagnostics, message }: InputError): string {
  const [first, ...others] = diagnostics
  const place = first?.source ? `${first.source.file}:${first.source.line}:${first.source.column}: ` : ''
  return `${place}${first?.summary ?? message}${others.length > 0 ? ` (and ${others.length} more)` : ''}`
}

/** What a server says of a revision. */
export function summaryOf({ settings, senders, fleet }: Revision): string {
  return [
    counted(settings.rules.length, 'rule'),
    counted(senders.length, 'sender'),
    counted(fleet.devices.size, 'device'),
  ].join(', ')
}

async function load(project: Project, { sandbox, log }: Options): Promise<Revision> {
  const [hooks, senders, commit] = await Promise.all([
    hooksOf(project, { sandbox }),
    openSenders(project),
    revisionOf(project.root, (why) => log.say(why)),
  ])
  const wrong = checkScheduledReports(project, hooks.fleet, hooks.duties)
  if (wrong.length > 0) throw new InputError(wrong)
  const accounts = new KnownAccounts(await openAccounts(project), await openProvider(project))
  return { ...hooks, senders, commit, accounts }
}

function sourcesOf(project: Project, files: readonly string[]): Seen {
  const { root, paths, settings } = project
  const { certificate, key, clientCa } = settings.server().tls ?? {}
  const ofTls = [certificate, key, clientCa].filter((path) => path !== undefined).map((path) => resolve(root, path))
  return {
    paths: [`${root}/tillwright.yaml`, paths.inventory, paths.runbooks, paths.modules, ...files, ...ofTls],
    files: secretFilesOf(project),
  }
}

function stateMoved(): InputError {
  const summary = '"state" of tillwright.yaml names another place by now'
  const detail = 'A server keeps to its state: start it anew.'
  return inputError('SERVER_INVALID', summary, detail)
}
