import { InputError } from '../../core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Module } from '../../core/module.ts'
import type { UserModule } from '../../core/user-module.ts'
import { type ParamSchema, paramRows } from '../../lang/param-rows.ts'
import { suggest } from '../../lang/suggest.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import type { RepositoryModules } from '../revision/repository-modules.ts'

/** A module, and what else is known of one of the repository's own. */
export interface KnownModule {
  readonly module: Module
  readonly own?: UserModule
}

/** Every module that can be used, in the order of their names. */
export function knownModules({ all, own, broken }: RepositoryModules): readonly KnownModule[] {
  return all
    .filter(({ name }) => !broken.includes(name))
    .map((module) => {
      const mine = own.find(({ name }) => name === module.name)
      return mine ? { module, own: mine } : { module }
    })
    .sort((a, b) => (a.module.name < b.module.name ? -1 : 1))
}

/** The module of that name. Throws InputError: MODULE_UNKNOWN, or what is wrong with it. */
export function findModule(modules: RepositoryModules, name: string): KnownModule {
  const known = knownModules(modules)
  const found = known.find(({ module }) => module.name === name)
  if (found) return found
  const faults = modules.faultsOfModule(name)
  if (faults.length > 0) throw new InputError(faults)
  const names = known.map(({ module }) => module.name)
  const near = suggest(name, names)
  throw new InputError([
    {
      code: 'MODULE_UNKNOWN',
      severity: 'error',
      summary: `There is no module "${name}"`,
      detail: `There are ${names.join(', ')}.`,
      ...(near !== undefined && { hint: `did you mean "${near}"?` }),
    },
  ])
}

/** As `till module list --json` has it. */
export function briefJson({ module, own }: KnownModule): JsonObject {
  const { name, summary, systems, converges, reacts } = module
  const file = own && { file: own.file }
  return { name, summary, shipped: own === undefined, ...file, systems, converges: converges ?? false, reacts }
}

/** As `till module show --json` has it. */
export function shownJson(known: KnownModule): JsonObject {
  const { module, own } = known
  return {
    schema: 'till.module/1',
    ...briefJson(known),
    documentation: own?.documentation ?? '',
    params: module.params as JsonObject,
    value: (module.valueSchema ?? null) as JsonObject | null,
    ...(own && { desired: own.desired.map(({ path, params }) => ({ path, params })) }),
    example: exampleOf(module),
  }
}

const LIST: readonly TableColumn<KnownModule>[] = [
  { title: 'MODULE', value: ({ module }) => module.name },
  { title: 'FROM', value: ({ own }) => own?.file ?? 'shipped' },
  { title: 'SYSTEMS', value: ({ module }) => module.systems.join(', ') },
  { title: 'DOES', value: ({ module }) => (module.converges ? 'changes' : 'checks') },
  { title: 'SUMMARY', value: ({ module }) => module.summary, inFull: true },
]

export function listTable(modules: readonly KnownModule[], width: number | undefined): string {
  return `${formatTable(modules, LIST, { width }).join('\n')}\n`
}

type Row = ReturnType<typeof paramRows>[number]

const WHAT: readonly TableColumn<Row>[] = [
  { title: 'TYPE', value: ({ type }) => type, inFull: true },
  { title: 'WHAT IT IS', value: ({ about }) => about, flexible: true },
]
const PARAMS: readonly TableColumn<Row>[] = [
  { title: 'PARAMETER', value: ({ path, required }) => (required ? `${path} *` : path) },
  ...WHAT,
]
const VALUE: readonly TableColumn<Row>[] = [
  { title: 'FIELD', value: ({ path, required }) => (required ? path : `${path} ?`) },
  ...WHAT,
]

/** A module for people: what it does, what a step gives it, and a step to begin with. */
export function shownText({ module, own }: KnownModule, width: number | undefined): string {
  const { name, summary, systems, converges, reacts } = module
  const rows = paramRows(module.params as ParamSchema, { quote: (text) => text })
  const facts = [
    converges ? 'Changes what differs' : 'Only checks',
    ...(reacts ? ['reacts to restart_on'] : []),
    `works on ${systems.join(', ')}`,
  ]
  const parts = [
    `${name}: ${summary}.`,
    `${facts.join('; ')}. ${own ? `From ${own.file}.` : 'Shipped.'}`,
    own?.documentation.trim() ?? '',
    rows.length === 0
      ? 'It takes no parameters.'
      : [
          ...formatTable(rows, PARAMS, { width }),
          ...(rows.some(({ required }) => required) ? ['* required'] : []),
        ].join('\n'),
    valueText(module, width),
    `As a step:\n  - ${name}: ${flow((exampleOf(module)[name] ?? {}) as JsonObject)}`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** What later steps see. */
function valueText({ valueSchema }: Module, width: number | undefined): string {
  if (!valueSchema) return ''
  const rows = paramRows(valueSchema as ParamSchema, { quote: (text) => text })
  return [
    'Later steps see in steps.ID.value:',
    ...formatTable(rows, VALUE, { width }),
    ...(rows.some(({ required }) => !required) ? ['? may be missing: has(steps.ID.value.FIELD)'] : []),
  ].join('\n')
}

/** A step from the examples of what is required, or of the first parameter that has one. */
function exampleOf({ name, params }: Module): JsonObject {
  const { required = [], properties = {} } = params as ParamSchema
  const first = Object.keys(properties).filter((key) => properties[key]?.examples !== undefined)
  const keys = required.length > 0 ? required : first.slice(0, 1)
  return { [name]: Object.fromEntries(keys.map((key) => [key, (properties[key]?.examples?.[0] ?? '…') as JsonValue])) }
}

/** JSON is YAML; one line of it. */
function flow(params: JsonObject): string {
  const entries = Object.entries(params).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}
