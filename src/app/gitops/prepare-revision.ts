import { rename, rm, symlink } from 'node:fs/promises'
import { isAbsolute, join, normalize, relative, resolve } from 'node:path'
import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import type { Device } from '../../core/fleet.ts'
import type { Runbook } from '../../core/runbook.ts'
import { checkOut, forgetRevisions, TreeRefused } from '../../gitops/checkout.ts'
import type { LeftOut } from '../../gitops/checkout-seal.ts'
import { formatOf, openMirror } from '../../gitops/mirror.ts'
import type { Prepared } from '../../gitops/pull.ts'
import { readTrusted } from '../../gitops/trust-folder.ts'
import { formatDiagnostics } from '../../lang/format-diagnostics.ts'
import { openProject, type Project } from '../project.ts'
import { checkPointers } from '../revision/check-pointers.ts'
import { checkSettings } from '../revision/check-repository.ts'
import { checkStepFiles } from '../revision/check-step-files.ts'
import { checkValues } from '../revision/check-values.ts'
import { openOwnRunbook } from '../revision/runbooks.ts'
import { meaningsOf, reachBetween, reachOf } from './assignment-reach.ts'
import { keepReach, keptReach, type Reach } from './kept-reach.ts'
import { leftOutWords, requireProject } from './left-out.ts'
import { ofThisMachine } from './of-this-machine.ts'
import type { OpenFollow } from './open-follow.ts'

/** A revision in a checkout of our own, with everything that its assignments need loaded. */
export interface CheckedOut {
  readonly commit: string
  readonly project: Project
  readonly leftOut: readonly LeftOut[]
}

/** Loads a revision. Throws InputError with all that is wrong with it, TreeRefused where its tree is not taken, GitBroken. */
export async function loadRevision(follow: OpenFollow, commit: string): Promise<CheckedOut> {
  const { root, leftOut } = await checkOut(() => openMirror(follow.folder, formatOf(commit)), commit, follow.paths)
  requireProject(root, leftOut)
  const project = await openProject(root)
  const stray = strayState(project)
  if (stray) throw new InputError([stray])
  await project.fleet()
  const broken = project.modules().diagnostics.filter(({ severity }) => severity === 'error')
  if (broken.length > 0) throw new InputError(broken)
  for (const { runbook, params } of project.settings.assignments) openOwnRunbook(project, runbook, params)
  return { commit, project, leftOut }
}

type Meanings = Awaited<ReturnType<typeof meaningsOf>>

/**
 * What a run over its assignments or a server would be refused for, so that it is found before the revision is in force: values
 * that a device lacks, files whose content is not there, and what the project file says of policies, rules, duties and reports.
 */
async function unfit(
  { project, leftOut }: Pick<CheckedOut, 'project' | 'leftOut'>,
  meanings: Meanings,
): Promise<readonly Diagnostic[]> {
  const fleet = await project.fleet()
  const work = new Map<Device, Runbook[]>()
  for (const { runbook, devices } of meanings)
    for (const device of devices) work.set(device, [...(work.get(device) ?? []), runbook])
  const assigned = [...work].map(([device, runbooks]) => ({ device, runbooks }))
  const found = [
    ...checkValues(fleet, assigned, project.modules().all),
    ...checkStepFiles({ project, fleet, leftOut }, assigned),
    ...checkPointers(project, fleet),
    ...checkSettings(project, fleet),
  ]
  return found.filter(({ severity }) => severity === 'error')
}

/** State must outlive a revision; `.till` is the same for all of them, and nothing else in a checkout is. */
function strayState({ settings, root, paths }: Project): Diagnostic | undefined {
  const path = normalize(settings.state)
  if (isAbsolute(path) || (!relative(root, paths.state).startsWith('..') && path.startsWith('.till/'))) return undefined
  const summary = `The state "${settings.state}" would lie in the checkout of one revision`
  const detail = 'Where a repository is followed, `state` of tillwright.yaml is below .till/, or an absolute path.'
  return { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail }
}

