import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JsonValue } from '../../core/json.ts'
import type { SourceRange } from '../../core/source.ts'
import { type CompileCache, digest } from '../cache.ts'
import { INVENTORY_SCHEMA } from '../schema/inventory.ts'
import { decodeText } from '../source-text.ts'
import { schemaProblems } from '../validate.ts'
import type { ValuePath } from '../value-path.ts'
import { type ParsedYaml, parseYaml } from '../yaml.ts'
import { type InventoryFile, idsOf, type WrittenFile } from './inventory-file.ts'

/** To be raised when what is kept in the cache changes its form or its meaning. */
const FORMAT = 1

/** A change of the schema makes old entries worthless, since they were checked against another one. */
let salt: string | undefined

export function cacheKey(contentDigest: string): string {
  salt ??= digest(`${FORMAT} ${JSON.stringify(INVENTORY_SCHEMA)}`)
  return digest(`${salt} ${contentDigest}`)
}

/** What the cache keeps of a file without faults. */
interface Entry {
  readonly content: WrittenFile
  readonly places: readonly number[]
}

/** Reads one file's bytes and checks them by themselves; from the cache where they were seen before without fault. */
export async function compileFile(
  source: { readonly name: string; readonly file: string; readonly bytes: Uint8Array },
  cache: CompileCache | undefined,
): Promise<InventoryFile> {
  const contentDigest = digest(source.bytes)
  const key = cacheKey(contentDigest)
  const known = (await cache?.read(key)) as Entry | undefined
  const { text, diagnostics: encoding } = decodeText(source.bytes, source.file)
  let parsed: ParsedYaml | undefined
  const parse = (): ParsedYaml => {
    parsed ??= parseYaml(text, source.file)
    return parsed
  }
  const common = {
    name: source.name,
    file: source.file,
    text,
    digest: contentDigest,
    rangeAt: (path: ValuePath, part?: 'key' | 'value') => parse().rangeAt(path, part),
  }
  if (known) return { ...common, ...known, diagnostics: [], readable: true }
  if (encoding.length > 0) return { ...common, content: {}, places: [], diagnostics: encoding, readable: false }
  const checked = check(parse())
  const entry: Entry = { content: checked.content, places: placesOf(checked.content, parse()) }
  if (checked.diagnostics.length === 0) await cache?.write(key, entry as unknown as JsonValue)
  return { ...common, ...checked, ...entry }
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
  const problems = schemaProblems(INVENTORY_SCHEMA, parsed.value)
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
