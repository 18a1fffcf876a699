import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isSeq, parse, parseDocument, stringify, type YAMLMap } from 'yaml'
import { fencedBlocks } from './markdown.ts'

/** A step that uses a module, and where it was taken from. */
export interface ModuleExample {
  /** The step, as an item of `steps`. */
  readonly yaml: string
  /** Path below the root of the repository. */
  readonly file: string
  /** What the case of the tests says; undefined for a step of a runbook. */
  readonly caption?: string
}

/** The part of a data case of `test/modules` that documentation is made from. */
interface DataCase {
  readonly it: string
  readonly params: Readonly<Record<string, unknown>>
  readonly triggered?: boolean
  readonly secrets?: readonly string[]
  readonly expect?: {
    readonly changes?: readonly unknown[]
    readonly value?: unknown
    readonly unknown?: string
    readonly failure?: unknown
    readonly complaint?: string
    readonly invalid?: true
  }
  readonly after?: { readonly failure?: unknown; readonly value?: unknown }
}

/** What the tests and runbooks of a repository show of its modules. */
export class ModuleExamples {
  readonly #root: string
  readonly #steps: ReadonlyMap<string, ModuleExample>

  constructor(root: string) {
    this.#root = root
    this.#steps = writtenSteps(root)
  }

  /** A step of a runbook that tests load, or the richest case of the module's own tests. */
  of(module: string): ModuleExample | undefined {
    return this.#steps.get(module) ?? this.#fromCases(module)
  }

  #cases(module: string): readonly DataCase[] {
    const file = join(this.#root, casesOf(module))
    return existsSync(file) ? (parse(readFileSync(file, 'utf8')) as DataCase[]) : []
  }

  #fromCases(module: string): ModuleExample | undefined {
    const fit = this.#cases(module).filter((one) => isGood(one) && !mentionsTestOnly(one))
    const [richest] = fit.toSorted((a, b) => size(b.params) - size(a.params))
    if (!richest) return undefined
    const step = { [module]: asOnDevice(richest.params) }
    return { yaml: stringify([step], { lineWidth: 100 }), file: casesOf(module), caption: richest.it }
  }
}

function casesOf(module: string): string {
  return `test/modules/${module}.yaml`
}

/** The first step of each module in `runbooks/`, or else in the examples of `docs/runbooks.md`, as it is written there. */
function writtenSteps(root: string): ReadonlyMap<string, ModuleExample> {
  const found = new Map<string, ModuleExample>()
  for (const { file, text } of runbookTexts(root)) {
    for (const step of stepsOf(text)) {
      for (const { key } of step.items) {
        const module = String(key)
        if (!found.has(module)) found.set(module, { yaml: sourceOf(step, text), file })
      }
    }
  }
  return found
}

function runbookTexts(root: string): readonly { readonly file: string; readonly text: string }[] {
  const names = readdirSync(join(root, 'runbooks')).filter((name) => /\.ya?ml$/.test(name))
  const shipped = names.sort().map((name) => {
    const file = `runbooks/${name}`
    return { file, text: readFileSync(join(root, file), 'utf8') }
  })
  const page = 'docs/runbooks.md'
  const examples = existsSync(join(root, page))
    ? fencedBlocks(readFileSync(join(root, page), 'utf8'), 'yaml runbook')
    : []
  return [...shipped, ...examples.map((text) => ({ file: page, text }))]
}

function stepsOf(text: string): readonly YAMLMap[] {
  const steps = parseDocument(text).get('steps')
  return isSeq(steps) ? steps.items.filter((item): item is YAMLMap => isMap(item)) : []
}

/** The lines of a step from its dash on, moved to the left margin. */
function sourceOf(step: YAMLMap, text: string): string {
  const [start = 0, end = 0] = step.range ?? []
  const column = start - (text.lastIndexOf('\n', start - 1) + 1)
  const lines = text.slice(start, end).trimEnd().split('\n')
  const indented = lines.map((line) => (line.trim() === '' ? '' : `  ${line.slice(indentOf(line, column))}`))
  return `- ${indented.join('\n').trimStart()}\n`
}

function indentOf(line: string, column: number): number {
  return Math.min(column, line.length - line.trimStart().length)
}

function isGood({ expect, after, triggered }: DataCase): boolean {
  const wrong = expect?.failure ?? expect?.unknown ?? expect?.complaint ?? expect?.invalid ?? after?.failure
  return wrong === undefined && !triggered
}

/** Ports, checksums and the like that exist only while a test runs, and values that it hands over as secrets. */
function mentionsTestOnly({ params, secrets = [] }: DataCase): boolean {
  return /\$(PORT|URL|SHA256)\b/.test(JSON.stringify(params)) || secrets.length > 0
}

/** `$ROOT` stands for the root of the device in a test. */
function asOnDevice(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$ROOT', '')
  if (Array.isArray(value)) return value.map(asOnDevice)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [asOnDevice(key), asOnDevice(item)]))
}

function size(value: unknown): number {
  if (Array.isArray(value)) return 1
  return isRecord(value) ? Object.values(value).reduce((sum: number, item) => sum + size(item), 0) : 1
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
