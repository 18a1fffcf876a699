import { isAbsolute, join } from 'node:path'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Runbook, Scope, Step } from '../../core/runbook.ts'
import { isLfsPointer, POINTER_WORDS } from '../../files/lfs-pointer.ts'
import { selectorScope } from '../../lang/expression.ts'
import type { Project } from '../project.ts'
import { andMore } from './and-more.ts'
import { leadsOut } from './repository-paths.ts'
import { type NamedFile, namedFiles } from './wanted-digest.ts'

interface Fault extends NamedFile {
  readonly devices: string[]
}

/**
 * Files that devices would get, or by which they are asked, and whose content is not here: git keeps a pointer in their place. One
 * diagnostic for each step and file, with the devices that it is about.
 */
export function checkStepFiles(
  { project, fleet }: { readonly project: Project; readonly fleet: Fleet },
  work: Iterable<{ readonly device: Device; readonly runbooks: readonly Runbook[] }>,
): readonly Diagnostic[] {
  const pointers = new Map<string, boolean>()
  const isPointer = (path: string): boolean => {
    const known = pointers.get(path) ?? isPointerHere(project, path)
    pointers.set(path, known)
    return known
  }
  const faults = new Map<string, Fault>()
  for (const { device, runbooks } of work)
    for (const runbook of runbooks) {
      const scopeOf = (): Scope => selectorScope(fleet, device)
      for (const named of namedFiles(runbook, device, { project, scopeOf })) {
        const { step, path } = named
        if (!isPointer(path) || isSkipped(step, { runbook, device, fleet })) continue
        const { file, line } = step.source
        const fault = faults.get(`${file}:${line} ${path}`) ?? { ...named, devices: [] }
        fault.devices.push(device.name)
        faults.set(`${file}:${line} ${path}`, fault)
      }
    }
  return [...faults.values()].map(diagnosticOf)
}

function isPointerHere({ root }: Project, path: string): boolean {
  if (isAbsolute(path)) return isLfsPointer(path)
  return !leadsOut(path, root) && isLfsPointer(join(root, path))
}

function isSkipped(
  { when }: Step,
  { runbook, device, fleet }: { readonly runbook: Runbook; readonly device: Device; readonly fleet: Fleet },
): boolean {
  if (when?.steps.length !== 0) return false
  const scope = { ...selectorScope(fleet, device), vars: device.vars, params: runbook.params, steps: {} }
  const answer = when.evaluate(scope)
  return answer.ok && answer.value === false
}

function diagnosticOf({ path, step, kind, devices }: Fault): Diagnostic {
  return {
    code: 'FILE_IS_POINTER',
    severity: 'error',
    summary: POINTER_WORDS.message(path).replace(/\.$/, ''),
    detail: `Step "${step.id}" ${kind === 'content' ? 'hands it to' : 'needs it to ask'} ${andMore(devices)}.`,
    hint: POINTER_WORDS.hint,
    source: step.source,
  }
}
