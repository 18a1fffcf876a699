import { existsSync } from 'node:fs'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Expression } from '../../core/runbook.ts'
import type { DetachedSigners } from '../../gitops/detached-signature.ts'
import { compileSelector } from '../../lang/expression.ts'
import { type LoadedRunbook, loadRunbook } from '../../lang/load-runbook.ts'
import { auditSettings } from '../audit/checkpoint-seal.ts'
import { checkHooks } from '../hooks/check-hooks.ts'
import { openDuties } from '../incidents/check-duties.ts'
import type { Project } from '../project.ts'
import { checkContracts } from '../reports/check-contracts.ts'
import { checkScheduledReports } from '../reports/check-scheduled-reports.ts'
import { checkPolicies } from '../safety/check-policies.ts'
import { andMore } from './and-more.ts'
import { meansNobody } from './assignments.ts'
import { checkPaths } from './check-paths.ts'
import { checkPointers } from './check-pointers.ts'
import { checkSecrets } from './check-secrets.ts'
import { checkStepFiles } from './check-step-files.ts'
import { checkValues } from './check-values.ts'
import { checkWorkTree } from './check-work-tree.ts'
import { distinct } from './distinct.ts'
import { FleetAnswers } from './fleet-answers.ts'
import { plansOf } from './plan-rules.ts'
import { checkLists } from './plan-signature.ts'
import { openOwnRunbook, openRunbook, runbookFiles } from './runbooks.ts'

/** What a check of a whole repository found, and how much it looked at. */
export interface RepositoryCheck {
  readonly diagnostics: readonly Diagnostic[]
  readonly checked: {
    readonly stores: number
    readonly devices: number
    /** Of the repository's own. */
    readonly modules: number
    readonly runbooks: number
    readonly assignments: number
  }
}

/** Checks everything that the project file binds together: inventory, every runbook, every assignment. */
export async function checkRepository(project: Project): Promise<RepositoryCheck> {
  const inventory = await collect(() => project.fleet())
  const listed = await collect(async () => runbookFiles(project))
  const files = listed.value ?? []
  const modules = project.modules()
  const policies = [...project.settings.policies.keys()]
  const loaded = files.map((file) => loadRunbook(file, { modules: modules.all, policies }))
  const runbooks = loaded.flatMap(({ diagnostics }) => diagnostics)
  const answers = inventory.value && new FleetAnswers(inventory.value)
  const values = answers ? await unassignedValues(project, files, answers) : []
  const handed = answers ? handedByAny(project, loaded, answers) : []
  const { assignments } = project.settings
  const secrets = inventory.value ? await checkSecrets(project, inventory.value) : []
  const lists = await listsOfSigners(project)
  const workTree = listed.value ? await checkWorkTree(project) : []
  const assigned: Diagnostic[] = []
  for (const assignment of assignments) assigned.push(...(await checkAssignment(project, assignment, answers)))
  return {
    diagnostics: distinct([
      ...checkPaths(project),
      ...workTree,
      ...listed.diagnostics,
      ...inventory.diagnostics,
      ...(inventory.value ? checkPointers(project, inventory.value) : []),
      ...secrets,
      ...modules.diagnostics,
      ...runbooks,
      ...values,
      ...handed,
      ...assigned,
      ...(inventory.value ? checkSettings(project, inventory.value) : checkHooks(project)),
      ...lists,
    ]),
    checked: {
      stores: inventory.value?.stores.size ?? 0,
      devices: inventory.value?.devices.size ?? 0,
      modules: modules.own.length,
      runbooks: files.length,
      assignments: assignments.length,
    },
  }
}

/** What is wrong with the lists that `plans` and `audit` name. They may stand only where they are needed: elsewhere that is a remark. */
async function listsOfSigners(project: Project): Promise<readonly Diagnostic[]> {
  const plans = await listsOf(project, 'plans', { lists: plansOf(project), without: NO_PLAN })
  return [...plans, ...(await listsOf(project, 'audit', { lists: auditSettings(project), without: NO_VERDICT }))]
}

const NO_PLAN = 'No plan is applied from here. It has to stand where plans are applied.'
const NO_VERDICT = 'Nothing of the audit log is verified or cut off here. It has to stand where that is done.'

