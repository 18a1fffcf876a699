import { InputError } from '../../../core/diagnostic.ts'
import type { RunbookReference, RunStarted } from '../../../core/events.ts'
import { paramFlags } from '../../../core/remedy.ts'
import type { RunStore } from '../../../core/run-store.ts'
import { gitText } from '../../../gitops/git.ts'
import { hasCommit, isAncestor } from '../../../gitops/mirror.ts'
import type { Project } from '../../project.ts'
import { filesText } from '../../revision/wanted-digest.ts'
import { openObjects, type RepositoryObjects, type Side } from '../preview/repository-objects.ts'
import type { StepDrift } from './step-drifts.ts'
import { runbookAt, type Wish, whatDiffers } from './what-differs.ts'

export interface CauseCommit {
  readonly commit: string
  readonly author: string
  readonly at: string
  readonly summary: string
}

/**
 * What made a step differ. commit: what is wanted became another between the last good look and the first bad one; device: what is
 * wanted stayed the same, so the device became another; unknown: no good look is kept, or not by which commit.
 */
export interface DriftCause {
  readonly kind: 'commit' | 'device' | 'unknown'
  /** Newest first; those that touched what is wanted. */
  readonly commits: readonly CauseCommit[]
}

interface Range {
  readonly from: string
  readonly to: string
}

const UNKNOWN: DriftCause = { kind: 'unknown', commits: [] }
const ON_DEVICE: DriftCause = { kind: 'device', commits: [] }
const MOST_COMMITS = 5

/** Finds out what made steps differ, by the heads of runs and by git. */
export class DriftCauses {
  readonly #project: Project
  readonly #store: RunStore
  readonly #heads = new Map<string, Promise<RunStarted | undefined>>()
  readonly #sides = new Map<string, Promise<Side | undefined>>()
  readonly #found = new Map<string, Promise<DriftCause>>()
  #here: Side | undefined
  #objects: Promise<RepositoryObjects | undefined> | undefined

  constructor(project: Project, store: RunStore) {
    this.#project = project
    this.#store = store
  }

  async of(device: string, { runbook, about, run, good }: StepDrift): Promise<DriftCause> {
    if (good === null) return UNKNOWN
    const heads = [await this.#head(good.run), await this.#head(run)] as const
    const [before, after] = heads.map((head) => head?.runbooks.find((one) => isMeant(one, { runbook, about })))
    const [was, is] = heads
    if (!was || !is || !before || !after) return UNKNOWN
    const wish = { device, before, after }
    const [from, to] = [cleanCommit(was), cleanCommit(is)]
    if (from !== undefined && to !== undefined) return this.#between({ from, to }, wish)
    if (before.digest !== after.digest) return { kind: 'commit', commits: [] }
    const isKnown = was.inventory_digest === is.inventory_digest && !(await this.#getsFiles(wish))
    return isKnown ? ON_DEVICE : UNKNOWN
  }

  /** Whether a device gets files by a runbook as it is here, of which nobody knows what they were; so too where it is another by now. */
  async #getsFiles({ device, after }: Wish): Promise<boolean> {
    this.#here ??= { project: this.#project, fleet: await this.#project.fleet(), leftOut: [] }
    const [runbook, own] = [runbookAt(this.#here, after), this.#here.fleet.devices.get(device)]
    return !runbook || !own || filesText(runbook, own, this.#here) !== ''
  }

  /** The parameters of the runbook in the run that found it first, as flags of a command like it. */
  async paramsOf({ runbook, about, run }: StepDrift): Promise<string> {
    const used = (await this.#head(run))?.runbooks.find((one) => isMeant(one, { runbook, about }))
    return used ? paramFlags(used) : ''
  }

  async #between({ from, to }: Range, wish: Wish): Promise<DriftCause> {
    const isOther = wish.before.digest !== wish.after.digest
    if (from === to && !isOther) return ON_DEVICE
    this.#objects ??= openObjects(this.#project).catch(orUndefined)
    const objects = await this.#objects
    if (!objects || !(await hasCommit(objects.mirror, from)) || !(await hasCommit(objects.mirror, to))) return UNKNOWN
    const [was, is] = [await this.#side(objects, from), await this.#side(objects, to)]
    if (!was || !is) return UNKNOWN
    const files = whatDiffers(was, is, wish)
    if (files === undefined) return UNKNOWN
    return files.length === 0 ? ON_DEVICE : this.#commits(objects, { from, to }, files)
  }

  /** What thousands of devices get is looked up once. */
  #commits(objects: RepositoryObjects, { from, to }: Range, files: readonly string[]): Promise<DriftCause> {
    const key = JSON.stringify([from, to, files])
    const look = async (): Promise<DriftCause> => {
      const isForward = await isAncestor(objects.mirror, from, to)
      return { kind: 'commit', commits: isForward ? await commitsOf(objects, { from, to }, files) : [] }
    }
    const known = this.#found.get(key) ?? look()
    this.#found.set(key, known)
    return known
  }

  #head(run: string): Promise<RunStarted | undefined> {
    const known = this.#heads.get(run) ?? headOf(this.#store, run)
    this.#heads.set(run, known)
    return known
  }

  #side(objects: RepositoryObjects, commit: string): Promise<Side | undefined> {
    const known = this.#sides.get(commit) ?? objects.open(commit).catch(orUndefined)
    this.#sides.set(commit, known)
    return known
  }
}

/** A revision that cannot be loaded, or no repository, says nothing; what is broken here is told. */
function orUndefined(error: unknown): undefined {
  if (!(error instanceof InputError)) throw error
}

async function headOf(store: RunStore, run: string): Promise<RunStarted | undefined> {
  for await (const event of store.events(run)) return event.type === 'run.started' ? event : undefined
  return undefined
}

function isMeant({ name, about }: RunbookReference, meant: Pick<StepDrift, 'runbook' | 'about'>): boolean {
  return name === meant.runbook && (about ?? '') === meant.about
}

function cleanCommit({ revision }: RunStarted): string | undefined {
  return revision === null || revision.includes('+') ? undefined : revision
}

async function commitsOf(
  { mirror, prefix }: RepositoryObjects,
  { from, to }: Range,
  files: readonly string[],
): Promise<readonly CauseCommit[]> {
  const paths = files.map((file) => `:(top,literal)${prefix}${file}`)
  const format = '--format=%H%x1f%an <%ae>%x1f%cI%x1f%s%x1e'
  const text = await gitText(mirror, ['log', format, '-n', String(MOST_COMMITS), `${from}..${to}`, '--', ...paths])
  return Buffer.from(text, 'latin1')
    .toString('utf8')
    .split('\x1e')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const [commit = '', author = '', at = '', summary = ''] = one.split('\x1f')
      return { commit, author, at: new Date(at).toISOString(), summary }
    })
}
