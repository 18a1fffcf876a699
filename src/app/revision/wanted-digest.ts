import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Device, Fleet } from '../../core/fleet.ts'
import { isMap, type JsonValue } from '../../core/json.ts'
import type { Module } from '../../core/module.ts'
import type { Runbook, Scope, Step } from '../../core/runbook.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { selectorScope } from '../../lang/expression.ts'
import type { Project } from '../project.ts'
import { deviceDigest } from './device-digest.ts'
import { leadsOut } from './repository-paths.ts'

/** A repository, and the inventory in it. */
interface Repository {
  readonly project: Project
  readonly fleet: Fleet
}

/**
 * sha256 of what decides what a runbook wants of a device, in hexadecimal: its text and parameters, what the inventory says of
 * the device and, where it looks at that, of its store; and the files of the repository that the device gets.
 */
export function wantedDigest(runbook: Runbook, device: Device, of: Repository): string {
  const parts = [runbook.digest, deviceDigest(device), storeText(runbook, device, of.fleet)]
  return createHash('sha256')
    .update([...parts, filesText(runbook, device, of)].join('\0'))
    .digest('hex')
}

/**
 * sha256 of what runs and plans are bound to on a device: what the inventory says of it; and, where their runbooks look at it,
 * of its store, and the files of the repository that it gets. Runbooks and modules are kept by content themselves.
 */
export function boundDigest(runbooks: readonly Runbook[], device: Device, of: Bound): string {
  return bindingOf(runbooks, device, of).digest
}

/** The same, and what it holds of files (`filesDigest`), which are the slow part. */
export function bindingOf(
  runbooks: readonly Runbook[],
  device: Device,
  of: Bound,
): { readonly digest: string; readonly files: string } {
  const scope = of.scopeOf(device)
  const own = deviceDigest(device)
  const files = filesDigest(runbooks, device, of)
  const parts = [...runbooks.map((runbook) => storeIn(runbook, scope)), files]
  if (parts.every((part) => part === '')) return { digest: own, files }
  const digest = createHash('sha256')
    .update([own, ...parts].join('\0'))
    .digest('hex')
  return { digest, files }
}

/** As `boundDigest`, for what a plan says of a device by its name; empty where the inventory has none of that name. */
export function planDigest(runbook: Runbook, repository: Repository): (device: string) => string {
  const bound = boundBy(repository)
  return (name) => {
    const device = repository.fleet.devices.get(name)
    return device ? boundDigest([runbook], device, bound) : ''
  }
}

interface Bound {
  readonly project: Project
  readonly scopeOf: (device: Device) => Scope
}

/** What digests are of where the whole inventory is at hand; a worker has only what it was told of a store. */
export function boundBy({ project, fleet }: Repository): Bound {
  return { project, scopeOf: (device) => selectorScope(fleet, device) }
}

/** sha256 of the files of the repository that a device gets by runbooks; empty for none. */
export function filesDigest(runbooks: readonly Runbook[], device: Device, { project, scopeOf }: Bound): string {
  const scope = scopeOf(device)
  const texts = runbooks.map((runbook) => filesOf(runbook, device, { project, scope }))
  return texts.every((text) => text === '') ? '' : createHash('sha256').update(texts.join('\0')).digest('hex')
}

/** What the inventory says of the store of a device; empty where the runbook does not look at it. */
export function storeText(runbook: Runbook, device: Device, fleet: Fleet): string {
  return storeIn(runbook, selectorScope(fleet, device))
}

function storeIn(runbook: Runbook, { store }: Scope): string {
  return looksAtStore(runbook) ? JSON.stringify(store) : ''
}

/** Path and sha256 of each file that a device gets by a runbook, as far as that is known beforehand; empty for none. */
export function filesText(runbook: Runbook, device: Device, { project, fleet }: Repository): string {
  return filesOf(runbook, device, { project, scope: selectorScope(fleet, device) })
}

function filesOf(
  runbook: Runbook,
  device: Device,
  { project, scope: about }: { readonly project: Project; readonly scope: Scope },
): string {
  const files = namedFiles(runbook, device, { project, scopeOf: () => about }).filter(({ kind }) => kind === 'content')
  return files.map(({ path }) => `${path} ${digestOf(project, path)}\n`).join('')
}

