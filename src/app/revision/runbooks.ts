import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { RunbookReference } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { isMap } from '../../core/json.ts'
import type { Runbook } from '../../core/runbook.ts'
import { type LoadRunbookOptions, loadRunbook } from '../../lang/load-runbook.ts'
import { readYamlFile } from '../../lang/read-yaml-file.ts'
import { suggest } from '../../lang/suggest.ts'
import type { Project } from '../project.ts'
import { shippedRunbook } from '../shipped-runbook.ts'
import { shownPath } from '../shown-path.ts'
import { unreadablePath } from './check-paths.ts'
import { leadsOut } from './repository-paths.ts'

const ENDINGS = ['.yaml', '.yml']
/** Of a runbook as people say it, where a path has a slash or an ending. */
const BARE_NAME = /^[\w-]+$/

/** Is told what is most likely not meant about a runbook that can be used. */
type Warn = (warnings: readonly Diagnostic[]) => void

/** Loads a runbook by file, or by name from the project's folder. Throws InputError with every problem of it. */
export function openRunbook(
  project: Project,
  reference: string,
  params: Readonly<Record<string, string>> = {},
  warn?: Warn,
): Runbook {
  return loadFrom(project, findRunbook(project, reference), { params, warn })
}

/**
 * Loads a runbook that a file of the repository names, such as an assignment or a rule: from the repository, wherever till was
 * started, so that what runs is what was reviewed. Throws InputError as `openRunbook`.
 */
export function openOwnRunbook(
  project: Project,
  reference: string,
  params: Readonly<Record<string, string>> = {},
  more: { readonly read?: LoadRunbookOptions['read']; readonly warn?: Warn } = {},
): Runbook {
  return loadFrom(project, findOwnRunbook(project, reference), { params, ...more })
}

function loadFrom(
  project: Project,
  file: string,
  {
    params,
    read,
    warn,
  }: {
    readonly params: Readonly<Record<string, string>>
    readonly read?: LoadRunbookOptions['read'] | undefined
    readonly warn?: Warn | undefined
  },
): Runbook {
  const modules = project.modules()
  const { runbook, diagnostics } = loadRunbook(shownPath(file), {
    modules: modules.all,
    params,
    policies: [...project.settings.policies.keys()],
    ...(read && { read }),
  })
  if (!runbook || diagnostics.some((d) => d.severity === 'error')) throw new InputError(diagnostics)
  const broken = modules.faultsOf(runbook)
  if (broken.length > 0) throw new InputError(broken)
  if (diagnostics.length > 0) warn?.(diagnostics)
  return runbook
}

/**
 * The runbooks in the project's folder, as paths from here, in order. What is no file (a pipe, a folder) is none. Throws
 * InputError where the folder cannot be read.
 */
export function runbookFiles(project: Project): readonly string[] {
  const folder = project.paths.runbooks
  if (!existsSync(folder)) return []
  return namesIn(project, folder)
    .filter((file) => ENDINGS.some((ending) => file.endsWith(ending)))
    .map((file) => join(folder, file))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() !== false)
    .map(shownPath)
    .sort()
}

function namesIn(project: Project, folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new InputError([unreadablePath(project, 'runbooks', error as NodeJS.ErrnoException)])
  }
}

/** What stands for a runbook of the project in a question: no path, so that it leads nowhere else. */
const PLAIN_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u

/** The file of a runbook in the project's folder by its name alone; undefined where there is none, whatever else lies there. */
export function runbookNamed(project: Project, name: string): string | undefined {
  if (!PLAIN_NAME.test(name)) return undefined
  return runbookFiles(project).find((file) => ENDINGS.some((ending) => basename(file) === name + ending))
}

export function runbookNames(project: Project): readonly string[] {
  return runbookFiles(project).map((file) => basename(file).replace(/\.ya?ml$/, ''))
}

/** A runbook as events and plans name it. */
export function referenceTo(runbook: Runbook): RunbookReference {
  const { name, digest, params, given, about } = runbook
  return { name, digest, params, ...(given && { given }), ...(about !== undefined && { about }) }
}

