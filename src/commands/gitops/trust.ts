import { Args, Flags } from '@oclif/core'
import { putOnRecord } from '../../app/audit/audit-view.ts'
import { gitopsFolder } from '../../app/gitops/gitops-folder.ts'
import { trustedText } from '../../app/gitops/gitops-view.ts'
import { type ByHand, type ForAll, orderForAll } from '../../app/gitops/last-in-force.ts'
import { type OpenFollow, openFollow } from '../../app/gitops/open-follow.ts'
import { inForce } from '../../app/gitops/prepare-revision.ts'
import { trustRevision } from '../../app/gitops/pull-revision.ts'
import { accountName } from '../../app/run/account.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { confirm } from '../../cli/confirm.ts'
import { folderFlag } from '../../cli/gitops-flags.ts'
import { usageError } from '../../core/diagnostic.ts'
import { EXIT } from '../../core/outcome.ts'

export default class GitopsTrust extends BaseCommand {
  static override summary = 'Put a commit in force because you say so: where trust begins, or after a rewrite.'
  static override description =
    `Its signatures are not looked at: you vouch for it and for all before it. Commits after it are verified. Who said so, when
and why goes on record (till gitops status). It must load, as any revision. Where controllers share a state, it is an order for all of
them if this one had in force what they have; otherwise their revision counts until you say it again.`
  static override examples = [
    {
      description: 'Where trust begins',
      command:
        '<%= config.bin %> gitops trust 3f2a9c0d5b7e8f1a2b3c4d5e6f708192a3b4c5d6 --reason "looked through, with Jan"',
    },
  ]
  static override args = {
    commit: Args.string({ required: true, description: 'its full id, as `git rev-parse HEAD` prints it' }),
  }
  static override flags = {
    folder: folderFlag,
    reason: Flags.string({ description: 'why; goes on record', required: true }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask (it is asked on a terminal only)' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GitopsTrust)
    const follow = await openFollow(gitopsFolder(flags.folder))
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(args.commit)) {
      const summary = `"${args.commit}" is not the full id of a commit`
      const detail = 'Others can make commits with the same beginning. `git rev-parse COMMIT` prints the whole id.'
      throw usageError(summary, detail)
    }
    const question = `Put ${args.commit} of ${follow.settings.repository} in force without verifying it?`
    if (!flags.yes && !(await confirm(question))) {
      this.log('Nothing was changed.')
      this.exit(EXIT.interrupted)
    }
    const word = { commit: args.commit, by: accountName() }
    const { from, assignments } = await trustRevision(follow, { ...word, reason: flags.reason })
    const said = { ...word, from, ...(assignments && { assignments }) }
    const forAll = await this.#putOnRecord(follow, said, flags.reason)
    await this.write(trustedText(said, forAll))
  }

  /** In the log of the state that the followed repository has, beside the record of its own. */
  async #putOnRecord(follow: OpenFollow, said: ByHand, why: string): Promise<ForAll | undefined> {
    const project = await inForce(follow)
    const { commit, from = null } = said
    try {
      const { repository } = follow.settings
      await putOnRecord(project, 'gitops.trusted', { repository, commit, from, why })
      return await orderForAll(follow, project, said)
    } finally {
      await project.close()
    }
  }
}
