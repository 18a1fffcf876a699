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
  let at: ParamSchema = schema
  for (const [index, name] of path.entries()) {
    const fields = at.properties ?? {}
    const next = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (next) at = next
    else return at.additionalProperties === false ? { at: index, fields: Object.keys(fields) } : undefined
  }
  return undefined
}

/** The texts, one of which stands at `path`; undefined where any value may. */
export function closedAt(schema: ParamSchema, path: readonly string[]): readonly unknown[] | undefined {
  const found = path.reduce<ParamSchema | undefined>((at, name) => at?.properties?.[name], schema)
  return found?.enum
}
