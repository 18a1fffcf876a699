import { Flags } from '@oclif/core'
import { anchorsOfFile, anchorsOfNotes, signedAnchors } from '../../app/audit/anchors.ts'
import { auditSettings, checkpointReader } from '../../app/audit/checkpoint-seal.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import type { AuditAnchor, AuditVerdict } from '../../core/audit.ts'
import { counted } from '../../core/counted.ts'
import { EXIT } from '../../core/outcome.ts'

export default class AuditVerify extends BaseCommand {
  static override summary = 'Find out whether a row of the audit log was changed, removed or put elsewhere.'
  static override description =
    `The chain of hashes is followed from its beginning. Somebody who may write the state file could make the whole chain anew: so heads
that were kept elsewhere (till audit anchor) are compared, those in notes of git always, those of a file by --anchors.

Who may write there as well could put heads of another chain there: with --signers, or audit.signers in tillwright.yaml, only those count
that somebody of the list has signed. Then rows may also be cut off only by a checkpoint that such a person signed (till audit cut).

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
    signers: Flags.string({
      description:
        'take only heads and checkpoints that somebody of this list has signed (allowed_signers, namespace till-audit). Default: audit.signers of tillwright.yaml',
      helpValue: 'FILE',
    }),
    revocations: Flags.string({
      description: 'keys that count no more',
      helpValue: 'FILE',
      dependsOn: ['signers'],
    }),
    json: Flags.boolean({ description: 'as JSON (schema till.audit-verified/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify)
    const project = await this.openProject(flags)
    const noted = flags.sandbox ? [] : await anchorsOfNotes(project.root)
    const all = [...noted, ...(flags.anchors === undefined ? [] : anchorsOfFile(flags.anchors))]
    const by = flags.signers === undefined ? auditSettings(project) : { ...flags, signers: flags.signers }
    const { anchors, fault } = await counting(all, by)
    const seal = by && checkpointReader(by)
    const { rows, head, cut, compared, ...found } = await (await project.store()).audit.verify(anchors, seal)
    await project.close()
    const faults = [...found.faults, ...fault]
    if (flags.json) {
      const told = { whole: faults.length === 0, rows, head, cut: cut ?? null, anchors: compared, faults }
      await this.write(jsonPage({ schema: 'till.audit-verified/1', ...told } as never))
    } else if (faults.length > 0) await this.write(`${faults.join('\n')}\n`)
    else await this.write(wholeText({ rows, compared, ...(cut && { cut }) }, anchors.length))
    this.exit(faults.length > 0 ? EXIT.failed : EXIT.ok)
  }
}

function wholeText({ rows, cut, compared }: Pick<AuditVerdict, 'rows' | 'cut' | 'compared'>, heads: number): string {
  const since = cut ? `, those up to ${cut.seq} were cut off in order` : ''
  const past = heads - compared
  const other = past === 0 ? '' : `, ${past} ${past === 1 ? 'is' : 'are'} of what was cut off`
  return `The log is whole: ${counted(rows, 'row')}${since}; ${counted(compared, 'head')} compared${other}.\n`
}

/** The heads that count, and what is wrong where none does although a signature is wanted. */
async function counting(
  all: readonly AuditAnchor[],
  by: Parameters<typeof signedAnchors>[1] | undefined,
): Promise<{ readonly anchors: readonly AuditAnchor[]; readonly fault: readonly string[] }> {
  if (by === undefined) return { anchors: all, fault: [] }
  const { signers, revocations } = by
  const anchors = await signedAnchors(all, { signers, revocations })
  const left = all.length - anchors.length
  if (left > 0) process.stderr.write(`Signed by nobody of "${signers}", and not compared: ${counted(left, 'head')}.\n`)
  return { anchors, fault: anchors.length === 0 ? [`No head is signed by anybody of "${signers}".`] : [] }
}
