import { type Diagnostic, inOrder } from '../../core/diagnostic.ts'
import type { Module } from '../../core/module.ts'
import type { Runbook, Step } from '../../core/runbook.ts'
import type { UserModule } from '../../core/user-module.ts'
import { loadModules } from '../../lang/module/load-modules.ts'
import { MODULES } from '../../modules/index.ts'
import { userModule } from '../../modules/user/user-module.ts'
import { shownPath } from '../shown-path.ts'

/** What runbooks of a repository may use: modules that are shipped, and the repository's own. */
export interface RepositoryModules {
  readonly all: readonly Module[]
  /** Those that are without fault, in the order of their names. */
  readonly own: readonly UserModule[]
  /** Names of those that are not. */
  readonly broken: readonly string[]
  /** What is wrong with any of its own. */
  readonly diagnostics: readonly Diagnostic[]
  /** What is wrong with those that a runbook uses: another that is broken is no reason not to run it. */
  faultsOf(runbook: Runbook): readonly Diagnostic[]
  /** What is wrong with the one of that name. */
  faultsOfModule(name: string): readonly Diagnostic[]
}

const SHIPPED = MODULES.map(({ name }) => name)

/** Reads the modules of a folder; without one, and where there is no such folder, there are those that are shipped. */
export function openModules(folder: string | undefined): RepositoryModules {
  const loaded = folder === undefined ? [] : loadModules(folder, { shipped: SHIPPED, show: shownPath })
  const own = loaded.flatMap(({ module }) => module ?? [])
  // A name that is taken by a shipped module stays that module's.
  const faulty = loaded.filter(({ module, name }) => !module && !SHIPPED.includes(name))
  const broken = new Map(faulty.map(({ name, diagnostics }) => [name, diagnostics]))
  const standIns = [...broken.keys()].map(brokenModule)
  return {
    all: [...MODULES, ...own.map(userModule), ...standIns],
    own,
    broken: [...broken.keys()],
    diagnostics: loaded.flatMap(({ diagnostics }) => inOrder(diagnostics)),
    faultsOf: ({ steps }) => [...new Set(namesIn(steps))].flatMap((name) => broken.get(name) ?? []),
    faultsOfModule: (name) => broken.get(name) ?? [],
  }
}

/** So that what is wrong with the module is said, instead of that there is none of its name. It never comes to be asked. */
function brokenModule(name: string): Module {
  return {
    name,
    summary: 'Cannot be used: see till validate',
    params: { type: 'object' },
    systems: ['linux', 'windows'],
    converges: true,
    reacts: true,
    observe: () => Promise.reject(new Error(`the module "${name}" is broken`)),
  }
}

function namesIn(steps: readonly Step[]): readonly string[] {
  return steps.flatMap(({ module, on_failure, rollback }) => [module, ...namesIn(on_failure), ...namesIn(rollback)])
}