/** `name=value` pairs of the command line. Throws InputError for one without a name. */
export function parseParams(pairs: readonly string[] | undefined): Readonly<Record<string, string>> {
  const wrong: Diagnostic[] = []
  const params: Record<string, string> = {}
  for (const pair of pairs ?? []) {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, equals))
    if (name !== '' && !Object.hasOwn(params, name)) {
      params[name] = pair.slice(equals + 1)
      continue
    }
    const [summary, detail] =
      name === ''
        ? [`"${pair}" is not NAME=VALUE`, 'For example: --param version=7.0.1']
        : [`The parameter "${name}" is given twice`, 'Only one of the two values would count. Leave one out.']
    wrong.push({ code: 'RUNBOOK_PARAM_INVALID', severity: 'error', summary, detail })
  }
  if (wrong.length > 0) throw new InputError(wrong)
  return params
}

/** Parameters as the command line gives them; the runbook converts them back by their types. */
export function textParams(params: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.entries(params)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}

/** The file of a runbook that a command names by its path, from where somebody stands, or by its name. Throws InputError. */
export function findRunbook(project: Project, reference: string): string {
  const named = inFolder(project, reference)
  // A file that happens to have the name of a runbook, where somebody stands, is not meant.
  const candidates = BARE_NAME.test(reference) ? [...named, resolve(reference)] : [resolve(reference), ...named]
  return firstFile(candidates) ?? onlyOf(filesNamed(project, reference)) ?? notThere(project, reference)
}

/** The file of a runbook that a file of the repository names, by its path from the root or its name. Throws InputError. */
export function findOwnRunbook(project: Project, reference: string): string {
  const inRoot = resolve(project.root, reference)
  return (
    firstFile([...inFolder(project, reference), ...(isOwnFile(project, inRoot) ? [inRoot] : [])]) ??
    notThere(project, reference)
  )
}

/** The files of the project's folder whose runbook calls itself so, as events, plans and remedies do. */
export function filesNamed(project: Project, name: string): readonly string[] {
  return runbookFiles(project).filter((file) => nameIn(file) === name)
}

/** What the runbook in a file calls itself; undefined where it says nothing, or is none. */
export function nameIn(file: string): string | undefined {
  const value = readYamlFile(file).parsed?.value
  const name = isMap(value) ? value['name'] : undefined
  return typeof name === 'string' ? name : undefined
}

function onlyOf(files: readonly string[]): string | undefined {
  return files.length === 1 ? files[0] : undefined
}

/** Whether a file lies in the repository or its folder of runbooks, links followed. */
export function isOwnFile({ root, paths }: Project, file: string): boolean {
  return [root, paths.runbooks].some((folder) => !leadsOut(file, folder))
}

function inFolder({ paths }: Project, reference: string): readonly string[] {
  return ENDINGS.map((ending) => join(paths.runbooks, reference + ending))
}

function firstFile(candidates: readonly string[]): string | undefined {
  return candidates.find((file) => existsSync(file) && statSync(file).isFile())
}

/** For a runbook that comes with the package: how it becomes the repository's own. */
function shippedDetail({ paths }: Project, reference: string): string | undefined {
  const file = BARE_NAME.test(reference) ? shippedRunbook(reference) : undefined
  if (file === undefined) return undefined
  return `It comes with the package, and is yours once it is copied: cp '${file}' '${shownPath(paths.runbooks)}/'`
}

function notThere(project: Project, reference: string): never {
  const names = runbookNames(project)
  const near = suggest(reference, names)
  throw new InputError([
    {
      code: 'RUNBOOK_UNKNOWN',
      severity: 'error',
      summary: `There is no runbook "${reference}"`,
      detail:
        shippedDetail(project, reference) ??
        (names.length > 0 ? `Here are: ${names.join(', ')}. Or name a file.` : 'Name a file.'),
      ...(near !== undefined && { hint: `did you mean "${near}"?` }),
    },
  ])
}
