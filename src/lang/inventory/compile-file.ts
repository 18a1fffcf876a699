import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JsonValue } from '../../core/json.ts'
import type { SourceRange } from '../../core/source.ts'
import { INVENTORY_SCHEMA } from '../schema/inventory.ts'
import { decodeText } from '../source-text.ts'
import { schemaProblems, writtenIn } from '../validate.ts'
import type { ValuePath } from '../value-path.ts'
import { type ParsedYaml, parseYaml } from '../yaml.ts'
import { type CompiledFile, type InventoryFile, idsOf, type SourceFile, type WrittenFile } from './inventory-file.ts'
import type { FolderFile } from './read-folder.ts'

/** A file of the folder as what things stand in. It is parsed at the first question for a place, and not kept before. */
export function sourceFile({ name, file, bytes }: FolderFile): SourceFile {
  let parsed: ParsedYaml | undefined
  return {
    name,
    file,
    rangeAt(path, part) {
      parsed ??= parseYaml(decodeText(bytes, file).text, file)
      return parsed.rangeAt(path, part)
    },
  }
}

/** A file of the folder with the sha256 of its bytes, in hexadecimal. */
export type DigestedFile = FolderFile & { readonly digest: string }

/** A file of which it is known what its bytes compile to: nothing is wrong with it by itself. */
export function knownFile(source: DigestedFile, known: CompiledFile): InventoryFile {
  return { ...sourceFile(source), digest: source.digest, ...known, diagnostics: [], readable: true }
}

/** Reads one file's bytes and checks them by themselves. */
export function compileFile(source: DigestedFile): InventoryFile {
  const common = { ...sourceFile(source), digest: source.digest }
  const { text, diagnostics } = decodeText(source.bytes, source.file)
  if (diagnostics.length > 0) return { ...common, content: {}, places: [], diagnostics, readable: false }
  const parsed = parseYaml(text, source.file)
  const checked = check(parsed)
  return { ...common, ...checked, places: placesOf(checked.content, parsed) }
}

function check(parsed: ParsedYaml): {
  readonly content: WrittenFile
  readonly diagnostics: readonly Diagnostic[]
  readonly readable: boolean
} {
  const isSyntax = ({ code }: Diagnostic): boolean => code === 'YAML_SYNTAX_INVALID' || code === 'YAML_LIMIT_EXCEEDED'
  const readable = !parsed.diagnostics.some(isSyntax)
  // An empty file, or one that holds only comments, holds nothing wrong.
  if (!readable || parsed.value === null) return { content: {}, diagnostics: parsed.diagnostics, readable }
  const problems = schemaProblems(INVENTORY_SCHEMA, parsed.value, { asWritten: writtenIn(parsed) })
  const found = problems.map(({ path, part, ...rest }): Diagnostic => {
    return { ...rest, severity: 'error', source: parsed.rangeAt(path, part) }
  })
  let value: JsonValue = parsed.value
  for (const { code, path } of problems) {
    if (code === 'SCHEMA_VALUE_INVALID') value = without(value, path)
  }
  return { content: (value ?? {}) as WrittenFile, diagnostics: [...parsed.diagnostics, ...found], readable }
}

/** The value with the entry at `path` made undefined; of a list, all of it. */
function without(value: JsonValue, path: ValuePath): JsonValue {
  const [step, ...rest] = path
  if (step === undefined || value === null || typeof value !== 'object') return null
  if (Array.isArray(value)) return undefined as unknown as JsonValue
  const map = value as Readonly<Record<string, JsonValue>>
  if (!Object.hasOwn(map, step)) return value
  const inner = rest.length === 0 ? undefined : without(map[step] ?? null, rest)
  return { ...map, [step]: inner ?? (undefined as unknown as JsonValue) }
}

function placesOf(content: WrittenFile, parsed: ParsedYaml): readonly number[] {
  const places: number[] = []
  const stores = parsed.keyRanges(['stores'])
  let devices: ReadonlyMap<string, SourceRange> = new Map()
  for (const [store, device] of idsOf(content)) {
    if (device === undefined) devices = parsed.keyRanges(['stores', store, 'devices'])
    const range = device === undefined ? stores.get(store) : devices.get(device)
    places.push(range?.line ?? 1, range?.column ?? 1, range?.endColumn ?? 1)
  }
  return places
}
