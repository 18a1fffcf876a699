import { Flags } from '@oclif/core'
import { auditTable } from '../../app/audit/audit-view.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class AuditList extends BaseCommand {
  static override summary = 'Show who has decided and done what, oldest first.'
  static override description =
    `Runs that change something, with their commit, plan and broken glass; how they went on and ended; approvals and aborts; the breaker;
holds; host keys that were trusted; assignments that were suspended. Each row has a hash over itself and all before it:
till audit verify finds out what was changed or removed.`
  static override examples = [
    { description: 'The last rows', command: '<%= config.bin %> audit list' },
    {
      description: 'Who broke the glass, and why',
      command: `<%= config.bin %> audit list --limit 100000 --json | jq '.rows[].entry | select(.about.break_glass)'`,
    },
  ]
  static override flags = {
    limit: Flags.integer({ char: 'n', description: 'at most so many, the newest', default: 50, min: 1 }),
    json: Flags.boolean({ description: 'one JSON document (schema till.audit/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditList)
    const project = await this.openProject(flags)
    const rows = await (await project.store()).audit.rows({ newest: flags.limit })
    if (flags.json) await this.write(jsonLine({ schema: 'till.audit/1', rows }))
    else if (rows.length === 0) process.stderr.write('Nothing is on record yet.\n')
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(auditTable(rows, { width, color: this.color }))
    }
    await project.close()
  }
}
