import { Flags } from '@oclif/core'
import { anchorInFile, anchorInNote } from '../../app/audit/anchors.ts'
import { auditSettings } from '../../app/audit/checkpoint-seal.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { InputError } from '../../core/diagnostic.ts'
import { EXIT } from '../../core/outcome.ts'

export default class AuditAnchor extends BaseCommand {
  static override summary = 'Keep the head of the audit log elsewhere, so that nobody can make the log anew.'
  static override description =
    `The head is the number and the hash of the last row: who knows it finds out by till audit verify whether anything before it was
changed since. It is added to a file, or to the note of the commit that is checked out (git notes --ref till-audit), which is pushed
like any ref. A log that is not whole is not anchored (exit code 4). With --sign it is signed by an SSH key (ssh-keygen -Y sign, namespace
till-audit): then till audit verify --signers takes no head for one that somebody else has put there.`
  static override examples = [
    {
      description: 'Each night, to a place that the account of the server cannot change',
      command: '<%= config.bin %> audit anchor --file /mnt/vault/till-heads',
    },
    {
      description: 'In git',
      command: '<%= config.bin %> audit anchor --note && git push origin refs/notes/till-audit',
    },
  ]
  static override flags = {
    file: Flags.string({ description: 'add it to the end of this file', exactlyOne: ['file', 'note'] }),
    note: Flags.boolean({ description: 'add it to a note of git', exactlyOne: ['file', 'note'] }),
    sign: Flags.string({
      description:
        'sign it by this SSH key: a private one, or a public one whose other half an ssh-agent has. Default: audit.key of tillwright.yaml',
      helpValue: 'KEY',
    }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditAnchor)
    const project = await this.openProject(flags)
    const { head, faults } = await (await project.store()).audit.verify([])
    await project.close()
    if (faults.length > 0) {
      process.stderr.write(`${faults.join('\n')}\n`)
      this.exit(EXIT.failed)
    }
    if (head.seq === 0) throw new InputError([NOTHING_YET])
    const key = flags.sign ?? auditSettings(project)?.key
    if (flags.file !== undefined) await anchorInFile(flags.file, head, key)
    else await anchorInNote(project.root, head, key)
    await this.write(`Row ${head.seq}, ${head.hash}\n`)
  }
}

const NOTHING_YET = { code: 'USAGE_INVALID', severity: 'error', summary: 'Nothing is on record yet' } as const
