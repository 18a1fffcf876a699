import { Flags } from '@oclif/core'
import { anchorsOfFile, anchorsOfNotes } from '../../app/audit/anchors.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { counted } from '../../core/counted.ts'
import { EXIT } from '../../core/outcome.ts'

export default class AuditVerify extends BaseCommand {
  static override summary = 'Find out whether a row of the audit log was changed, removed or put elsewhere.'
  static override description =
    `The chain of hashes is followed from its beginning. Somebody who may write the state file could make the whole chain anew: so heads
that were kept elsewhere (till audit anchor) are compared, those in notes of git always, those of a file by --anchors.

Exit codes: 0 the log is whole, 4 it is not.`
  static override examples = [
    { description: 'With the heads that git keeps', command: '<%= config.bin %> audit verify' },
    {
      description: 'With those of a file on another machine',
      command: '<%= config.bin %> audit verify --anchors /mnt/vault/till-heads',
    },
  ]
  static override flags = {
    anchors: Flags.string({ description: 'also compare the heads in this file', helpValue: 'FILE' }),
    json: Flags.boolean({ description: 'as JSON (schema till.audit-verified/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify)
    const project = await this.openProject(flags)
    const noted = flags.sandbox ? [] : await anchorsOfNotes(project.root)
    const anchors = [...noted, ...(flags.anchors === undefined ? [] : anchorsOfFile(flags.anchors))]
    const { rows, head, cut, compared, faults } = await (await project.store()).audit.verify(anchors)
    await project.close()
    if (flags.json) {
      const found = { whole: faults.length === 0, rows, head, cut: cut ?? null, anchors: compared, faults }
      await this.write(jsonPage({ schema: 'till.audit-verified/1', ...found } as never))
    } else if (faults.length > 0) await this.write(`${faults.join('\n')}\n`)
    else {
      const since = cut ? `, those up to ${cut.seq} were cut off in order` : ''
      const past = anchors.length - compared
      const other = past === 0 ? '' : `, ${past} ${past === 1 ? 'is' : 'are'} of what was cut off`
      await this.write(
        `The log is whole: ${counted(rows, 'row')}${since}; ${counted(compared, 'head')} compared${other}.\n`,
      )
    }
    this.exit(faults.length > 0 ? EXIT.failed : EXIT.ok)
  }
}
