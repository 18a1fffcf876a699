import { Flags } from '@oclif/core'
import { rulesTable } from '../../app/hooks/tried-table.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class HookList extends BaseCommand {
  static override summary = 'List the rules of hooks, in the order in which they are asked.'
  static override description =
    'They stand in `hooks` of tillwright.yaml. With --json the answer is one document (schema till.hooks/1).'
  static override examples = [{ description: 'The rules', command: '<%= config.bin %> hook list' }]
  static override flags = { json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }) }

  async run(): Promise<void> {
    const { flags } = await this.parse(HookList)
    const project = await this.openProject(flags)
    const { rules } = project.settings.hooks()
    if (flags.json) {
      const shown = rules.map(({ name, mode, about, sources, match, runbook }) => {
        return { name, mode, about, sources, match: match.text, runbook: runbook ?? null }
      })
      await this.write(jsonLine({ schema: 'till.hooks/1', rules: shown }))
    } else if (rules.length === 0) process.stderr.write('No rules: `hooks` of tillwright.yaml has none.\n')
    else
      await this.writePaged(
        rulesTable(rules, { width: process.stdout.isTTY ? this.columns : undefined, color: this.color }),
      )
    await project.close()
  }
}
