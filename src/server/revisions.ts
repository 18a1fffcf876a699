import { setTimeout as delay } from 'node:timers/promises'
import { KnownAccounts } from '../app/accounts/known-accounts.ts'
import { openAccounts } from '../app/accounts/open-accounts.ts'
import { openProvider } from '../app/accounts/open-provider.ts'
import { isSamePlace } from '../app/history/state-place.ts'
import { type Hooks, hooksOf } from '../app/hooks/open-hooks.ts'
import { type KnownSender, openSenders } from '../app/hooks/open-senders.ts'
import { openProject, type Project } from '../app/project.ts'
import { checkScheduledReports } from '../app/reports/check-scheduled-reports.ts'
import { counted } from '../core/counted.ts'
import { InputError, inputError } from '../core/diagnostic.ts'
import { revisionOf } from '../gitops/revision.ts'
import { filesSeen } from './files-seen.ts'
import type { ServerLog } from './server-log.ts'

/** How often files are looked at; more seldom where that takes long, so that it costs a hundredth of a processor at most. */
const LOOK_MS = 2_000
const SHARE = 100

/** What the repository says at one moment; it never changes. */
export interface Revision extends Omit<Hooks, 'store' | 'start' | 'runs'> {
  readonly senders: readonly KnownSender[]
  /** Who may look at the dashboard. */
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
  #seen: string
  #isStopped = false
  #rejected: string | undefined
  #loading: Promise<void> = Promise.resolve()

  private constructor(first: Revision, seen: string, options: Options) {
    this.#current = first
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
      const now = await filesSeen(this.#sources())
      pause = Math.max(LOOK_MS, (performance.now() - begun) * SHARE)
      // A checkout that is under way is not read: twice the same is whole.
      if (now !== this.#seen && now === last) await this.reload()
      last = now
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Reads everything anew, secrets of senders too. What cannot be used is told, and the old revision stays. */
  reload(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#reload())
    return this.#loading
  }

  #sources(): readonly string[] {
    const { project, files } = this.#current
    return sourcesOf(project, files)
  }

  async #reload(): Promise<void> {
    const { log, onNew, sandbox } = this.#options
    const before = this.#current.project
    const seen = await filesSeen(this.#sources())
    try {
      const project = await openProject(before.root, { sandbox })
      if (!isSamePlace(project.state, before.state)) throw stateMoved()
      this.#current = await load(project, this.#options)
      this.#rejected = undefined
      onNew(this.#current)
      log.say(`A new revision of the repository is in force: ${summaryOf(this.#current)}`)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      const [first, ...others] = error.diagnostics
      const place = first?.source ? `${first.source.file}:${first.source.line}:${first.source.column}: ` : ''
      this.#rejected = `${place}${first?.summary ?? error.message}${others.length > 0 ? ` (and ${others.length} more)` : ''}`
      log.say(`The repository as it is now cannot be used, the revision before stays in force: ${this.#rejected}`)
    }
    this.#seen = seen
  }
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

function sourcesOf({ root, paths }: Project, files: readonly string[]): readonly string[] {
  return [`${root}/tillwright.yaml`, paths.inventory, paths.runbooks, paths.modules, ...files]
}

function stateMoved(): InputError {
  const summary = '"state" of tillwright.yaml names another place by now'
  const detail = 'A server keeps to its state: start it anew.'
  return inputError('SERVER_INVALID', summary, detail)
}
