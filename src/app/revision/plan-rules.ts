import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { InputError, inputError } from '../../core/diagnostic.ts'
import { type GitopsSettings, loadGitops } from '../../lang/load-gitops.ts'
import type { PlansSettings, SignedWhen } from '../../lang/read-plans.ts'
import { GITOPS_FILE, gitopsFolder } from '../gitops/gitops-folder.ts'
import type { Project } from '../project.ts'
import type { PlanSigners } from './plan-signature.ts'

/** What is asked of plans on this machine, in this repository. */
export interface PlanRules {
  /** Of each list somebody must have signed. */
  readonly lists: readonly PlanSigners[]
  readonly signed: SignedWhen
}

const STRICTER: Readonly<Record<SignedWhen, number>> = { never: 0, 'off-terminal': 1, always: 2 }

/**
 * What tillwright.yaml and gitops.yaml of what this machine follows say, and a list that is named on the command line: all of
 * it holds, since each of these may be written by somebody else. Throws InputError for a gitops.yaml that cannot be read.
 */
export function planRules(project: Project, named?: PlanSigners): PlanRules {
  const said = [plansOf(project), followedPlans()].filter((one) => one !== undefined)
  const lists = said.map(({ signers, revocations }) => ({ signers, revocations }))
  return {
    lists: named ? [named, ...lists] : lists,
    signed: said.reduce<SignedWhen>((most, { signed }) => (STRICTER[signed] > STRICTER[most] ? signed : most), 'never'),
  }
}

/**
 * Whose word counts who agrees to a change: the signers of what this machine follows, which stand outside of the repository; else
 * those of plans (`plans.signers` of tillwright.yaml). Undefined where nobody is named. Throws InputError.
 */
export function approvers(project: Project): PlanSigners | undefined {
  const followed = followedSettings()
  if (!followed) {
    const plans = plansOf(project)
    return (
      plans && { signers: plans.signers, ...(plans.revocations !== undefined && { revocations: plans.revocations }) }
    )
  }
  const { settings, placed } = followed
  return { signers: placed(settings.signers), revocations: placed(settings.revocations) }
}

/** What tillwright.yaml says; its files count from its folder. */
export function plansOf({ settings, root }: Project): PlansSettings | undefined {
  const { plans } = settings
  if (plans === undefined) return undefined
  const inRoot = (name: string): string => (isAbsolute(name) ? name : join(root, name))
  const { signers, revocations } = plans
  return {
    ...plans,
    signers: inRoot(signers),
    ...(revocations !== undefined && { revocations: inRoot(revocations) }),
  }
}

/** Of the folder that says what is followed, if there is one; files as absolute paths. */
function followedPlans(): PlansSettings | undefined {
  const followed = followedSettings()
  if (followed?.settings.plans === undefined) return undefined
  const { settings, placed } = followed
  const { plans } = settings
  const { signers, revocations } = plans as PlansSettings
  return {
    ...(plans as PlansSettings),
    signers: placed(signers),
    ...(revocations !== undefined && { revocations: placed(revocations) }),
  }
}

function followedSettings(): { readonly settings: GitopsSettings; placed(name: string): string } | undefined {
  const folder = gitopsFolder()
  const file = join(folder, GITOPS_FILE)
  if (!existsSync(file)) return undefined
  const { settings, diagnostics } = loadGitops(file)
  if (settings === undefined) throw new InputError(diagnostics)
  return { settings, placed: (name) => (isAbsolute(name) ? name : join(folder, name)) }
}

/**
 * Throws InputError where a change needs a signed plan and has none. `isSigned`: somebody of each list signed it, and there
 * is a list.
 */
export function refuseUnsigned({ lists, signed }: PlanRules, isSigned: boolean, isOnTerminal: boolean): void {
  if (isSigned || signed === 'never' || (signed === 'off-terminal' && isOnTerminal)) return
  const where = signed === 'always' ? 'Changes' : 'Changes from elsewhere than a terminal'
  const summary = `${where} need a signed plan here (plans.signed: ${signed})`
  const by = lists.map(({ signers }) => `"${signers}"`).join(' and of ')
  const detail = `Have one made and reviewed, \`till plan RUNBOOK --output plan.json --sign KEY\`, by a key of ${by}; then \`till apply plan.json\`.`
  throw inputError('PLAN_UNTRUSTED', summary, detail)
}
