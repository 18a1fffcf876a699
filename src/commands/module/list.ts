import { Flags } from '@oclif/core'
import { jsonPage } from '../../app/json-document.ts'
import { briefJson, knownModules, listTable } from '../../app/modules/module-view.ts'
import { modulesHere } from '../../app/modules/modules-here.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class ModuleList extends BaseCommand {
  static override summary = 'List the modules that a runbook may use: those that are shipped, and the repository’s own.'
  static override description =
    `Those of the repository are files of its folder modules/: see docs/writing-modules.md. Exit codes: 0; 2 one of them cannot
be used. With --json the answer has the schema till.modules/1.`
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> module list' },
    {
      description: 'Names of those that are your own',
      command: `<%= config.bin %> module list --json | jq -r '.modules[] | select(.shipped | not) | .name'`,
    },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ModuleList)
    const modules = await modulesHere(flags.project)
    const { diagnostics } = modules
    const known = knownModules(modules)
    if (flags.json) {
      await this.write(jsonPage({ schema: 'till.modules/1', modules: known.map(briefJson), diagnostics }))
    } else {
      await this.write(listTable(known, process.stdout.isTTY ? this.columns : undefined))
      if (diagnostics.length > 0) this.reportDiagnostics(diagnostics)
    }
    this.exit(diagnostics.length === 0 ? EXIT.ok : EXIT.usage)
  }
}
