import type { ParamSchema } from './param-rows.ts'

/** JSON Schemas of what steps show, by their ids; of a step that is not in it nothing is known before it is observed. */
export type StepValues = ReadonlyMap<string, ParamSchema>

/** The name in a path that leads nowhere, where it stands in the path, and the names that there are. */
export interface Stray {
  readonly at: number
  readonly fields: readonly string[]
}

/** Where `path`, names below a value of this schema, leaves what the value can have; undefined while it may be there. */
export function strayIn(schema: ParamSchema, path: readonly string[]): Stray | undefined {
  const { last, passed } = walk(schema, path)
  if (passed === path.length || last.additionalProperties !== false) return undefined
  return { at: passed, fields: Object.keys(last.properties ?? {}) }
}

/** The texts, one of which stands at `path`; undefined where any value may. */
export function closedAt(schema: ParamSchema, path: readonly string[]): readonly unknown[] | undefined {
  const { last, passed } = walk(schema, path)
  return passed === path.length ? last.enum : undefined
}

/** How many names of `path` the schema knows, and what it says of the last of them. */
function walk(schema: ParamSchema, path: readonly string[]): { readonly last: ParamSchema; readonly passed: number } {
  let last = schema
  for (const [passed, name] of path.entries()) {
    const next = Object.hasOwn(last.properties ?? {}, name) ? last.properties?.[name] : undefined
    if (!next) return { last, passed }
    last = next
  }
  return { last, passed: path.length }
}