/** As `loadRevision`, for what is in force already. Throws InputError, also where it has to be written anew and cannot. */
export async function loadInForce(follow: OpenFollow, commit: string): Promise<CheckedOut> {
  try {
    return await loadRevision(follow, commit)
  } catch (error) {
    throw ofThisMachine(error, follow) ?? error
  }
}

/** The revision that is in force, as a project. Throws InputError where there is none yet. */
export async function inForce(follow: OpenFollow): Promise<Project> {
  const trusted = await readTrusted(follow.folder)
  if (trusted !== undefined) return (await loadInForce(follow, trusted.commit)).project
  const summary = `Nothing of "${follow.settings.repository}" is in force yet`
  const detail = 'Look at a commit and name it: `till gitops trust COMMIT --reason TEXT`.'
  throw inputError('GITOPS_MISSING', summary, detail)
}

/** Whether a revision can be used, and what its assignments mean beside those of the one in force. */
export async function prepareRevision(follow: OpenFollow, commit: string): Promise<Prepared> {
  try {
    const after = await withRevision(follow, commit, async ({ project, leftOut }) => {
      const meanings = await meaningsOf(project)
      const wrong = await unfit({ project, leftOut }, meanings)
      if (wrong.length > 0) throw new InputError(wrong)
      return reachOf(meanings)
    })
    const before = await reachBefore(follow, commit)
    await keepReach(follow.folder, new Map([...(before ?? []), [commit, after]]))
    const [reach = new Map()] = before?.values() ?? []
    return { ok: true, ...(before && { assignments: reachBetween(reach, after) }) }
  } catch (error) {
    if (error instanceof TreeRefused) return { ok: false, why: error.message }
    if (!(error instanceof InputError)) throw error
    const shown = error.diagnostics.slice(0, 5).map((diagnostic) => placed(diagnostic, follow.paths.revisions))
    const why = formatDiagnostics(shown, { color: false, textOf: () => undefined })
    const leftOut = await leftOutWords(join(follow.paths.revisions, commit))
    return { ok: false, why: leftOut === '' ? why : `${why.trimEnd()}\n${leftOut}` }
  }
}

/**
 * What the assignments in force mean, by their commit; empty where nothing is, and undefined where that cannot be read any more, which
 * keeps no revision from being taken.
 */
async function reachBefore(follow: OpenFollow, commit: string): Promise<ReadonlyMap<string, Reach> | undefined> {
  try {
    const trusted = await readTrusted(follow.folder)
    if (trusted === undefined) return new Map()
    if (trusted.commit === commit) return undefined
    const kept = await keptReach(follow.folder, trusted.commit)
    const reach =
      kept ?? (await withRevision(follow, trusted.commit, async ({ project }) => reachOf(await meaningsOf(project))))
    return new Map([[trusted.commit, reach]])
  } catch {
    return undefined
  }
}

async function withRevision<T>(follow: OpenFollow, commit: string, work: (of: CheckedOut) => Promise<T>): Promise<T> {
  const of = await loadRevision(follow, commit)
  try {
    return await work(of)
  } finally {
    await of.project.close()
  }
}

/** Places are told as the repository has them, not as our checkout does. */
export function placed(diagnostic: Diagnostic, revisions: string): Diagnostic {
  const { source, summary } = diagnostic
  const told = { ...diagnostic, summary: withoutCheckout(summary, revisions) }
  // Some are told from where till was started.
  const file = source === undefined ? '' : relative(revisions, resolve(source.file))
  if (source === undefined || file.startsWith('..')) return told
  return { ...told, source: { ...source, file: file.replace(/^[^/]+\//, '') } }
}

/** A text in which a path of a checkout stands as absolute. */
function withoutCheckout(text: string, revisions: string): string {
  const parts = text.split(`${revisions}/`)
  return parts.map((part, index) => (index === 0 ? part : part.replace(/^[^/"]+\//, ''))).join('')
}

/** Leads `current` to the revision that is in force, and removes old ones. */
export async function pointTo(follow: OpenFollow, commit: string): Promise<void> {
  const { current, revisions } = follow.paths
  const fresh = `${current}.${process.pid}`
  await rm(fresh, { force: true })
  await symlink(`revisions/${commit}`, fresh)
  await rename(fresh, current)
  await forgetRevisions(revisions, commit)
}
