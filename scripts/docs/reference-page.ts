import { type ParamSchema, paramRows } from '../../src/lang/param-rows.ts'
import { code, notice, table } from './markdown.ts'

/** JSON Schema as the files of users have it. */
interface FileSchema extends Omit<ParamSchema, 'properties' | 'items' | 'additionalProperties' | 'type'> {
  readonly title?: string
  readonly type?: string | readonly string[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, FileSchema>>
  readonly definitions?: Readonly<Record<string, FileSchema>>
  readonly oneOf?: readonly FileSchema[]
  readonly properties?: Readonly<Record<string, FileSchema>>
  readonly items?: FileSchema
  readonly additionalProperties?: boolean | FileSchema
}

/** What is told once, in a section of its own, wherever it may stand. */
const SECTIONS: Readonly<Record<string, string>> = { transport: 'transport', step: 'steps', recovery: 'steps' }

/** `docs/reference.md`. `schemas` are those that are published, by name. */
export function referencePage(schemas: Readonly<Record<string, object>>): string {
  const names = ['project', 'inventory', 'runbook', 'responsibility']
  const [project, inventory, runbook, responsibility] = names.map((name) => schemas[name] as FileSchema)
  if (!project || !inventory || !runbook || !responsibility) throw new Error('the schema of a file is not published')
  return [
    notice('the schemas in src/lang/schema'),
    INTRODUCTION,
    '## tillwright.yaml',
    'Binds a repository together. Every key may be left out. [inventory.md](inventory.md#the-project-file) explains it.',
    rows(project, project),
    '## responsibility',
    'The responsibility matrix, in `tillwright.yaml` or in a file that it names. [incidents.md](incidents.md#whose-it-is) explains it.',
    rows(responsibility, responsibility),
    '## Files of the inventory',
    'Every file of the folder has any of these keys. [inventory.md](inventory.md) explains them.',
    rows(inventory, inventory),
    '## transport',
    'How devices are reached: of the fleet, a region, a store, a profile or a device. A narrower one goes over a wider one.',
    rows(inventory.$defs?.['transport'] ?? {}, inventory),
    '## Runbooks',
    '[runbooks.md](runbooks.md) explains them.',
    rows(runbook, runbook),
    '## Steps',
    'Beside these keys a step has exactly one module: [modules.md](modules.md). Steps of `on_failure` and `rollback` have no ' +
      'recovery of their own.',
    rows(runbook.definitions?.['step'] ?? {}, runbook),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# Reference of the files

Every key of the files that you write, from the schemas by which they are checked and by which an editor completes them
(\`till schema project\`, \`till schema inventory\`, \`till schema runbook\`). \`<name>\` stands for a name of your choice, \`[]\`
for each item of a list. Modules of your own: [writing-modules.md](writing-modules.md#reference).`

function rows(schema: FileSchema, root: FileSchema): string {
  const named = paramRows(plain(schema, root), { quote: code })
  const cells = named.map(({ path, required, type, about }) => {
    const name = code(path.replaceAll('.[]', '[]'))
    return [required ? `**${name}** (required)` : name, type, about]
  })
  return table(['key', 'type', 'what it is'], cells)
}

/** A schema without references, in which what a map or a list holds stands as keys `<name>` and `[]`. */
function plain(schema: FileSchema, root: FileSchema): ParamSchema {
  const name = /[^/]+$/.exec(schema.$ref ?? '')?.[0]
  const section = name === undefined ? undefined : SECTIONS[name]
  if (section !== undefined) return { type: `[${section}](#${section})` }
  const meant = name === undefined ? schema : (root.$defs?.[name] ?? root.definitions?.[name] ?? {})
  const { $ref, $defs, definitions, oneOf, properties, items, additionalProperties, ...rest } = meant
  const choices = meant.anyOf ?? (oneOf?.some(({ type }) => type) ? oneOf : undefined)
  const inside = keysInside(meant, root)
  return {
    ...(rest as ParamSchema),
    ...(items && { items: withoutKeys(plain(items, root)) }),
    ...(choices && { anyOf: choices.map((one) => plain(one as FileSchema, root)) }),
    ...(Object.keys(inside).length > 0 && { properties: inside }),
  }
}

/** Of what a list holds the type is named; its keys stand under `[]`. */
function withoutKeys({ properties: _keys, ...type }: ParamSchema): ParamSchema {
  return type
}

function keysInside({ properties, items, additionalProperties }: FileSchema, root: FileSchema) {
  const own = Object.entries(properties ?? {}).filter(([, { $ref = '' }]) => !$ref.includes('module-'))
  const held = Object.entries({
    '[]': items,
    '<name>': typeof additionalProperties === 'object' ? additionalProperties : undefined,
  }).filter((entry): entry is [string, FileSchema] => entry[1] !== undefined && hasKeys(entry[1], root))
  return Object.fromEntries([...own, ...held].map(([key, schema]) => [key, plain(schema, root)]))
}

/** A text in a list needs no row of its own. */
function hasKeys(schema: FileSchema, root: FileSchema): boolean {
  const inside = plain(schema, root)
  return inside.properties !== undefined || inside.anyOf !== undefined
}
