import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Diagnostic, InputError, inputError } from '../core/diagnostic.ts'
import type { Fleet } from '../core/fleet.ts'
import { shellWord } from '../core/remedy.ts'
import type { RunStore } from '../core/run-store.ts'
import type { SourceRange } from '../core/source.ts'
import { loadInventory } from '../lang/load-inventory.ts'
import { loadProject, type ProjectSettings } from '../lang/load-project.ts'
import { openStore } from './history/open-store.ts'
import { type StatePlace, statePlace } from './history/state-place.ts'
import { openModules, type RepositoryModules } from './revision/repository-modules.ts'
import { shownPath } from './shown-path.ts'

export const PROJECT_FILE = 'tillwright.yaml'

/** A repository of runbooks and inventory, opened. Parts load when they are asked for, once. */
export interface Project {
  /** Absolute path. Relative paths of the project file are relative to it. */
  readonly root: string
  readonly settings: ProjectSettings
  /** Absolute paths of things that the project file names. */
  readonly paths: {
    readonly inventory: string
    readonly runbooks: string
    readonly modules: string
    readonly knownHosts: string
    /** Of the state where it is in no database; what belongs to this machine alone lies beside it in any case. */
    readonly state: string
    readonly cache: string
    readonly sandbox: string
  }
  readonly state: StatePlace
  /** Its devices are those of the sandbox. */
  readonly isSandbox: boolean
  /** The fleet; throws InputError with every problem of the inventory. */
  fleet(): Promise<Fleet>
  /** Modules that runbooks of this repository may use. */
  modules(): RepositoryModules
  /** The state store, opened at first use. The caller that ends the process closes it with `close`. */
  store(): Promise<RunStore>
  close(): Promise<void>
}

/**
 * What a command that is suggested needs to look where this one looked, each flag with a space before it: nothing within the
 * repository itself.
 */
export function hereFlag({
  isSandbox,
  root,
}: Pick<Project, 'isSandbox'> & { readonly root?: string | undefined }): string {
  const { TILL_PROJECT: named } = process.env
  const found = named === undefined ? findRoot(process.cwd()) : resolve(named)
  const place = root === undefined || resolve(root) === found ? '' : ` --project ${shellWord(shownPath(root))}`
  return `${isSandbox ? ' --sandbox' : ''}${place}`
}

/**
 * Finds `tillwright.yaml` in `start` and opens it; above the working directory, too, but not above what was named: a slip in
 * the name, or a checkout that failed, would lead to another repository. What is done to a sandbox is kept apart from
 * what is known of the real devices. Throws InputError.
 */
export async function openProject(start: string, options: { readonly sandbox?: boolean } = {}): Promise<Project> {
  const root = rootOf(resolve(start))
  const cache = join(root, '.till', 'cache')
  const { settings, diagnostics } = await loadProject(join(root, PROJECT_FILE), { cacheFolder: cache })
  if (settings === undefined || diagnostics.some((d) => d.severity === 'error')) throw new InputError(diagnostics)
  const inRoot = (path: string): string => (isAbsolute(path) ? path : join(root, path))
  const paths = {
    inventory: inRoot(settings.inventory),
    runbooks: inRoot(settings.runbooks),
    modules: inRoot(settings.modules),
    knownHosts: inRoot(settings.known_hosts),
    state: options.sandbox ? join(root, '.till', 'sandbox-state.db') : inRoot(settings.state),
    cache,
    sandbox: join(root, '.till', 'sandbox'),
  }
  const state = statePlace(paths.state, { root, settings, sandbox: options.sandbox ?? false })
  let modules: RepositoryModules | undefined
  let fleet: Promise<Fleet> | undefined
  let store: Promise<RunStore> | undefined
  return {
    root,
    settings,
    paths,
    state,
    isSandbox: options.sandbox ?? false,
    fleet() {
      fleet ??= loadFleet(paths, () => settings.placeOf(['inventory']))
      return fleet
    },
    modules() {
      modules ??= openModules(paths.modules)
      return modules
    },
    store() {
      store ??= openStore(state)
      return store
    },
    async close() {
      // What could not be opened was told to whoever asked for it.
      await (await store?.catch(() => undefined))?.close()
    },
  }
}

/** `placeOf`: where the project file names it. The whole file is parsed anew for that. */
async function loadFleet(
  { inventory, cache }: Project['paths'],
  placeOf: () => SourceRange | undefined,
): Promise<Fleet> {
  const { fleet, diagnostics } = await loadInventory(inventory, { cacheFolder: cache })
  if (fleet !== undefined && !diagnostics.some((d) => d.severity === 'error')) return fleet
  // A folder that is not there, or is none, has no line of its own.
  const isOfFolder = ({ code, source }: Diagnostic): boolean =>
    code === 'FILE_UNREADABLE' && source !== undefined && resolve(source.file) === resolve(inventory)
  const named = diagnostics.some(isOfFolder) ? placeOf() : undefined
  throw new InputError(diagnostics.map((one) => (named && isOfFolder(one) ? { ...one, source: named } : one)))
}

/** The folder of tillwright.yaml. Throws InputError where there is none. */
export function rootOf(start: string): string {
  const isHere = start === process.cwd()
  const root = isHere ? findRoot(start) : existsSync(join(start, PROJECT_FILE)) ? start : undefined
  if (root !== undefined) return root
  const summary = `No ${PROJECT_FILE} in "${start}"${isHere ? ' or a folder above it' : ''}`
  const detail = isHere
    ? 'Run till inside a repository that has one, or name its folder with --project.'
    : 'Name the folder that has it: folders above it are looked at only where till is run.'
  throw inputError('PROJECT_UNKNOWN', summary, detail)
}

/** The repository that a folder lies in or is. */
export function findRoot(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder
    if (dirname(folder) === folder) return undefined
  }
}