/** A file that a step names as `path`: one whose content the device gets, or one that is read to ask it (`ca`). */
export interface NamedFile {
  readonly step: Step
  readonly path: string
  readonly kind: 'content' | 'asked'
}

/** Files that the steps of a runbook read here for a device, as these name them, as far as that is known beforehand. */
export function namedFiles(runbook: Runbook, device: Device, { project, scopeOf }: Bound): readonly NamedFile[] {
  const naming = namingSteps(runbook, project)
  if (naming.length === 0) return []
  const scope = { ...scopeOf(device), vars: device.vars, params: runbook.params, steps: {} }
  return naming.flatMap((each) => filesIn(each, scope))
}

interface Naming {
  readonly step: Step
  readonly paths: readonly (readonly [path: string, kind: NamedFile['kind']])[]
}

const namings = new WeakMap<Runbook, readonly Naming[]>()
const NOTHING: Scope = { store: {}, device: {}, params: {}, vars: {}, steps: {} }

/** Steps that may name such files, and the parameters that do. */
function namingSteps(runbook: Runbook, project: Project): readonly Naming[] {
  const known = namings.get(runbook)
  if (known) return known
  const modules = new Map<string, Module>(project.modules().all.map((module) => [module.name, module]))
  const found = allSteps(runbook.steps).flatMap((step): Naming[] => {
    const paths = Object.entries(modules.get(step.module)?.paths ?? {}).flatMap(([path, kind]) =>
      kind === 'content' || kind === 'asked' ? [[path, kind] as const] : [],
    )
    const naming = { step, paths }
    return paths.length === 0 || namesNone(naming) ? [] : [naming]
  })
  namings.set(runbook, found)
  return found
}

/** Whether it names no file, whatever the device: most steps that ask have no `ca`, and are not rendered for each device. */
function namesNone(naming: Naming): boolean {
  const { params } = naming.step
  return (params.places ?? []).length === 0 && params.render(NOTHING).ok && filesIn(naming, NOTHING).length === 0
}

function filesIn({ step, paths }: Naming, scope: Scope): readonly NamedFile[] {
  const rendered = step.params.render(scope)
  if (!rendered.ok) return []
  const { value: params } = rendered
  return paths.flatMap(([name, kind]) => {
    const path = name.split('.').reduce<JsonValue | undefined>((at, key) => (isMap(at) ? at[key] : undefined), params)
    if (typeof path !== 'string' || (kind === 'asked' && params['from'] !== 'controller')) return []
    return [{ step, path, kind }]
  })
}

const digests = new WeakMap<Project, Map<string, { readonly seen: string; readonly digest: string }>>()

/** One file goes to thousands of devices, and is read once while it stays the same. */
function digestOf(project: Project, path: string): string {
  const known = digests.get(project) ?? new Map<string, { readonly seen: string; readonly digest: string }>()
  digests.set(project, known)
  const seen = seenAs(resolve(project.root, path))
  const before = known.get(path)
  if (before?.seen === seen) return before.digest
  const digest = digestOfFile(project, path)
  known.set(path, { seen, digest })
  return digest
}

/** What is another where the file is another by now. */
function seenAs(file: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(file)
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`
  } catch {
    return ''
  }
}

/** Only what lies in the repository is read: a branch that nobody reviewed may name anything. */
function digestOfFile({ root }: Project, path: string): string {
  if (isAbsolute(path) || leadsOut(path, root)) return 'elsewhere'
  try {
    return createHash('sha256')
      .update(readRegular(join(root, path), MOST_BYTES.document))
      .digest('hex')
  } catch {
    return 'unreadable'
  }
}

function allSteps(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...allSteps(step.on_failure), ...allSteps(step.rollback)])
}

const STORE = /(?<![.\w])store\b/

function looksAtStore({ steps }: Runbook): boolean {
  return allSteps(steps).some(({ params, when }) => {
    const placed = (params.places ?? []).map(({ expression }) => expression)
    return [...placed, ...(when ? [when] : [])].some(({ text }) => STORE.test(text))
  })
}