async function listsOf(
  { settings }: Project,
  section: 'plans' | 'audit',
  { lists, without }: { readonly lists: DetachedSigners | undefined; readonly without: string },
): Promise<readonly Diagnostic[]> {
  if (lists === undefined) return []
  const missing = (['signers', 'revocations'] as const).flatMap((key): readonly Diagnostic[] => {
    const file = lists[key]
    if (file === undefined || existsSync(file)) return []
    const source = settings.placeOf([section, key])
    const summary = `"${file}" is not on this machine`
    const code = section === 'plans' ? 'PLAN_UNTRUSTED' : 'AUDIT_UNSIGNED'
    return [{ code, severity: 'warning', summary, detail: without, ...(source && { source }) }]
  })
  if (missing.length > 0) return missing
  const { diagnostics } = await collect(async () => checkLists(lists))
  const source = settings.placeOf([section, 'signers'])
  return diagnostics.map((one) => ({ ...(source && { source }), ...one }))
}

/**
 * What the project file says of rules, policies, the matrix and who gets reports: all that a server refuses a repository for, and
 * that needs nothing of the machine of the server.
 */
export function checkSettings(project: Project, fleet: Fleet): readonly Diagnostic[] {
  const { duties, diagnostics } = openDuties(project, fleet)
  const reports = checkScheduledReports(project, fleet, duties)
  return [
    ...checkHooks(project),
    ...checkPolicies(project, fleet),
    ...checkContracts(project, fleet),
    ...diagnostics,
    ...reports,
  ]
}

/** What runbooks that need no parameters name of the devices that they are meant for. */
async function unassignedValues(
  project: Project,
  files: readonly string[],
  answers: FleetAnswers,
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = []
  for (const file of files) {
    const { value: runbook } = await collect(async () => openRunbook(project, file, {}))
    if (!runbook?.targets) continue
    const work = answers.hitsOf([runbook.targets]).map((device) => ({ device, runbooks: [runbook] }))
    found.push(...checkValues(answers.fleet, work, project.modules().all))
  }
  return found
}

/** What runbooks would hand to any of the devices that they are meant for, as far as that does not depend on parameters of a run. */
function handedByAny(project: Project, loaded: readonly LoadedRunbook[], answers: FleetAnswers): readonly Diagnostic[] {
  const { fleet } = answers
  return loaded.flatMap(({ runbook }) => {
    if (runbook === undefined) return []
    const devices = answers.hitsOf(runbook.targets ? [runbook.targets] : [])
    return checkStepFiles(
      { project, fleet },
      devices.map((device) => ({ device, runbooks: [runbook] })),
    )
  })
}

type Assignment = Project['settings']['assignments'][number]

async function checkAssignment(
  project: Project,
  assignment: Assignment,
  answers: FleetAnswers | undefined,
): Promise<readonly Diagnostic[]> {
  const opened = await collect(async () => openOwnRunbook(project, assignment.runbook, assignment.params))
  const { value: runbook } = opened
  if (!runbook) return opened.diagnostics.map((diagnostic) => atAssignment(diagnostic, assignment))
  if (!answers) return []
  const where = assignment.where === undefined ? undefined : compileSelector(assignment.where)
  if (where && !where.ok) throw new InputError([where.diagnostic])
  const selectors = [runbook.targets, where?.expression].filter((one) => one !== undefined)
  const wrong = wrongComparisons(answers, selectors, assignment)
  const work = answers.hitsOf(selectors).map((device) => ({ device, runbooks: [runbook] }))
  const { fleet } = answers
  if (work.length > 0 || wrong.length > 0)
    return [...wrong, ...checkValues(fleet, work, project.modules().all), ...checkStepFiles({ project, fleet }, work)]
  return [meansNobody(assignment)]
}

/** A selector does not hold for a device that lacks a value; one that compares what cannot be compared is wrong. */
function wrongComparisons(
  answers: FleetAnswers,
  selectors: readonly Expression[],
  { source }: Assignment,
): readonly Diagnostic[] {
  return selectors.flatMap((selector): readonly Diagnostic[] => {
    const { devices, error } = answers.of(selector)
    if (devices.length === 0) return []
    const detail = `It is so for ${andMore(devices)}, which are left out here.`
    return [{ code: 'EXPRESSION_FAILED', severity: 'warning', summary: error, detail, source }]
  })
}

/** What only the assignment can be blamed for is shown there. */
function atAssignment(diagnostic: Diagnostic, { source }: Assignment): Diagnostic {
  const blamed = diagnostic.source === undefined || diagnostic.code === 'RUNBOOK_PARAM_INVALID'
  return blamed ? { ...diagnostic, source } : diagnostic
}

async function collect<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T | undefined; readonly diagnostics: readonly Diagnostic[] }> {
  try {
    return { value: await work(), diagnostics: [] }
  } catch (error) {
    if (error instanceof InputError) return { value: undefined, diagnostics: error.diagnostics }
    throw error
  }
}
