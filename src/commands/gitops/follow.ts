import { Args, Flags } from '@oclif/core'
import { followRepository } from '../../app/gitops/follow-repository.ts'
import { gitopsFolder } from '../../app/gitops/gitops-folder.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { folderFlag } from '../../cli/gitops-flags.ts'

export default class GitopsFollow extends BaseCommand {
  static override summary = 'Say which repository this controller follows, and whom it trusts with it.'
  static override description =
    `Writes gitops.yaml and copies of both lists into the folder, outside of the repository: no commit can change who is trusted.
Signatures are those of SSH keys (git config gpg.format ssh), of certificates of a CA for SSH, of GnuPG keys, or of X.509 certificates. Rules for
paths, keys of a forge and logins stand in gitops.yaml (till schema gitops).`
  static override examples = [
    {
      description: 'A repository, those who may sign, and an empty list of revoked keys',
      command:
        '<%= config.bin %> gitops follow ssh://git@git.example.com/fleet.git --signers allowed_signers --revocations revoked_keys',
    },
  ]
  static override args = {
    repository: Args.string({ required: true, description: 'where git fetches from' }),
  }
  static override flags = {
    folder: folderFlag,
    branch: Flags.string({ description: 'the branch that decides', default: 'main' }),
    signers: Flags.string({
      description: 'list of signers (ssh-keygen(1), ALLOWED SIGNERS)',
      required: true,
      helpValue: 'FILE',
    }),
    revocations: Flags.string({
      description: 'keys that are not trusted any more, or a KRL; may be empty',
      required: true,
      helpValue: 'FILE',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GitopsFollow)
    const { branch, signers, revocations } = flags
    const request = { repository: args.repository, branch, signers, revocations }
    const follow = await followRepository(gitopsFolder(flags.folder), request)
    await this.write(`written  ${follow.folder}/gitops.yaml

What comes next:
  till gitops trust COMMIT --reason TEXT   # where trust begins: a commit that you have looked at
  till gitops verify                       # are all later ones signed as they should be?
  till reconcile                           # and what differs on the devices?
`)
  }
}
