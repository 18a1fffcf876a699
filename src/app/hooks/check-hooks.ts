import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import type { Project } from '../project.ts'
import { type RunbookShelf, runbookShelf } from './runbook-shelf.ts'

/** What is wrong with the runbooks of rules and their parameters, every value that a rule allows included. */
export function checkHooks(project: Project, open: RunbookShelf = runbookShelf(project)): readonly Diagnostic[] {
  const all = project.settings.hooks().rules.flatMap((rule) => checkRule(rule, open))
  // A runbook that several rules name is looked at several times.
  return [...new Map(all.map((each) => [JSON.stringify([each.summary, each.source]), each])).values()]
}

function checkRule(rule: HookRule, open: RunbookShelf): readonly Diagnostic[] {
  const { runbook, params, source } = rule
  if (runbook === undefined) return []
  const valuesOf = (param: HookRule['params'][number]): readonly string[] => {
    return 'value' in param ? [param.value] : param.oneOf
  }
  const most = Math.max(1, ...params.map((param) => valuesOf(param).length))
  // Every value once is enough: parameters are checked one by one.
  const seen = new Map<string, Diagnostic>()
  for (let turn = 0; turn < most; turn++) {
    const given = params.map((param) => [param.name, valuesOf(param)[turn] ?? valuesOf(param)[0] ?? ''] as const)
    for (const diagnostic of problemsOf(open, runbook, Object.fromEntries(given))) {
      const here = diagnostic.source === undefined || diagnostic.code === 'RUNBOOK_PARAM_INVALID'
      seen.set(diagnostic.summary, here ? { ...diagnostic, source } : diagnostic)
    }
  }
  return [...seen.values()]
}

function problemsOf(
  open: RunbookShelf,
  runbook: string,
  params: Readonly<Record<string, string>>,
): readonly Diagnostic[] {
  try {
    open(runbook, params)
    return []
  } catch (error) {
    if (error instanceof InputError) return error.diagnostics
    throw error
  }
}
