import { join } from 'node:path'
import { InputError } from '../../../core/diagnostic.ts'
import type { Device, Fleet } from '../../../core/fleet.ts'
import { isMap, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { SourceRange } from '../../../core/source.ts'
import { readYamlFile } from '../../../lang/read-yaml-file.ts'
import { suggest } from '../../../lang/suggest.ts'
import type { Project } from '../../project.ts'
import { openOwnRunbook } from '../../revision/runbooks.ts'
import { selectDevices } from '../../revision/selection.ts'

/** Something that says what a step wants of a device, and where it stands. */
export interface WantedPlace {
  /** `file.content`, `vars.greeting`, `params.version`, `assignment greeting`. */
  readonly what: string
  readonly value: JsonValue
  /** Of the inventory: `region north`, `profile till`. */
  readonly level?: string
  readonly source: SourceRange
}

/** A step of a runbook that is assigned to a device. */
interface FoundStep {
  readonly runbook: Runbook
  readonly index: number
  /** Of the assignments of the project file. */
  readonly assignment: number
  /** Of the assignment. */
  readonly name: string
}

/**
 * Everything that says what a step wants of a device: the assignment, the parameters of the step as they are written, and
 * the variables and parameters that they look at. `step`: its id, RUNBOOK/ID or ASSIGNMENT/ID. Throws InputError.
 */
export async function wantedPlaces(
  project: Project,
  { fleet, device, step }: { readonly fleet: Fleet; readonly device: Device; readonly step: string },
): Promise<{ readonly runbook: string; readonly step: string; readonly places: readonly WantedPlace[] }> {
  const { runbook, index, assignment } = await findStep(project, { fleet, device, step })
  const { parsed } = readYamlFile(runbook.file)
  const found = runbook.steps[index]
  if (!parsed || !found) throw new Error(`the runbook "${runbook.name}" is not what was just loaded`)
  const written = stepsOf(parsed.value)[index]
  const params = written?.[found.module] ?? null
  const rows: WantedPlace[] = []
  const keys = isMap(params) ? Object.keys(params) : []
  for (const key of keys)
    rows.push({
      what: `${found.module}.${key}`,
      value: (params as JsonObject)[key] ?? null,
      source: parsed.rangeAt(['steps', index, found.module, key]),
    })
  if (keys.length === 0)
    rows.push({ what: found.module, value: params, source: parsed.rangeAt(['steps', index, found.module], 'key') })
  if (typeof written?.['when'] === 'string')
    rows.push({ what: 'when', value: written['when'], source: parsed.rangeAt(['steps', index, 'when']) })
  const text = rows.map(({ value }) => JSON.stringify(value)).join('\n')
  rows.push(...variablePlaces(text, fleet, device))
  rows.push(...parameterPlaces(text, { project, runbook, assignment }))
  const { source, name } = project.settings.assignments[assignment] as (typeof project.settings.assignments)[number]
  rows.push({ what: `assignment ${name}`, value: runbook.name, source })
  return { runbook: runbook.name, step: found.id, places: rows }
}

async function findStep(
  project: Project,
  { fleet, device, step }: { readonly fleet: Fleet; readonly device: Device; readonly step: string },
): Promise<FoundStep> {
  const found: FoundStep[] = []
  const names: string[] = []
  for (const [assignment, { runbook: reference, params, where, name }] of project.settings.assignments.entries()) {
    const runbook = openOwnRunbook(project, reference, params)
    const { store } = project
    const assigned = await selectDevices(fleet, { where, device: [device.name] }, { store, targets: runbook.targets })
    if (assigned.length === 0) continue
    for (const [index, { id }] of runbook.steps.entries()) {
      names.push(`${runbook.name}/${id}`)
      if ([id, `${runbook.name}/${id}`, `${name}/${id}`].includes(step))
        found.push({ runbook, index, assignment, name })
    }
  }
  // What is assigned several times is named by its assignment: the first of them may have the name of the runbook.
  const exact = found.filter(({ name, runbook, index }) => step === `${name}/${runbook.steps[index]?.id}`)
  const [only] = exact.length === 1 ? exact : found
  if (only && (exact.length === 1 || found.length === 1)) return only
  throw new InputError([found.length > 1 ? severalSteps(step, found) : noStep(step, device, names)])
}

function severalSteps(step: string, found: readonly FoundStep[]) {
  const names = found.map(({ name, runbook, index }) => `${name}/${runbook.steps[index]?.id}`).join(', ')
  const detail = `Name one with its assignment: ${names}.`
  return {
    code: 'USAGE_INVALID',
    severity: 'error',
    summary: `"${step}" is a step of several assignments`,
    detail,
  } as const
}

function noStep(step: string, device: Device, names: readonly string[]) {
  const near = suggest(
    step,
    names.flatMap((name) => [name, name.slice(name.indexOf('/') + 1)]),
  )
  const detail = names.length === 0 ? 'No runbook is assigned to it.' : `There are ${names.join(', ')}.`
  const summary = `No runbook that is assigned to ${device.name} has a step "${step}"`
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  return { code: 'USAGE_INVALID', severity: 'error', summary, detail, ...hint } as const
}

function stepsOf(value: JsonValue): readonly JsonObject[] {
  const steps = isMap(value) ? value['steps'] : undefined
  return Array.isArray(steps) ? steps.filter(isMap) : []
}

const VARIABLE = /\bvars((?:\.[A-Za-z_]\w*|\[\\?["'][^"'\\]+\\?["']\])+)/g
const PARAMETER = /\bparams\.([A-Za-z_]\w*)/g

/** The variables of the device that a text looks at, each where the level that won says it. */
function* variablePlaces(text: string, fleet: Fleet, device: Device): Generator<WantedPlace> {
  const values = fleet.explain(device.name)
  const asked = new Set([...text.matchAll(VARIABLE)].map(([, rest = '']) => `vars${dotted(rest)}`))
  const told = new Set<string>()
  for (const name of asked)
    for (const [path, { value, level, source }] of values) {
      const isMeant = path === name || path.startsWith(`${name}.`) || name.startsWith(`${path}.`)
      if (!isMeant || !path.startsWith('vars') || source === undefined || told.has(path)) continue
      told.add(path)
      yield { what: path, value, level, source }
    }
}

function dotted(rest: string): string {
  return rest.replace(/\[\\?["']([^"'\\]+)\\?["']\]/g, '.$1')
}

/** The parameters of the runbook that a text looks at: as the assignment gives them, or where their default stands. */
function* parameterPlaces(
  text: string,
  {
    project,
    runbook,
    assignment,
  }: { readonly project: Project; readonly runbook: Runbook; readonly assignment: number },
): Generator<WantedPlace> {
  const asked = new Set([...text.matchAll(PARAMETER)].map(([, name = '']) => name))
  for (const name of asked) {
    const isGiven = name in (project.settings.assignments[assignment]?.params ?? {})
    const { parsed } = readYamlFile(isGiven ? join(project.root, 'tillwright.yaml') : runbook.file)
    if (!parsed || !(name in runbook.params)) continue
    const path = isGiven ? ['assignments', assignment, 'params', name] : ['params', name, 'default']
    yield { what: `params.${name}`, value: runbook.params[name] ?? null, source: parsed.rangeAt(path) }
  }
}
