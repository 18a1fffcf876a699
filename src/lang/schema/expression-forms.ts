/** Parts that several published schemas share, and what `${{ }}` does to the schema of a module. */

type Schema = Readonly<Record<string, unknown>>

export const EXPRESSION_DEFINITIONS = {
  condition: {
    title: 'CEL condition',
    description: 'True or false in CEL, over store, device, params, vars and the steps before.',
    type: 'string',
    minLength: 1,
    examples: ['device.os.family == "linux"', 'steps.config.changed'],
  },
  expression: {
    title: 'Filled in for each device',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sign of expressions
    description: 'Text with ${{ }} in it; what comes out is checked for each device.',
    type: 'string',
    pattern: '\\$\\{\\{',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sign of expressions
    examples: ['${{ vars.agent.version }}'],
  },
  secret: {
    title: 'Secret',
    description: 'A reference to a secret, which is read when it is needed and never shown.',
    type: 'object',
    additionalProperties: false,
    required: ['secret'],
    properties: {
      secret: {
        type: 'string',
        description: 'The kind of place (env, file, command or age), a colon, and the place.',
        pattern: '^(env|file|command|age):',
        examples: ['env:TILL_PASSWORD', 'file:~/pin'],
      },
    },
  },
} as const

const EXPRESSION = { $ref: '#/definitions/expression' }
const SECRET = { $ref: '#/definitions/secret' }

/** A module's schema as runbooks may fill it: wherever a value stands, an expression or a secret may stand instead. */
export function openToExpressions(schema: Schema): Schema {
  return transform(schema)
}

function alternatives(schema: Schema): Schema {
  const { title, description, examples, default: fallback, ...rules } = schema
  const about = Object.entries({ title, description, examples, default: fallback }).filter(([, v]) => v !== undefined)
  const inner = transform(rules)
  if (Object.keys(inner).length === 0) return Object.fromEntries(about)
  return {
    ...Object.fromEntries(about),
    anyOf: [inner, ...(isPlainText(rules) ? [] : [EXPRESSION]), ...(mayBeText(rules) ? [SECRET] : [])],
  }
}

// Any text fits it already, so an expression does.
function isPlainText(rules: Schema): boolean {
  return rules['type'] === 'string' && Object.keys(rules).every((key) => key === 'type' || key === 'minLength')
}

function mayBeText(rules: Schema): boolean {
  return [rules['type']].flat().includes('string')
}

function transform(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, part(key, value)]))
}

function part(key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  switch (key) {
    case 'properties':
    case 'patternProperties':
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, alternatives(inner as Schema)]))
    case 'items':
    case 'additionalProperties':
      return alternatives(value as Schema)
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      return (value as readonly Schema[]).map(transform)
    default:
      return value
  }
}
