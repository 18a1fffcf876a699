import { existsSync } from 'node:fs'
import { type Diagnostic, InputError } from '../../../core/diagnostic.ts'
import type { UserModule } from '../../../core/user-module.ts'
import { loadCases, type ModuleCase } from '../../../lang/module/load-cases.ts'
import { userModule } from '../../../modules/user/user-module.ts'
import { CaseWorld } from './case-world.ts'
import { type Interpreter, posixShells, powerShell } from './interpreters.ts'
import { localPowerShell } from './local-powershell.ts'
import { runCase } from './run-case.ts'
import { syntaxProblems } from './syntax.ts'

type SideName = 'posix' | 'powershell'

/** What became of one case in one interpreter. */
export interface CaseResult {
  readonly module: string
  readonly it: string
  readonly side: SideName
  /** Absent when it was not run. */
  readonly shell?: string
  readonly state: 'ok' | 'failed' | 'not-run'
  /** What is wrong, or why it was not run. */
  readonly problems: readonly string[]
}

/** What became of all of them. */
export interface TestReport {
  readonly shells: readonly string[]
  readonly results: readonly CaseResult[]
  /** Modules without cases. */
  readonly untested: readonly string[]
  /** Nothing failed, and something was run. */
  readonly ok: boolean
}

const SYNTAX = 'its scripts parse'

/** Where the cases of a module stand. */
export function casesFileOf(module: Pick<UserModule, 'file'>): string {
  return module.file.replace(/\.ya?ml$/, '.test.yaml')
}

/** Runs the cases of modules, one after the other. Throws InputError with everything that is wrong in their files. */
export async function testModules(
  modules: readonly UserModule[],
  report: (result: CaseResult) => void | Promise<void>,
): Promise<TestReport> {
  const read = modules.map((module) => ({ module, ...casesOf(module) }))
  const wrong = read.flatMap(({ diagnostics }) => diagnostics)
  if (wrong.length > 0) throw new InputError(wrong)
  const shells = posixShells()
  const results: CaseResult[] = []
  for (const { module, cases } of read) {
    for await (const result of resultsOf(module, cases, shells)) {
      results.push(result)
      await report(result)
    }
  }
  return {
    shells: shells.map(({ name }) => name),
    results,
    untested: read.filter(({ cases }) => cases.length === 0).map(({ module }) => module.name),
    ok: results.every(({ state }) => state !== 'failed') && results.some(({ state }) => state === 'ok'),
  }
}

function casesOf(module: UserModule): {
  readonly cases: readonly ModuleCase[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const file = casesFileOf(module)
  return existsSync(file) ? loadCases(file) : { cases: [], diagnostics: [] }
}

async function* resultsOf(
  module: UserModule,
  cases: readonly ModuleCase[],
  shells: readonly Interpreter[],
): AsyncGenerator<CaseResult> {
  if (cases.length === 0) return
  const { posix, powershell } = module
  if (posix) {
    for (const shell of shells)
      yield await inWorld(module, { it: SYNTAX }, { shell, run: (world) => syntaxProblems(posix, world, shell) })
  }
  const windows = powershell && powerShell()
  for (const one of cases) {
    const on = (side: SideName): boolean => module[side] !== undefined && (one.on ?? [side]).includes(side)
    if (on('posix')) for (const shell of shells) yield await posixCase(module, one, shell)
    if (!on('powershell')) continue
    yield windows ? await powerShellCase(module, one, windows) : notRun(module, one)
  }
}

function notRun(module: UserModule, one: ModuleCase): CaseResult {
  const why = 'there is no pwsh or powershell on this machine, so PowerShell was neither run nor parsed'
  return { module: module.name, it: one.it, side: 'powershell', state: 'not-run', problems: [why] }
}

function posixCase(module: UserModule, one: ModuleCase, shell: Interpreter): Promise<CaseResult> {
  const run = async (world: CaseWorld): Promise<readonly string[]> => {
    const { shell: channel, close } = await world.openShell(shell.path)
    try {
      return await runCase(userModule(module), one, { world, shell: channel, family: 'linux' })
    } finally {
      await close()
    }
  }
  return inWorld(module, one, { shell, run })
}

function powerShellCase(module: UserModule, one: ModuleCase, shell: Interpreter): Promise<CaseResult> {
  const run = (world: CaseWorld): Promise<readonly string[]> => {
    const channel = localPowerShell(shell.path, { folder: world.root, environment: world.environment() })
    return runCase(userModule(module), one, { world, shell: channel, family: 'windows' })
  }
  return inWorld(module, one, { shell, run, side: 'powershell' })
}

async function inWorld(
  module: UserModule,
  one: ModuleCase,
  how: {
    readonly shell: Interpreter
    readonly run: (world: CaseWorld) => Promise<readonly string[]>
    readonly side?: SideName
  },
): Promise<CaseResult> {
  const world = new CaseWorld(one.given)
  try {
    // The folder has another name each time.
    const problems = (await how.run(world)).map((problem) => problem.replaceAll(world.root, '$ROOT'))
    const state = problems.length === 0 ? 'ok' : 'failed'
    return { module: module.name, it: one.it, side: how.side ?? 'posix', shell: how.shell.name, state, problems }
  } finally {
    world.remove()
  }
}
