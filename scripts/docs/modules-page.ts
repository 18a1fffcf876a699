import type { Module } from '../../src/core/module.ts'
import { notice, table } from './markdown.ts'
import type { ModuleExamples } from './module-examples.ts'
import { schemaRows, valueRows } from './schema-table.ts'

/** `docs/modules.md`. */
export function modulesPage(modules: readonly Module[], examples: ModuleExamples): string {
  const overview = modules.map((module) => [
    `[${module.name}](#${module.name})`,
    module.summary,
    module.converges ? 'yes' : 'only checks',
    module.reacts ? 'yes' : '',
    module.systems.join(', '),
  ])
  return [
    notice('src/modules, runbooks and test/modules'),
    INTRODUCTION,
    table(['module', 'what it does', 'changes', '`restart_on`', 'systems'], overview),
    ...modules.map((module) => section(module, examples)),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# Modules

A step of a runbook has exactly one module. [runbooks.md](runbooks.md) says how steps work together; this page says what
each module takes.

- **changes**: in an apply it changes what differs, and looks again. A module that only checks makes the step
  \`unmet\` (\`CHECK_UNMET\`) when something differs; it never changes a device.
- **\`restart_on\`**: it reacts when an earlier step changed something.
- **systems**: on a device of another system the step fails with \`MODULE_SYSTEM_UNSUPPORTED\`. \`none\` is a device without
  an operating system to speak of, such as a printer.

Wherever a value stands, \`\${{ }}\` may stand. Wherever free text stands, a secret may stand: \`{ secret: "env:NAME" }\`.
An unknown parameter is an error when the runbook is loaded, and so is a field that a step never shows. A field that \`may be
missing\` is asked for by \`has(steps.<id>.value.field)\`. The examples are steps that were cut out of runbooks: where they name
\`params\` or other steps, these have to be declared in the runbook that they are put into.`

function section(module: Module, examples: ModuleExamples): string {
  const { name, summary, systems, reacts, converges } = module
  const facts = [
    converges ? 'Changes what differs.' : 'Only checks.',
    reacts ? 'Reacts to `restart_on`.' : '',
    `Systems: ${systems.join(', ')}.`,
  ]
  const rows = schemaRows(module.params)
  return [
    `## ${name}`,
    `${summary}.`,
    facts.filter(Boolean).join(' '),
    rows.length > 0 ? table(['parameter', 'type', 'what it is'], rows) : 'It takes no parameters.',
    ...valueTable(module),
    ...example(name, examples),
  ].join('\n\n')
}

/** What later steps see. */
function valueTable({ valueSchema }: Module): readonly string[] {
  if (!valueSchema) return []
  return ['Later steps see in `steps.<id>.value`:', table(['field', 'type', 'what it is'], valueRows(valueSchema))]
}

function example(name: string, examples: ModuleExamples): readonly string[] {
  const found = examples.of(name)
  if (!found) return []
  const source = `[${found.file}](../${found.file})`
  const lead = found.caption === undefined ? `From ${source}:` : `From ${source}, "${found.caption}":`
  return [lead, `\`\`\`yaml\n${found.yaml}\`\`\``]
}
