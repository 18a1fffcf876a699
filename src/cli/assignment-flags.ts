import { Args, Flags } from '@oclif/core'
import { gitopsFolder } from '../app/gitops/gitops-folder.ts'
import { openFollow } from '../app/gitops/open-follow.ts'
import { inForce } from '../app/gitops/prepare-revision.ts'
import { openProject, type Project } from '../app/project.ts'
import { InputError } from '../core/diagnostic.ts'
import { folderFlag } from './gitops-flags.ts'

/** Of the repository that is followed, or of this one. */
export const assignmentFlags = {
  folder: folderFlag,
  here: Flags.boolean({
    description: 'those of the repository in this folder (or --project), as reconcile --here goes by them',
    exclusive: ['folder'],
  }),
}

export const assignmentArgs = {
  assignment: Args.string({ required: true, description: 'its name, as `till assignments` lists it' }),
}

/** Opens the repository whose assignments are meant. Throws InputError. */
export async function assignmentProject(flags: {
  readonly folder?: string | undefined
  readonly here: boolean
  readonly project?: string | undefined
}): Promise<Project> {
  if (flags.here || flags.project !== undefined) return openProject(flags.project ?? process.cwd())
  return inForce(await openFollow(gitopsFolder(flags.folder)).catch((error) => Promise.reject(orHere(error))))
}

/** Whoever follows nothing mostly means the repository in which they stand. */
function orHere(error: unknown): unknown {
  if (!(error instanceof InputError)) return error
  const hint = 'for those of the repository in this folder: --here'
  return new InputError(error.diagnostics.map((one) => (one.code === 'GITOPS_MISSING' ? { ...one, hint } : one)))
}
