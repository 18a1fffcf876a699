import { Flags } from '@oclif/core'
import { auditSettings, checkpointSeal } from '../../app/audit/checkpoint-seal.ts'
import { jsonPage } from '../../app/json-document.ts'
import { accountName } from '../../app/run/account.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { AuditUnsigned, auditKeptSince } from '../../core/audit.ts'
import { counted } from '../../core/counted.ts'
import { inputError, usageError } from '../../core/diagnostic.ts'

export default class AuditCut extends BaseCommand {
  static override summary = 'Cut off rows of the audit log that are too old, and sign what stands in their place.'
  static override description =
    `Rows are kept for two years at least, for longer where history.days says so. What is older goes, and a signed checkpoint, a row of its
own, stands in its place: by it till audit verify knows cut off from removed. Who may write the state store has no key, and can sign none.
Runs do this by themselves where audit.key of tillwright.yaml names a key that is on their machine.

It signs only what goes on, without a gap, from the beginning or from a checkpoint that somebody of the list has signed. Where an
earlier release, or a run without a key, cut rows off unsigned, somebody has to answer for that once: --vouch.`
  static override examples = [
    {
      description: 'Once a month, on a machine that has the key',
      command: '<%= config.bin %> audit cut --sign ~/.ssh/audit',
    },
    {
      description: 'After the first audit.signers, where rows were cut off before',
      command: '<%= config.bin %> audit cut --sign ~/.ssh/audit --vouch "compared with the backup of June"',
    },
  ]
  static override flags = {
    sign: Flags.string({
      description:
        'sign by this SSH key: a private one, or a public one whose other half an ssh-agent has. Default: audit.key of tillwright.yaml',
      helpValue: 'KEY',
    }),
    vouch: Flags.string({
      description: 'also sign the checkpoint that is there; why stands in the log',
      helpValue: 'WHY',
    }),
    json: Flags.boolean({ description: 'as JSON (schema till.audit-cut/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditCut)
    const project = await this.openProject(flags)
    const audit = auditSettings(project)
    const key = flags.sign ?? audit?.key
    if (!audit || key === undefined) throw usageError('Nobody is said to sign', NO_SIGNERS)
    const seal = checkpointSeal(audit, key)
    const { audit: log } = await project.store()
    const vouched =
      flags.vouch !== undefined && (await signing(log.vouch(seal, { by: accountName(), why: flags.vouch })))
    if (flags.vouch !== undefined && !vouched) throw usageError('No rows are cut off', 'Leave out --vouch.')
    const { rows, cut } = await signing(log.cut(auditKeptSince(project.settings.history.days), seal))
    await project.close()
    if (flags.json) {
      await this.write(jsonPage({ schema: 'till.audit-cut/1', rows, cut: cut ? { ...cut } : null, vouched }))
      return
    }
    if (vouched) await this.write('The checkpoint that was there is signed.\n')
    const upTo = cut ? `, up to ${cut.seq} in all` : ''
    await this.write(rows === 0 ? 'No row is old enough.\n' : `Cut off: ${counted(rows, 'row')}${upTo}; signed.\n`)
  }
}

const NO_SIGNERS =
  'Name the list of those who may sign in tillwright.yaml, `audit: {signers: /etc/tillwright/audit_signers}`, and a key by --sign.'

async function signing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof AuditUnsigned)) throw error
    throw inputError('AUDIT_UNSIGNED', 'Nothing is cut off that cannot be signed', error.message)
  }
}
