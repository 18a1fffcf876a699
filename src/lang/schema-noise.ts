import type { ErrorObject } from 'ajv'

/**
 * A value that fits none of several alternatives fails all of them, and the validator says so for each. Only what is
 * wrong with the alternative that was meant is of use; where none was, that the alternatives exist. `schema` is what the
 * errors come from; they are told apart by its very objects (`verbose` of ajv), since paths in it stop at each `$ref`.
 */
export function withoutNoise(errors: readonly ErrorObject[], schema: object): ErrorObject[] {
  let left = errors.filter((error) => error.keyword !== 'if' && error.keyword !== 'propertyNames')
  // Inner choices stand before the outer ones that they belong to.
  for (const choice of left.filter(isChoice)) {
    if (left.includes(choice)) left = settle(choice, left, schema)
  }
  return left
}

function isChoice(error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf'
}

function settle(choice: ErrorObject, errors: readonly ErrorObject[], schema: object): ErrorObject[] {
  const end = errors.indexOf(choice)
  const alternatives = Array.isArray(choice.schema) ? (choice.schema as readonly unknown[]) : []
  const parts = alternatives.map((alternative) => partsOf(alternative, schema))
  const belongs = (error: ErrorObject, index: number): boolean =>
    errors.indexOf(error) < end &&
    isWithin(error.instancePath, choice.instancePath) &&
    parts[index]?.has(error.parentSchema) === true
  const groups = alternatives.map((_, index) => errors.filter((error) => belongs(error, index)))
  const inner = new Set(groups.flat())
  const kept = meantAlternative(groups, choice) ?? [wrongKind(groups) ?? choice]
  return errors.flatMap((error) => {
    // What is kept takes the place of the choice, so that the order stays that of the file.
    if (error === choice) return kept
    return inner.has(error) ? [] : [error]
  })
}

/** Alternatives that differ by a constant in the same place, and the value has none of them: that is all that is wrong. */
function wrongKind(groups: readonly (readonly ErrorObject[])[]): ErrorObject | undefined {
  const constants = groups.map((group) => group.find(({ keyword }) => keyword === 'const'))
  const [first] = constants
  if (!first || !constants.every((error) => error?.instancePath === first.instancePath)) return undefined
  const allowedValues = constants.map((error) => error?.params['allowedValue'])
  return { ...first, keyword: 'enum', params: { allowedValues } }
}

/** The errors of the one alternative that was meant; undefined when that cannot be told. */
function meantAlternative(
  groups: readonly (readonly ErrorObject[])[],
  choice: ErrorObject,
): readonly ErrorObject[] | undefined {
  const possible = groups.filter((group) => group.length > 0 && !group.some((error) => rulesOut(error, choice)))
  if (possible.length <= 1) return possible[0]
  const complete = possible.filter(
    (group) => !group.some((error) => isAt(error, choice) && error.keyword === 'required'),
  )
  const sorted = (complete.length > 0 ? complete : possible).sort((a, b) => a.length - b.length)
  return sorted.length === 1 || distinctlyBest(sorted) ? sorted[0] : undefined
}

/** One alternative is clearly nearer than the next. */
function distinctlyBest(sorted: readonly (readonly ErrorObject[])[]): boolean {
  return (sorted[0]?.length ?? 0) < (sorted[1]?.length ?? 0)
}

/** The value is of another kind altogether: another type, or another of the constants that tell alternatives apart. */
function rulesOut(error: ErrorObject, choice: ErrorObject): boolean {
  return ['const', 'enum', 'type'].includes(error.keyword) && (isAt(error, choice) || error.keyword === 'const')
}

function isAt(error: ErrorObject, choice: ErrorObject): boolean {
  return error.instancePath === choice.instancePath
}

function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`)
}

/** A schema, all schemas in it, and those that they refer to. */
function partsOf(schema: unknown, root: object, parts = new Set<unknown>()): ReadonlySet<unknown> {
  if (schema === null || typeof schema !== 'object' || parts.has(schema)) return parts
  parts.add(schema)
  for (const [key, value] of Object.entries(schema)) {
    partsOf(key === '$ref' && typeof value === 'string' ? referredTo(value, root) : value, root, parts)
  }
  return parts
}

/** What a reference within a schema (`#/$defs/span`) leads to. */
function referredTo(reference: string, root: object): unknown {
  let found: unknown = root
  for (const name of reference.split('/').slice(1))
    found = (found as Readonly<Record<string, unknown>> | undefined)?.[name]
  return found
}
