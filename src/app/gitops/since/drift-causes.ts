import { relative } from 'node:path'
import { InputError } from '../../../core/diagnostic.ts'
import type { RunStarted } from '../../../core/events.ts'
import { paramFlags } from '../../../core/remedy.ts'
import type { RunStore } from '../../../core/run-store.ts'
import { gitText } from '../../../gitops/git.ts'
import { hasCommit, isAncestor } from '../../../gitops/mirror.ts'
import type { Project } from '../../project.ts'
import { deviceDigest } from '../../revision/device-digest.ts'
import { openOwnRunbook } from '../../revision/runbooks.ts'
import { openObjects, type RepositoryObjects, type Side } from '../preview/repository-objects.ts'
import type { StepDrift } from './step-drifts.ts'

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
  #objects: Promise<RepositoryObjects | undefined> | undefined

  constructor(project: Project, store: RunStore) {
    this.#project = project
    this.#store = store
  }

  async of(device: string, { runbook, run, good }: StepDrift): Promise<DriftCause> {
    if (good === null) return UNKNOWN
    const [before, after] = [await this.#head(good.run), await this.#head(run)]
    if (!before || !after) return UNKNOWN
    const isOther = digestOf(before, runbook) !== digestOf(after, runbook)
    if (!isOther && before.inventory_digest === after.inventory_digest) return ON_DEVICE
    const [from, to] = [cleanCommit(before), cleanCommit(after)]
    if (from === undefined || to === undefined) return isOther ? { kind: 'commit', commits: [] } : UNKNOWN
    return this.#between({ from, to }, isOther ? { runbook } : { device })
  }

  /** The parameters of the runbook in the run that found it first, as flags of a command like it. */
  async paramsOf({ runbook, about, run }: StepDrift): Promise<string> {
    const used = (await this.#head(run))?.runbooks.find((one) => one.name === runbook && (one.about ?? '') === about)
    return used ? paramFlags(used) : ''
  }

  async #between(
    range: { readonly from: string; readonly to: string },
    what: { readonly runbook?: string; readonly device?: string },
  ): Promise<DriftCause> {
    const key = JSON.stringify([range, what])
    const known = this.#found.get(key) ?? this.#look(range, what)
    this.#found.set(key, known)
    return known
  }

  async #look(
    { from, to }: { readonly from: string; readonly to: string },
    { runbook, device = '' }: { readonly runbook?: string; readonly device?: string },
  ): Promise<DriftCause> {
    this.#objects ??= openObjects(this.#project).catch(orUndefined)
    const objects = await this.#objects
    if (!objects || !(await hasCommit(objects.mirror, from)) || !(await hasCommit(objects.mirror, to))) return UNKNOWN
    const [was, is] = [await this.#side(objects, from), await this.#side(objects, to)]
    if (!was || !is) return UNKNOWN
    if (runbook === undefined) {
      const [old, now] = [was.fleet.devices.get(device), is.fleet.devices.get(device)]
      if (old && now && deviceDigest(old) === deviceDigest(now)) return ON_DEVICE
    }
    const files = runbook === undefined ? filesOfDevice(is, device) : filesOfRunbook(is, runbook)
    const isForward = await isAncestor(objects.mirror, from, to)
    return { kind: 'commit', commits: isForward ? await commitsOf(objects, { from, to }, files) : [] }
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

function digestOf({ runbooks }: RunStarted, name: string): string | undefined {
  return runbooks.find((one) => one.name === name)?.digest
}

function cleanCommit({ revision }: RunStarted): string | undefined {
  return revision === null || revision.includes('+') ? undefined : revision
}

/** The files that say something of a device, from the project's folder. */
function filesOfDevice({ project, fleet }: Side, device: string): readonly string[] {
  const files = new Set<string>()
  for (const { source } of fleet.explain(device).values()) if (source) files.add(relative(project.root, source.file))
  return files.size > 0 ? [...files] : [relative(project.root, project.paths.inventory)]
}

function filesOfRunbook({ project }: Side, name: string): readonly string[] {
  const modules = relative(project.root, project.paths.modules)
  for (const { runbook: reference, params } of project.settings.assignments) {
    const runbook = openOwnRunbook(project, reference, params)
    if (runbook.name === name) return [relative(project.root, runbook.file), modules, 'tillwright.yaml']
  }
  return [relative(project.root, project.paths.runbooks), modules, 'tillwright.yaml']
}

async function commitsOf(
  { mirror, prefix }: RepositoryObjects,
  { from, to }: { readonly from: string; readonly to: string },
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
