import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { asSentence, patternProblem } from '../../pattern/pattern.ts'
import { didYouMean } from '../suggest.ts'
import { schemaFault, schemaProblems } from '../validate.ts'
import type { ParsedYaml, ValuePath } from '../yaml.ts'

const AT = ['params']

/** What is wrong with the schema of a module's parameters, whose form is right, with its places in the file. */
export function paramsProblems(schema: JsonObject, parsed: ParsedYaml): readonly Diagnostic[] {
  const patterns = badPatterns(schema, [])
  const fault = patterns.length > 0 ? undefined : schemaFault(schema)
  const found = [
    ...patterns,
    ...unknownKeys(schema),
    ...(fault ? [problem(fault.path, 'The schema cannot be used', `${fault.message}.`)] : []),
  ]
  const wrong = found.length > 0 ? found : wrongValues(schema)
  return wrong.map(({ path, ...words }) => ({
    code: 'SCHEMA_VALUE_INVALID',
    severity: 'error',
    ...words,
    source: parsed.rangeAt([...AT, ...path]),
  }))
}

interface Problem {
  readonly path: ValuePath
  readonly summary: string
  readonly detail: string
  readonly hint?: string
}

function problem(path: ValuePath, summary: string, detail: string): Problem {
  return { path, summary, detail }
}

function badPatterns(value: JsonValue, path: ValuePath): readonly Problem[] {
  if (Array.isArray(value)) return value.flatMap((item: JsonValue, index) => badPatterns(item, [...path, index]))
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const at = [...path, key]
    // A parameter may be called so, and then has a map.
    if (key !== 'pattern' || typeof item !== 'string') return badPatterns(item, at)
    const wrong = patternProblem(item)
    return wrong === undefined ? [] : [problem(at, 'The pattern is not a regular expression', asSentence(wrong))]
  })
}

/** Keys that must be given and are not described could never be given. */
function unknownKeys({ required, properties }: JsonObject): readonly Problem[] {
  const known = Object.keys(isMap(properties ?? null) ? (properties as object) : {})
  return (Array.isArray(required) ? required : []).flatMap((name: JsonValue, index) => {
    if (known.includes(String(name))) return []
    const detail = known.length > 0 ? `There are ${known.join(', ')}.` : 'Describe it in `properties`.'
    const summary = `There is no parameter "${name}"`
    return [{ ...problem(['required', index], summary, detail), ...didYouMean(String(name), known) }]
  })
}

/** A default that is used as it is, and examples that people copy, must be right themselves. */
function wrongValues({ properties }: JsonObject): readonly Problem[] {
  return Object.entries(properties as JsonObject).flatMap(([name, schema]) => {
    const { default: fallback, examples, ...rules } = schema as JsonObject
    const values: [ValuePath, JsonValue][] = [
      ...(fallback === undefined ? [] : ([[['default'], fallback]] as [ValuePath, JsonValue][])),
      ...(Array.isArray(examples) ? examples : []).map((example: JsonValue, index): [ValuePath, JsonValue] => [
        ['examples', index],
        example,
      ]),
    ]
    return values.flatMap(([at, value]) => {
      const [first] = schemaProblems(rules, value, { isForeign: true })
      if (!first) return []
      const what = at[0] === 'default' ? 'The default' : 'An example'
      const summary = `${what} of "${name}" is not what its own schema accepts`
      return [problem(['properties', name, ...at], summary, `${first.summary.replace('The file', 'It')}.`)]
    })
  })
}
