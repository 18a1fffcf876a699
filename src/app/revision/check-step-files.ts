import { isAbsolute, join, normalize } from 'node:path'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Runbook, Scope, Step } from '../../core/runbook.ts'
import { isLfsPointer, pointerDiagnostic } from '../../files/lfs-pointer.ts'
import type { LeftOut } from '../../gitops/checkout-seal.ts'
import { selectorScope } from '../../lang/expression.ts'
import type { Project } from '../project.ts'
import { andMore } from './and-more.ts'
import { leadsOut } from './repository-paths.ts'
import { type NamedFile, namedFiles } from './wanted-digest.ts'

/** Why a file has no content here. */
type Missing = 'pointer' | LeftOut

interface Fault extends NamedFile {
  readonly missing: Missing
  readonly devices: string[]
}

interface Repository {
  readonly project: Project
  readonly fleet: Fleet
  /** What of a revision that is followed is not here. */
  readonly leftOut?: readonly LeftOut[]
}

/**
 * Files that devices would get, or by which they are asked, and whose content is not here: git keeps a pointer in their place, or they
 * lie in a link or a submodule, which are left out of what is followed. One diagnostic for each step and file, with the devices that
 * it is about.
 */
export function checkStepFiles(
  { project, fleet, leftOut = [] }: Repository,
  work: Iterable<{ readonly device: Device; readonly runbooks: readonly Runbook[] }>,
): readonly Diagnostic[] {
  const known = new Map<string, Missing | undefined>()
  const missingAs = (path: string): Missing | undefined => {
    if (!known.has(path))
      known.set(path, leftOut.find(holds(path)) ?? (isPointerHere(project, path) ? 'pointer' : undefined))
    return known.get(path)
  }
  const faults = new Map<string, Fault>()
  for (const { device, runbooks } of work)
    for (const runbook of runbooks) {
      const scopeOf = (): Scope => selectorScope(fleet, device)
      for (const named of namedFiles(runbook, device, { project, scopeOf })) {
        const { step, path } = named
        const missing = missingAs(path)
        if (missing === undefined || isSkipped(step, { runbook, device, fleet })) continue
        const { file, line } = step.source
        const fault = faults.get(`${file}:${line} ${path}`) ?? { ...named, missing, devices: [] }
        fault.devices.push(device.name)
        faults.set(`${file}:${line} ${path}`, fault)
      }
    }
  return [...faults.values()].map(diagnosticOf)
}

function holds(path: string): (leftOut: LeftOut) => boolean {
  const plain = normalize(path)
  return ({ path: left }) => plain === left || plain.startsWith(`${left}/`)
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

function diagnosticOf({ path, step, kind, missing, devices }: Fault): Diagnostic {
  const detail = `Step "${step.id}" ${kind === 'content' ? 'hands it to' : 'needs it to ask'} ${andMore(devices)}.`
  const common = { severity: 'error', detail, source: step.source } as const
  if (missing === 'pointer') return { ...common, ...pointerDiagnostic(path) }
  return {
    ...common,
    code: 'FILE_UNREADABLE',
    summary: `"${path}" is not here: "${missing.path}" is a ${missing.what}, which is left out of what is followed`,
    hint: 'Keep the file itself in the repository, or name one of the machine of the controller by its absolute path.',
  }
}
