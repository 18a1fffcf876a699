import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { type Diagnostic, inOrder } from '../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Module } from '../core/module.ts'
import type { ClassifyRow, Runbook } from '../core/runbook.ts'
import { runbookVariables } from './expression.ts'
import { unknownPolicy } from './policy/unknown-policy.ts'
import { readYamlFile } from './read-yaml-file.ts'
import { outlineSteps, type StepOutline } from './runbook-outline.ts'
import { aboutOf, celTypesOf, effectiveParams, givenOf, readDeclarations } from './runbook-params.ts'
import { RunbookCompiler } from './runbook-steps.ts'
import { RUNBOOK_SHAPE } from './schema/runbook.ts'
import type { StepValues } from './step-values.ts'
import { validate } from './validate.ts'
import type { ParsedYaml } from './yaml.ts'

export interface LoadRunbookOptions {
  readonly modules: readonly Module[]
  /** Parameters of the run, as text. Absent: the runbook is only checked, so that none is demanded. */
  readonly params?: Readonly<Record<string, string>>
  /** Names of the policies that it may ask for; absent: any. */
  readonly policies?: readonly string[]
  /** The file as it was read before; absent: it is read now. */
  readonly read?: ReturnType<typeof readYamlFile>
}

export interface LoadedRunbook {
  /** Absent when there are errors. */
  readonly runbook?: Runbook
  /** Everything that is wrong, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[]
  readonly text: string
}

/** Reads a runbook, checks all of it and compiles its expressions. */
export function loadRunbook(file: string, options: LoadRunbookOptions): LoadedRunbook {
  const { parsed, diagnostics } = options.read ?? readYamlFile(file)
  // What follows from a syntax error says nothing about the rest of the file.
  if (!parsed || diagnostics.some(({ code }) => code !== 'YAML_KEY_DUPLICATE')) {
    return { diagnostics: inOrder(diagnostics), text: parsed?.text ?? '' }
  }
  if (!isMap(parsed.value)) return { diagnostics: validate(RUNBOOK_SHAPE, parsed), text: parsed.text }
  const read = readRunbook(parsed, options)
  const all = inOrder([...diagnostics, ...read.diagnostics])
  if (all.some(({ severity }) => severity === 'error')) return { diagnostics: all, text: parsed.text }
  return { runbook: read.runbook, diagnostics: all, text: parsed.text }
}

function readRunbook(
  parsed: ParsedYaml,
  options: LoadRunbookOptions,
): { readonly runbook: Runbook; readonly diagnostics: readonly Diagnostic[] } {
  const value = parsed.value as JsonObject
  const declared = readDeclarations(value['params'] ?? null, parsed)
  const effective = effectiveParams(declared.declarations, options.params, parsed)
  const about = aboutOf(declared.declarations, effective.params)
  const modules = new Map(options.modules.map((module) => [module.name, module]))
  const outline = outlineSteps({ parsed, modules })
  const all = outline.steps.flatMap(withRecovery)
  const ids = all.map(({ id }) => id)
  const variables = runbookVariables(celTypesOf(value['params'] ?? null), ids, valuesOf(all))
  const compiler = new RunbookCompiler(parsed, variables, ids)
  const steps = compiler.steps(outline.steps)
  const targets = compiler.selector(['targets'])
  const classify = classifyRows(value['classify'] ?? null, compiler, ids)
  const runbook: Runbook = {
    name: typeof value['name'] === 'string' ? value['name'] : basename(parsed.file).replace(/\.ya?ml$/, ''),
    description: typeof value['description'] === 'string' ? value['description'] : '',
    ...(targets && { targets }),
    ...(typeof value['policy'] === 'string' && { policy: value['policy'] }),
    ...(value['purpose'] === 'repair' && { purpose: 'repair' }),
    params: effective.params,
    given: givenOf(declared.declarations, effective.params),
    ...(about !== undefined && { about }),
    steps,
    classify,
    digest: digestOf(parsed.text, effective.params, modulesOf(outline.steps)),
    file: parsed.file,
  }
  const diagnostics = [
    ...validate(RUNBOOK_SHAPE, parsed),
    ...policyProblems(parsed, options.policies),
    ...declared.diagnostics,
    ...effective.diagnostics,
    ...outline.diagnostics,
    ...compiler.diagnostics,
  ]
  return { runbook, diagnostics }
}

function policyProblems(parsed: ParsedYaml, names: readonly string[] | undefined): readonly Diagnostic[] {
  const name = isMap(parsed.value) ? parsed.value['policy'] : undefined
  if (names === undefined || typeof name !== 'string' || names.includes(name)) return []
  return [
    { code: 'POLICY_UNKNOWN', severity: 'error', ...unknownPolicy(name, names), source: parsed.rangeAt(['policy']) },
  ]
}

function withRecovery(step: StepOutline): readonly StepOutline[] {
  return [step, ...step.onFailure, ...step.rollback]
}

function valuesOf(steps: readonly StepOutline[]): StepValues {
  return new Map(steps.flatMap(({ id, module }) => (module?.valueSchema ? [[id, module.valueSchema]] : [])))
}

function classifyRows(rows: JsonValue, compiler: RunbookCompiler, ids: readonly string[]): readonly ClassifyRow[] {
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: JsonValue, index) => {
    const when = compiler.condition(['classify', index, 'when'], ids)
    if (!when || !isMap(row)) return []
    const { when: _condition, ...texts } = row
    const says = compiler.texts(texts, ['classify', index], ids)
    return says ? { when, says } : []
  })
}

function modulesOf(steps: readonly StepOutline[]): readonly Module[] {
  return steps.flatMap(({ module, onFailure, rollback }) => [
    ...(module ? [module] : []),
    ...modulesOf(onFailure),
    ...modulesOf(rollback),
  ])
}

/** The same for the same text, effective parameters, however these were given, and modules of the user. */
function digestOf(text: string, params: JsonObject, modules: readonly Module[]): string {
  const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(text).update('\0').update(JSON.stringify(sorted))
  const own = modules.flatMap(({ name, digest }) => (digest === undefined ? [] : [`${name} ${digest}`]))
  for (const line of [...new Set(own)].sort()) hash.update('\0').update(line)
  return hash.digest('hex')
}
